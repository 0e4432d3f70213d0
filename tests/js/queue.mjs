// The offline queue of the examples on devices of their own, over a network that loses, doubles, delays and reorders.
//   node queue.mjs BASE KEY WAVE DEVICES EACH SEED      prints {"bodies": [...], "receipts": {id: code}, "sent", ...}
import "fake-indexeddb/auto";
import { Client } from "../../examples/soundings-client.js";
import { Queue } from "../../examples/offline-queue.js";

globalThis.crypto ??= (await import("node:crypto")).webcrypto; // Node 18

const [base, key, wave, devices, each, seed] = process.argv.slice(2);
let state = Number(seed) >>> 0;
const random = () => {
  state = (state + 0x6d2b79f5) >>> 0; // mulberry32
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};
const pick = (some) => some[Math.floor(random() * some.length)];
const counts = { sent: 0, lost: 0, replyLost: 0, doubled: 0, late: 0, busy: 0, restarts: 0, replayed: 0 };
const stray = []; // copies that arrive when nobody waits for them any more

const network = async (address, options) => {
  const real = async () => {
    counts.sent++;
    const reply = await fetch(address, { ...options, signal: AbortSignal.timeout(20_000) });
    if (reply.headers.get("idempotency-replayed")) counts.replayed++;
    return reply;
  };
  const luck = random();
  if (luck < 0.2) return counts.lost++, Promise.reject(new TypeError("no connection"));
  if (luck < 0.35) {
    await (await real()).text();
    return counts.replyLost++, Promise.reject(new TypeError("the reply was lost"));
  }
  if (luck < 0.45) {
    counts.late++; // the page gives up; the request arrives after later ones
    stray.push(new Promise((resolve) => setTimeout(resolve, 5 + random() * 60)).then(real).then((reply) => reply.text()));
    return Promise.reject(new TypeError("timed out"));
  }
  if (luck < 0.5) return counts.busy++, new Response('{"title": "busy"}', { status: 503, headers: { "Retry-After": "1" } });
  if (luck < 0.6) {
    counts.doubled++; // a proxy sends it twice, at the same time
    const [reply, other] = await Promise.all([real(), real()]);
    await other.text();
    return reply;
  }
  return real();
};

const bodies = [];
const receipts = {};
const values = ["strongly_disagree", "disagree", "neutral", "agree", "strongly_agree"];
const client = new Client({ base, key, fetch: network, sleep: async () => {} });

const device = async (number) => {
  const open = async () => {
    const queue = await Queue.open(client, `device ${number}`);
    queue.onReceipt = (receipt) => {
      if (receipts[receipt.id] && receipts[receipt.id] !== receipt.withdrawal_code) throw new Error("two receipts");
      receipts[receipt.id] = receipt.withdrawal_code;
    };
    queue.onRefused = (refused) => {
      throw refused;
    };
    return queue;
  };
  let queue = await open();
  for (let i = 0; i < Number(each); i++) {
    const body = { group: "family", school: pick(["erving", "leverett"]), answers: { informed: pick(values), heard: pick(values) } };
    bodies.push({ ...body, id: await queue.add(wave, body) });
    if (random() < 0.3) queue.flush(); // while more is put in
    if (random() < 0.05) queue = (counts.restarts++, await open()); // the page was closed and opened again
  }
  for (let pass = 0; pass < 200 && (await queue.flush()) > 0; pass++);
  return queue.waiting();
};

const waiting = await Promise.all(Array.from({ length: Number(devices) }, (_, number) => device(number)));
await Promise.all(stray);
process.stdout.write(JSON.stringify({ bodies, receipts, waiting: waiting.reduce((a, b) => a + b, 0), ...counts }) + "\n");
