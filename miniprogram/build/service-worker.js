// Keeps the built app, never its data: what the server says is asked afresh or shown as stored by the pages.
const VERSION = '%VERSION%'
const FILES = '%FILES%'
const CACHE = `lianyi-${VERSION}`

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(FILES))
      .then(() => self.skipWaiting()),
  )
})

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(names.filter((n) => n.startsWith('lianyi-') && n !== CACHE).map((n) => caches.delete(n))),
      )
      .then(() => self.clients.claim()),
  )
})

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url)
  if (event.request.method !== 'GET' || url.origin !== self.location.origin) return
  if (url.pathname === '/') {
    event.respondWith(
      fetch(event.request)
        .then((fresh) => {
          if (fresh.ok) {
            const copy = fresh.clone()
            event.waitUntil(caches.open(CACHE).then((cache) => cache.put('/', copy)))
          }
          return fresh
        })
        .catch(() => caches.match('/')),
    )
  } else if (FILES.includes(url.pathname)) {
    event.respondWith(caches.match(url.pathname).then((kept) => kept || fetch(event.request)))
  }
})
