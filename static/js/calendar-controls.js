/* Moving about in the calendar: keys from day to day, buttons from month to month. */

import { addDays, sameDayIn, weekday } from "./dates.js";
import { make } from "./month-table.js";
import { symbol } from "./symbols.js";
import { say } from "./words.js";

const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

/** The day that `key` leads to from `day`, as the ARIA grid pattern has it; null for other keys. */
export function dayByKey(key, day) {
  if (key in STEPS) return addDays(day, STEPS[key]);
  if (key === "Home") return addDays(day, -weekday(day));
  if (key === "End") return addDays(day, 6 - weekday(day));
  if (key === "PageUp") return sameDayIn(day, -1);
  if (key === "PageDown") return sameDayIn(day, 1);
  return null;
}

/** A round button with a chevron; `side` is "back" or "on", `words` a key of the word list. */
export function stepButton(side, words, press) {
  return make("button", {
    type: "button",
    className: `icon-button calendar__step calendar__step--${side}`,
    "aria-label": say(words),
    onclick: press,
  }, symbol(side));
}
