// The service worker: opens survey pages without a connection, and sends what waits when there is one again.
import { flush } from "../static/queue.js";

const PAGES = "soundings-pages";
const HERE = new URL(self.registration.scope).pathname;
const AS_KEPT = { ignoreVary: true }; // one device speaks one language and takes one compression
const PATIENCE = 6000; // milliseconds until a page kept on the device is better than waiting

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate" && address.pathname.startsWith(HERE)) event.respondWith(page(request));
  else if (address.searchParams.has("v")) event.respondWith(asset(request));
});

async function page(request) {
  const cache = await caches.open(PAGES);
  const kept = await cache.match(request, AS_KEPT);
  const fetched = fetch(request).then(async (reply) => {
    if (reply.ok) await cache.put(request, reply.clone());
    else if ([404, 410].includes(reply.status)) await cache.delete(request);
    return reply;
  });
  if (!kept) return fetched;
  const late = new Promise((done) => setTimeout(done, PATIENCE, kept));
  return Promise.race([fetched.catch(() => kept), late]);
}

async function asset(request) {
  const cache = await caches.open(PAGES);
  const kept = await cache.match(request, AS_KEPT);
  return kept || fetch(request);
}

self.addEventListener("sync", (event) => {
  if (event.tag === "outbox") event.waitUntil(sync());
});
self.addEventListener("message", (event) => {
  if (event.data === "flush") event.waitUntil(flush().then(tell));
});

async function sync() {
  const { left } = await flush();
  await tell();
  if (left) throw new Error("not all sent"); // the browser tries again later
}

async function tell() {
  for (const client of await self.clients.matchAll()) client.postMessage("outbox");
}
