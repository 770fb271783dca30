/* A button that may be pressed again in so many seconds. */

import { say } from "./words.js";

/** Disables `button` for `seconds` and counts down on it; its own words come back after. */
export function countDown(button, seconds) {
  const words = button.dataset.words ?? button.textContent;
  const until = Date.now() + seconds * 1000;
  clearInterval(Number(button.dataset.timer));
  button.dataset.words = words;
  button.dataset.timer = setInterval(tick, 500);
  tick();

  function tick() {
    const left = Math.ceil((until - Date.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? say("wait", { n: left }) : words;
    if (left <= 0) clearInterval(Number(button.dataset.timer));
  }
}
