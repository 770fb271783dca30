/* The eye in a password field. */

import { say } from "./words.js";

export default function password(button) {
  const input = document.getElementById(button.dataset.shows);

  function show(shown) {
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    button.setAttribute("aria-label", say(shown ? "hide_password" : "show_password"));
    button.querySelector('[data-when="shown"]').hidden = !shown;
    button.querySelector('[data-when="hidden"]').hidden = shown;
  }

  button.hidden = false;
  button.addEventListener("click", () => show(input.type === "password"));
  // Sent as a password, so that browsers offer to keep it.
  input.form?.addEventListener("submit", () => show(false));
}
