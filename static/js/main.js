/* The only script a page names. Each behaviour is fetched when its hook is on the page,
   and again for what htmx brings in later. Without any of this every page still works. */

const behaviours = {
  'form[method="post"]': () => import("./once.js"),
  "[data-calendar]": () => import("./calendar.js"),
  "[data-owner-month]": () => import("./owner-month.js"),
  "[data-sheet]": () => import("./sheet.js"),
  "[data-answer]": () => import("./answer.js"),
  "[data-steps]": () => import("./steps.js"),
  "[data-carousel]": () => import("./carousel.js"),
  "[data-stepper]": () => import("./stepper.js"),
  "[data-shows]": () => import("./password.js"),
  "[data-strength]": () => import("./strength.js"),
  "[data-captcha]": () => import("./captcha.js"),
  "[data-sends-code]": () => import("./sms-code.js"),
  "[data-share]": () => import("./share.js"),
  "[data-upload]": () => import("./upload.js"),
  "[data-photos]": () => import("./reorder.js"),
  "[data-deletes-photos]": () => import("./undo-delete.js"),
  "[data-avatar]": () => import("./avatar.js"),
  "[data-person]": () => import("./leave-nothing.js"),
  "[data-signs-out]": () => import("./sign-out.js"),
  "[data-draft]": () => import("./draft.js"),
  "[data-draft-done]": () => import("./draft-done.js"),
  "[data-auto-submit]": () => import("./auto-submit.js"),
  "[data-tidy]": () => import("./tidy.js"),
  "[data-search]": () => import("./search.js"),
  "[data-place]": () => import("./keep-place.js"),
  "[data-back]": () => import("./back.js"),
  "[data-quote]": () => import("./quote.js"),
  "[data-reads]": () => import("./mark-read.js"),
  "[data-counts]": () => import("./character-count.js"),
  ".field--bad": () => import("./first-error.js"),
};

const started = new WeakMap();

/** Resolves when everything on the page behaves. */
function start(root) {
  return Promise.all(Object.entries(behaviours).map(async ([hook, load]) => {
    const fresh = [...root.querySelectorAll(hook)].filter((element) => isFresh(element, hook));
    if (!fresh.length) return;
    const behaviour = await load();
    for (const element of fresh) behaviour.default(element);
  }));
}

function isFresh(element, hook) {
  const hooks = started.get(element) ?? new Set();
  const fresh = !hooks.has(hook);
  started.set(element, hooks.add(hook));
  return fresh;
}

start(document).then(() => document.documentElement.toggleAttribute("data-ready", true));
document.addEventListener("page:changed", (event) => start(event.detail));
document.addEventListener("htmx:load", (event) => start(event.target.parentElement ?? document));

// Only a page for when there is no network; see templates/sw.js.
navigator.serviceWorker?.register("/sw.js").catch(() => {});
