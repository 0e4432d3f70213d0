// @ts-check
/**
 * A queue for responses on a device whose connection comes and goes: put in once, sent until there is a receipt.
 *
 * It lives in IndexedDB, so that it outlives the page; where there is none, in memory. A response keeps its id, so the
 * server stores it once however often it is sent. On a shared device say so, and call `discard` when asked to.
 *
 *     const queue = await Queue.open(new Client({ base, key }));
 *     await queue.add("2022-fall", { group: "family", school: "erving", answers });
 *     queue.onReceipt = (receipt) => thank(receipt.withdrawal_code);
 *     addEventListener("online", () => queue.flush());
 *     queue.flush();
 *
 * @module
 */
import { Refused, Unsent } from "./soundings-client.js";

/** @typedef {import("./soundings-client.js").Client} Client */
/** @typedef {import("./soundings-client.js").Response} Response */
/** @typedef {import("./soundings-client.js").Receipt} Receipt */
/** @typedef {{id: string, wave: string, body: Response}} Entry */
/**
 * @typedef {object} Store
 * @property {(entry: Entry) => Promise<void>} put
 * @property {(id: string) => Promise<void>} remove
 * @property {() => Promise<Entry[]>} all
 */

export class Queue {
  /** @param {Client} client @param {Store} store */
  constructor(client, store) {
    this.client = client;
    this.store = store;
    /** Called with every receipt: now is the time to say thank you. @type {(receipt: Receipt, entry: Entry) => void} */
    this.onReceipt = () => {};
    /** Called when the server will never take a response as it is. @type {(refused: Refused, entry: Entry) => void} */
    this.onRefused = () => {};
    /** @type {Promise<number> | null} */
    this.flushing = null;
  }

  /**
   * Open the queue that is kept on this device.
   *
   * @param {Client} client @param {string} [name] @param {IDBFactory} [factory]
   */
  static async open(client, name = "soundings-queue", factory = globalThis.indexedDB) {
    const store = factory ? await kept(factory, name).catch(inMemory) : inMemory();
    return new Queue(client, store);
  }

  /** Put a response in; once this is done it is not lost. @param {string} wave @param {Response} response @returns {Promise<string>} */
  async add(wave, response) {
    const id = response.id ?? crypto.randomUUID(); // made once, before the first try
    await this.store.put({ id, wave, body: { ...response, id } });
    return id;
  }

  /** How many are waiting. */
  async waiting() {
    return (await this.store.all()).length;
  }

  /** Forget a response that was not sent yet. @param {string} id */
  discard(id) {
    return this.store.remove(id);
  }

  /**
   * Send what waits, once through; how many wait still. Call it at the start, on `online`, and now and then.
   *
   * @returns {Promise<number>}
   */
  flush() {
    this.flushing ??= this.#pass().finally(() => (this.flushing = null));
    return this.flushing;
  }

  async #pass() {
    for (const entry of await this.store.all()) {
      try {
        const receipt = await this.client.send(entry.wave, entry.body, 1);
        await this.store.remove(entry.id); // not before there is a receipt
        this.onReceipt(receipt, entry);
      } catch (error) {
        if (error instanceof Unsent) continue; // it stays; the next may get through
        if (!(error instanceof Refused)) throw error;
        await this.store.remove(entry.id);
        this.onRefused(error, entry);
      }
    }
    return this.waiting();
  }
}

// ------------------------------------------------------------------ where it is kept
/** @returns {Store} */
export function inMemory() {
  /** @type {Map<string, Entry>} */
  const entries = new Map();
  return {
    put: async (entry) => void entries.set(entry.id, entry),
    remove: async (id) => void entries.delete(id),
    all: async () => [...entries.values()],
  };
}

/** @param {IDBFactory} factory @param {string} name @returns {Promise<Store>} */
async function kept(factory, name) {
  const opening = factory.open(name, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("responses", { keyPath: "id" });
  const database = await done(opening);
  /**
   * Run one step and wait until it is on disk.
   *
   * @template T @param {IDBTransactionMode} mode @param {(entries: IDBObjectStore) => IDBRequest<T>} step @returns {Promise<T>}
   */
  const within = async (mode, step) => {
    const transaction = database.transaction("responses", mode, { durability: "strict" });
    const complete = new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(null);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
    const result = await done(step(transaction.objectStore("responses")));
    await complete;
    return result;
  };
  return {
    put: async (entry) => void (await within("readwrite", (entries) => entries.put(entry))),
    remove: async (id) => void (await within("readwrite", (entries) => entries.delete(id))),
    all: () => within("readonly", (entries) => entries.getAll()),
  };
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
