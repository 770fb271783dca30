/* Asks for an SMS code without leaving the page. Without it the button posts the same form. */

import { countDown } from "./countdown.js";
import { showErrors } from "./field-errors.js";
import { say } from "./words.js";

export default function smsCode(button) {
  const form = button.form;
  const sent = form.querySelector("[data-sent]");
  const waiting = Number(button.dataset.wait ?? 0);
  if (waiting > 0) countDown(button, waiting);

  // People paste the whole message; the code is in there somewhere.
  form.elements.sms_code?.addEventListener("paste", (event) => {
    const code = event.clipboardData.getData("text").replace(/ /g, "").match(/(?<![0-9])[0-9]{6}(?![0-9])/);
    if (!code) return;
    event.preventDefault();
    event.target.value = code[0];
  });

  button.addEventListener("click", async (event) => {
    event.preventDefault();
    button.disabled = true;
    button.classList.add("is-busy");
    const answer = await ask();
    button.disabled = false;
    button.classList.remove("is-busy");
    if (answer) show(answer);
    else sent.textContent = say("offline");
  });

  async function ask() {
    const body = new FormData(form);
    if (button.name) body.set(button.name, button.value);
    for (const name of ["password", "password2", "sms_code"]) body.delete(name);
    try {
      const response = await fetch(button.formAction, { method: "POST", body, headers: { Accept: "application/json" } });
      const wait = Number(response.headers.get("Retry-After") ?? 0);
      return { wait, ...(await response.json()) };
    } catch {
      return null;
    }
  }

  function show({ ok, wait, errors }) {
    form.querySelector("[data-captcha]")?.dispatchEvent(new Event("captcha:refresh"));
    showErrors(form, errors);
    if (wait) countDown(button, wait);
    sent.textContent = ok ? say("sent", { mobile: form.elements.mobile.value }) : "";
    if (ok) form.elements.sms_code?.focus();
  }
}
