/* A long form in short steps: one [data-step] at a time. It stays one form with one sending, so
   nothing typed is lost between steps. Without it the steps stand below each other. */

import { showErrors } from "./field-errors.js";
import { say } from "./words.js";

export default function steps(form) {
  const parts = [...form.querySelectorAll("[data-step]")];
  const [back, next, last, said] = ["back", "next", "last", "said"].map((name) => form.querySelector(`[data-steps-${name}]`));
  const refused = parts.findIndex((part) => part.querySelector(".field--bad"));
  let now = Math.max(refused, 0);
  show();

  back.addEventListener("click", () => go(now - 1));
  next.addEventListener("click", () => isComplete(parts[now]) && go(now + 1));
  form.addEventListener("reset", () => go(0));

  // Enter in a field means the next step, until there is none.
  form.addEventListener("submit", (event) => {
    if (now === parts.length - 1) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    next.click();
  }, true);

  function go(to) {
    now = to;
    show();
    const heading = parts[now].querySelector("h2");
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    scrollTo({ top: 0 });
  }

  function show() {
    const isLast = now === parts.length - 1;
    parts.forEach((part, n) => (part.hidden = n !== now));
    back.hidden = now === 0;
    next.hidden = isLast;
    last.hidden = !isLast;
    said.textContent = say("step", { n: now + 1, all: parts.length });
  }
}

/** Whether everything that must be filled in is; what is missing is said beside its field. */
function isComplete(part) {
  const missing = [...part.querySelectorAll(":required")].filter((field) => !field.value.trim());
  showErrors(part, Object.fromEntries(missing.map((field) => [field.name, [say("required")]])));
  return !missing.length;
}
