/* The calendar: draws months over two date inputs and lets people pick a stay by hand or by key.
   The inputs stay in the form, out of sight; another page can mount it on its own kind of Stay. */

import { dayByKey, stepButton } from "./calendar-controls.js";
import { addMonths, dayNumber, firstOfMonth } from "./dates.js";
import { describeDay, legend, refusal } from "./day-words.js";
import { make, monthTable } from "./month-table.js";
import { Stay } from "./stay.js";
import { sentence, showStay } from "./stay-words.js";
import { say } from "./words.js";

const LATE = 20; // day of the month
const wide = matchMedia("(min-width: 700px)");

export default function calendar(root) {
  mount(root, new Stay(JSON.parse(root.querySelector("script").textContent)));
}

/** Takes `root` over. `describe(stay, day)` may be replaced to draw days another way. */
export function mount(root, stay, describe = describeDay) {
  const inputs = [root.dataset.begin, root.dataset.end].map((id) => document.querySelector(id));
  const form = inputs[0].form;
  // The stay is told in the form and wherever else on the page it is asked for.
  const places = [form, ...document.querySelectorAll(`[data-stay-of="${form.id}"]`)];
  const months = make("div", { className: "calendar__months" });
  const status = make("p", { className: "visually-hidden", role: "status" });
  const back = stepButton("back", "previous_month", () => turn(-1));
  const on = stepButton("on", "next_month", () => turn(1));
  let cursor;
  let shown;

  // Late in a month there is little left of it to pick from: the next one is shown as well.
  const isLate = () => shown === firstOfMonth(stay.today) && dayNumber(stay.today) > LATE;
  const count = () => Number(root.dataset.months) || (wide.matches || isLate() ? 2 : 1);
  const lastMonth = () => firstOfMonth(stay.horizon);

  function draw() {
    const list = Array.from({ length: count() }, (_, n) => addMonths(shown, n)).filter((m) => m <= lastMonth());
    months.classList.toggle("calendar__months--two", list.length > 1);
    if (!list.some((month) => month.slice(0, 7) === cursor.slice(0, 7))) {
      cursor = shown < stay.today ? stay.today : shown;
    }
    const view = { today: stay.today, cursor, describe: (day) => describe(stay, day) };
    months.replaceChildren(...list.map((month) => monthTable(month, view)));
    back.disabled = shown <= firstOfMonth(stay.today);
    on.disabled = addMonths(shown, list.length) > lastMonth();
    for (const place of places) showStay(place, stay);
  }

  function turn(n) {
    shown = addMonths(shown, n);
    draw();
  }

  function moveTo(day) {
    if (day < stay.today) day = stay.today;
    if (day > stay.horizon) day = stay.horizon;
    cursor = day;
    if (day < shown) shown = firstOfMonth(day);
    if (day >= addMonths(shown, count())) shown = addMonths(day, 1 - count());
    draw();
    focusCursor();
  }

  const focusCursor = () => months.querySelector(`[data-day="${cursor}"]`)?.focus();

  function press(day) {
    cursor = day;
    const picked = stay.pick(day);
    status.className = picked ? "visually-hidden" : "calendar__refusal";
    status.textContent = picked ? sentence(stay) : refusal(stay, day);
    if (!picked) return;
    inputs[0].value = stay.begin ?? "";
    inputs[1].value = stay.end ?? "";
    draw();
    focusCursor();
    for (const input of inputs) input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function readInputs() {
    if (inputs[0].value === (stay.begin ?? "") && inputs[1].value === (stay.end ?? "")) return;
    stay.set(inputs[0].value, inputs[1].value);
    draw();
  }

  months.addEventListener("click", (event) => {
    const button = event.target.closest("[data-day]");
    if (button) press(button.dataset.day);
  });
  months.addEventListener("keydown", (event) => {
    const target = event.target.dataset.day && dayByKey(event.key, event.target.dataset.day);
    if (!target) return;
    event.preventDefault();
    moveTo(target);
  });
  for (const input of inputs) {
    input.addEventListener("change", readInputs);
    input.tabIndex = -1;
    input.closest(".field, [data-date-field]")?.classList.add("is-replaced");
  }
  wide.addEventListener("change", draw);

  stay.set(inputs[0].value, inputs[1].value);
  cursor = stay.begin ?? stay.today;
  shown = firstOfMonth(cursor);
  root.replaceChildren(back, on, months, legend(stay), status);
  draw();
}
