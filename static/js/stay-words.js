/* Says a stay in the page's own places: dates, nights, total. */

import { monthDay, weekdayName } from "./dates.js";
import { say } from "./words.js";

/** "1,376" or "398.50", like the server's `yuan`. */
export function yuan(fen) {
  const whole = fen % 100 === 0;
  return (fen / 100).toLocaleString("en-US", {
    minimumFractionDigits: whole ? 0 : 2,
    maximumFractionDigits: 2,
  });
}

export function fill(root, name, text) {
  for (const place of root.querySelectorAll(`[data-${name}]`)) {
    place.textContent = text || place.dataset.none || "";
  }
}

/** Writes `stay` into `root`; [data-when-picked] and [data-when-empty] take turns. */
export function showStay(root, stay) {
  fill(root, "begin-text", stay.begin && monthDay(stay.begin));
  fill(root, "begin-weekday", stay.begin && weekdayName(stay.begin));
  fill(root, "end-text", stay.end && monthDay(stay.end));
  fill(root, "end-weekday", stay.end && weekdayName(stay.end));
  fill(root, "nights", stay.nights && say("nights", { n: stay.nights }));
  if (stay.amountInFen !== null) fill(root, "total", stay.nights && yuan(stay.amountInFen));
  for (const place of root.querySelectorAll("[data-when-picked]")) place.hidden = !stay.nights;
  for (const place of root.querySelectorAll("[data-when-empty]")) place.hidden = Boolean(stay.nights);
}

/** One sentence for the live region. */
export function sentence(stay) {
  if (!stay.begin) return say("pick_begin");
  const begin = `${monthDay(stay.begin)}${say("begin")}`;
  if (!stay.end) return `${begin}，${say("pick_end")}`;
  const words = [begin, `${monthDay(stay.end)}${say("end")}`, say("nights", { n: stay.nights })];
  if (stay.amountInFen !== null) words.push(say("total", { amount: yuan(stay.amountInFen) }));
  return words.join("，");
}
