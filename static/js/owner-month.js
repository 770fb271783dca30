/* The owner's month: tap or drag over nights to keep them from being let, or to open them again.
   It fills the dates of the form named by data-form; the bar at the foot sends that form. */

import { addDays, dayNumber, daysBetween, monthDay } from "./dates.js";
import { namedDay } from "./month-table.js";
import { say } from "./words.js";

export default function ownerMonth(root) {
  const form = document.querySelector(root.dataset.form);
  const bar = document.querySelector("[data-nights-bar]");
  const part = (name) => bar.querySelector(`[data-nights-${name}]`);
  const cells = new Map([...root.querySelectorAll("[data-day]")].map((cell) => [cell.dataset.day, cell]));
  let chosen = [];

  /** Every night from one to the other; none when a booked one lies between. */
  function span(from, to) {
    if (from > to) [from, to] = [to, from];
    const days = [...cells.keys()].filter((day) => day >= from && day <= to);
    return days.some((day) => stateOf(day) === "booked") ? [] : days;
  }

  const stateOf = (day) => cells.get(day).dataset.state;

  function press(day) {
    const more = chosen.length === 1 && chosen[0] !== day ? span(chosen[0], day) : [];
    if (more.length) chosen = more;
    else chosen = chosen.includes(day) ? [] : [day];
    show();
  }

  function show() {
    for (const [day, cell] of cells) {
      const on = chosen.includes(day);
      cell.classList.toggle("is-chosen", on);
      cell.querySelector("button")?.setAttribute("aria-pressed", String(on));
    }
    bar.hidden = !chosen.length;
    if (chosen.length) fill(chosen[0], addDays(chosen.at(-1), 1));
  }

  function fill(begin, end) {
    const blocked = chosen.filter((day) => stateOf(day) === "blocked").length;
    const free = chosen.length - blocked;
    form.elements.begin_date.value = begin;
    form.elements.end_date.value = end;
    const last = chosen.length > 1 ? ` – ${say("day", { day: dayNumber(chosen.at(-1)) })}` : "";
    part("range").textContent = monthDay(begin) + last;
    part("what").textContent = [
      say("nights", { n: daysBetween(begin, end) }),
      ...(free ? [say("free")] : []),
      ...(blocked ? [say("blocked")] : []),
    ].join(" · ");
    part("block").hidden = !free;
    part("free").hidden = !blocked;
  }

  for (const [day, cell] of cells) {
    if (cell.dataset.state !== "booked") makeButton(day, cell, press);
  }

  // By mouse or pen a span is drawn; a finger scrolls the page and taps both ends instead.
  const dayAt = (event) => event.target.closest?.("[data-day]")?.dataset.day;
  let from = null;
  root.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch" && !event.button) from = dayAt(event);
  });
  root.addEventListener("pointerover", (event) => {
    const to = from && event.buttons && dayAt(event);
    if (!to || (to === from && chosen.length < 2)) return;
    chosen = span(from, to);
    show();
  });
  root.addEventListener("dragstart", (event) => event.preventDefault());
  addEventListener("pointerup", () => (from = null));
  part("clear").addEventListener("click", () => {
    const first = cells.get(chosen[0]);
    chosen = [];
    show();
    first?.querySelector("button").focus();
  });
}

function makeButton(day, cell, press) {
  const words = cell.querySelector(".day");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "day";
  button.setAttribute("aria-pressed", "false");
  const state = cell.dataset.state === "blocked" ? [] : [say("free")]; // 不租 stands there already
  const [number, ...rest] = words.children;
  button.append(...namedDay(day, state, number), ...rest);
  button.addEventListener("click", () => press(day));
  words.replaceWith(button);
}
