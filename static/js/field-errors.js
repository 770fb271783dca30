/* Writes refusals of a JSON answer beside their fields, like the server does. */

import { symbol } from "./symbols.js";

/** `errors`: {field: [sentence, …]}. Fields not named are cleared. */
export function showErrors(form, errors = {}) {
  for (const list of form.querySelectorAll("[data-errors]")) {
    const sentences = errors[list.dataset.errors] ?? [];
    list.replaceChildren(...sentences.map(line));
    list.hidden = !sentences.length;
    const field = list.closest(".field");
    field?.classList.toggle("field--bad", sentences.length > 0);
    field?.querySelectorAll("input, select, textarea").forEach((control) => {
      control.toggleAttribute("aria-invalid", false);
      if (sentences.length) control.setAttribute("aria-invalid", "true");
    });
  }
  form.querySelector(".field--bad :is(input:not([type=hidden]), select, textarea)")?.focus();
}

function line(sentence) {
  const item = document.createElement("li");
  const words = document.createElement("span");
  words.textContent = sentence;
  item.append(symbol("alert"), words);
  return item;
}
