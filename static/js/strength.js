/* How hard a password is to guess, roughly, while it is being typed. The server has the last word. */

import { say } from "./words.js";

const KINDS = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/];
const LEVELS = ["short", "weak", "fair", "strong"];

/** 0 (too short) to 3. Length counts for more than oddity. */
export function strength(password) {
  if (password.length < 8 || /^[0-9]+$/.test(password)) return 0;
  const kinds = KINDS.filter((kind) => kind.test(password)).length;
  const different = new Set(password).size;
  if (different < 5) return 1;
  const points = Math.min(password.length, 20) + kinds * 3;
  return points >= 23 ? 3 : points >= 17 ? 2 : 1;
}

export default function show(meter) {
  const input = document.getElementById(meter.dataset.strength);
  const words = meter.querySelector("[data-strength-words]");

  function update() {
    const level = strength(input.value);
    meter.hidden = !input.value;
    meter.dataset.level = level;
    words.textContent = say(`password_${LEVELS[level]}`);
  }

  input.addEventListener("input", update);
  update();
}
