// Kept by browsers so that Baton can be opened without a network: style sheets, scripts and one page that shows nobody's
// data. Pages are never kept. `CACHE` and `FILES` stand in front of this, see web/offline.py.
const OFFLINE = '/offline';
addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([OFFLINE, ...FILES])).then(() => skipWaiting()));
});
addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
    // Without it every page would wait until this script has started.
    await registration.navigationPreload?.enable();
    await clients.claim();
  })());
});
addEventListener('fetch', (event) => {
  const { request, preloadResponse } = event;
  if (request.method !== 'GET') return;
  if (request.mode === 'navigate') {
    event.respondWith((async () => {
      try {
        return (await preloadResponse) ?? (await fetch(request));
      } catch {
        return (await caches.match(OFFLINE)) ?? Response.error();
      }
    })());
  } else if (FILES.includes(request.url.slice(location.origin.length))) {
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
  }
});
