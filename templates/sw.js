/* Keeps one page for when there is no network. No page with a visitor on it is ever kept. */
{%- set kept = [url("offline")] + ["css/tokens.css", "css/base.css", "css/components.css", "css/pages.css", "img/placeholder.svg", "img/favicon.svg"]|map("static")|list %}

const KEPT = {{ kept|tojson }};
const NAME = "offline " + KEPT.join(" "); // hashed names: another release, another store

addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((store) => store.addAll(KEPT)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => name !== NAME).map((name) => caches.delete(name));
  event.waitUntil(caches.keys().then((names) => Promise.all(old(names))));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate" && request.method === "GET") {
    event.respondWith(fetch(request).catch(() => caches.match(KEPT[0])));
  } else if (KEPT.includes(new URL(request.url).pathname)) {
    event.respondWith(fetch(request).catch(() => caches.match(request)));
  }
});
