/**
 * The service worker: the page opens without a network, and says so.
 *
 * What has a hash in its name comes from the cache; index.html and config.json from the network
 * while it answers, so that a new version is seen at the next visit. Nothing else is touched:
 * never the homeserver, even one that is served beside the page.
 */
export {}; // A module to the compiler alone: the build takes it out.

declare const self: ServiceWorkerGlobalScope;

/** Put in by the build: the version, and the files that the shell needs. */
declare const VERSION: string;
declare const SHELL: readonly string[];

const CACHE = `voip-page-${VERSION}`;
const SCOPE = new URL("./", self.location.href).href;
/** Milliseconds; a network that is slower than this is taken for none. */
const PATIENCE_MS = 5_000;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([...SHELL])));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOthers().then(() => self.clients.claim()));
});

// A new version waits until the person says so, or every tab is closed: a call goes on.
self.addEventListener("message", (event) => {
  if (event.data === "take over") void self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(SCOPE)) return;
  const path = new URL(request.url).pathname.slice(new URL(SCOPE).pathname.length);
  if (path.startsWith("assets/")) event.respondWith(kept(request));
  else if (path === "" || path === "index.html") event.respondWith(newest(request, "./"));
  else if (path === "config.json") event.respondWith(newest(request, "./config.json"));
});

async function kept(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const found = await cache.match(request.url);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request.url, answer.clone());
  return answer;
}

async function newest(request: Request, name: string): Promise<Response> {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.ok) await cache.put(name, answer.clone());
    if (answer.status < 500) return answer;
  } catch {
    // No network: what was kept does.
  }
  return (await cache.match(name)) ?? Response.error();
}

async function forgetOthers() {
  for (const name of await caches.keys()) {
    if (name.startsWith("voip-page-") && name !== CACHE) await caches.delete(name);
  }
}
