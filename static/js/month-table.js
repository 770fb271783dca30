/* Draws one month of a calendar as a grid of buttons. */

import * as dates from "./dates.js";
import { say } from "./words.js";

/** A new element: `make("td", { className: "day" }, child, …)`; dashed names become attributes. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** The month that holds `month`, Monday first, from the week of today on.
    `cursor` is the one day Tab reaches; `describe(day)` gives its look and words. */
export function monthTable(month, { today, cursor, describe }) {
  const title = dates.monthTitle(month);
  const rows = weeksOf(month)
    .filter((week) => week.at(-1) >= today)
    .map((week) => make("tr", { role: "row" }, ...week.map((day) => cell(day, month, cursor, describe))));
  return make(
    "table",
    { className: "month", role: "grid", "aria-label": title },
    make("caption", {}, title),
    make("thead", {}, make("tr", { role: "row" }, ...dates.weekdayNames().map(heading))),
    make("tbody", {}, ...rows),
  );
}

const heading = (name) => make("th", { scope: "col", role: "columnheader" }, name);

function weeksOf(month) {
  const first = dates.firstOfMonth(month);
  const next = dates.addMonths(month, 1);
  const weeks = [];
  for (let day = dates.weekStart(first); day < next; day = dates.addDays(day, 7)) {
    weeks.push([0, 1, 2, 3, 4, 5, 6].map((n) => dates.addDays(day, n)));
  }
  return weeks;
}

function cell(day, month, cursor, describe) {
  if (day.slice(0, 7) !== month.slice(0, 7)) return make("td", { role: "gridcell" });
  const { classes, words, note, selected, enabled } = describe(day);
  const button = make("button", {
    type: "button",
    className: "day",
    tabIndex: day === cursor ? 0 : -1,
    "data-day": day,
  }, ...namedDay(day, words.filter((word) => word !== note)));
  if (note) button.append(make("small", {}, note));
  if (!enabled) button.setAttribute("aria-disabled", "true");
  if (classes.includes("is-today")) button.setAttribute("aria-current", "date");
  return make("td", { className: classes.join(" "), role: "gridcell", "aria-selected": String(selected) }, button);
}

/** The number of a day as it is seen, with the rest of its name for those who hear it. */
export function namedDay(day, words, number = String(dates.dayNumber(day))) {
  const whole = [`${dates.monthDay(day)} ${dates.weekdayName(day)}`, ...words].join("，");
  const at = whole.indexOf(String(dates.dayNumber(day)), String(Number(day.slice(5, 7))).length);
  const unseen = (text) => make("span", { className: "visually-hidden" }, text);
  return [unseen(whole.slice(0, at)), number, unseen(whole.slice(at + String(dates.dayNumber(day)).length))];
}
