// Answers that wait to be sent, on this device. Used by the page and by its service worker alike.
// An entry goes from "waiting" to "sent" (the answers are gone, the receipt stays until somebody has read it) or to
// "refused". It is sent with the same id until the server acknowledges it, so that it is stored exactly once.

const STORE = "outbox";

function open() {
  return new Promise((done, fail) => {
    const request = indexedDB.open("soundings", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
}

async function within(mode, work) {
  const database = await open();
  try {
    return await new Promise((done, fail) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => done(request.result);
      transaction.onabort = transaction.onerror = () => fail(transaction.error);
    });
  } finally {
    database.close();
  }
}

export const all = () => within("readonly", (store) => store.getAll());
export const put = (entry) => within("readwrite", (store) => store.put(entry));
export const remove = (id) => within("readwrite", (store) => store.delete(id));

// Send one entry; gives what has become of it, and how many seconds to wait before the next try.
export async function deliver(entry) {
  let reply, said;
  try {
    reply = await fetch(entry.url, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: entry.body,
      credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout?.(60_000), // one bar of signal may also be none
    });
    said = await reply.json();
  } catch {
    return { entry, wait: 0 }; // no connection, or somebody else's page in its place
  }
  if (reply.ok && said.id === entry.id && said.withdrawal_code)
    return { entry: { ...entry, body: null, state: "sent", receipt: { id: said.id, code: said.withdrawal_code } } };
  const type = typeof said.type === "string" ? said.type.replace("/problems/", "") : "";
  const final = [403, 404, 409, 410, 413, 422].includes(reply.status) && type;
  if (!final) return { entry, wait: Number(reply.headers.get("Retry-After")) || 0 };
  return { entry: { ...entry, state: "refused", problem: type } };
}

async function sendAll() {
  let wait = 0, left = 0;
  for (const entry of await all()) {
    if (entry.state !== "waiting") continue;
    const outcome = await deliver(entry);
    wait = Math.max(wait, outcome.wait || 0);
    const there = await within("readonly", (store) => store.get(entry.id));
    if (!there) continue; // discarded meanwhile
    if (outcome.entry.state === "waiting") left += 1;
    else await put(outcome.entry);
  }
  return { left, wait };
}

// One sender at a time where the browser can see to it; where not, a second one only repeats what is stored once.
export function flush() {
  return globalThis.navigator?.locks ? navigator.locks.request("soundings-outbox", sendAll) : sendAll();
}

// What is over is forgotten: unsent answers and receipts of surveys that closed more than a day ago.
export async function forget(now) {
  for (const entry of await all())
    if (Date.parse(entry.closes) + 864e5 < now) await remove(entry.id);
}
