/* Days are ISO strings, "2026-11-20": they compare as text, and no time zone can shift them
   because the arithmetic is done in UTC. */

import { say } from "./words.js";

const DAY = 24 * 60 * 60 * 1000;

const at = (day) => new Date(`${day}T00:00:00Z`);
const iso = (date) => date.toISOString().slice(0, 10);

export const isDay = (text) => /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) && !isNaN(at(text));
export const addDays = (day, n) => iso(new Date(at(day).getTime() + n * DAY));
export const daysBetween = (from, to) => Math.round((at(to) - at(from)) / DAY);
export const firstOfMonth = (day) => `${day.slice(0, 7)}-01`;
export const dayNumber = (day) => Number(day.slice(8));

/** 0 for Monday … 6 for Sunday. */
export const weekday = (day) => (at(day).getUTCDay() + 6) % 7;

export const weekStart = (day) => addDays(day, -weekday(day));

/** The first day of the month `n` months on. */
export function addMonths(day, n) {
  const date = at(firstOfMonth(day));
  date.setUTCMonth(date.getUTCMonth() + n);
  return iso(date);
}

/** The same day of the month `n` months on, or that month's last. */
export function sameDayIn(day, n) {
  const last = addDays(addMonths(day, n + 1), -1);
  const wanted = addDays(addMonths(day, n), dayNumber(day) - 1);
  return wanted < last ? wanted : last;
}

const parts = (day) => ({ year: day.slice(0, 4), month: Number(day.slice(5, 7)), day: dayNumber(day) });

export const monthTitle = (day) => say("month", parts(day));
export const monthDay = (day) => say("month_day", parts(day));
export const weekdayNames = () => [...say("weekdays")];
export const weekdayName = (day) => say("weekday", { day: weekdayNames()[weekday(day)] });
