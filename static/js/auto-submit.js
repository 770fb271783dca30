/* A filter form that sends itself when something in it changes. htmx hears the submit too. */

const PAUSE = 250; // ms: several chips pressed in a row are one request

export default function autoSubmit(form) {
  let timer;
  form.addEventListener("change", (event) => {
    if (event.target.closest("[data-no-auto]")) return;
    clearTimeout(timer);
    timer = setTimeout(() => form.requestSubmit(), PAUSE);
  });
  form.querySelectorAll("[data-without-script]").forEach((part) => (part.hidden = true));
}
