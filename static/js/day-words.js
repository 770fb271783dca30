/* How one day of a stay's calendar looks and is read out. */

import { make } from "./month-table.js";
import { say } from "./words.js";

export function describeDay(stay, day) {
  const begins = day === stay.begin;
  const ends = day === stay.end;
  const between = Boolean(stay.end) && day > stay.begin && day < stay.end;
  const enabled = stay.canPick(day);
  const taken = stay.isTaken(day) && !ends;
  return {
    classes: classesOf(stay, day, { begins, ends, between, enabled, taken }),
    words: wordsOf(stay, day, { begins, ends, between, enabled, taken }),
    note: begins ? say("begin") : ends ? say("end") : day === stay.today ? say("today") : "",
    selected: begins || ends || between,
    enabled,
  };
}

function classesOf(stay, day, { begins, ends, between, enabled, taken }) {
  const rules = {
    "is-past": day < stay.today,
    "is-today": day === stay.today,
    // A taken night that may still be the day of leaving is not struck through.
    "is-taken": taken && !enabled,
    "is-out": !enabled && !taken && !begins && !ends && !between && day > stay.today,
    "is-begin": begins,
    "is-alone": begins && !stay.end,
    "is-end": ends,
    "is-between": between,
  };
  return Object.keys(rules).filter((name) => rules[name]);
}

function wordsOf(stay, day, { begins, ends, between, enabled, taken }) {
  if (begins) return [say("begin")];
  if (ends) return [say("end")];
  if (between) return [say("chosen")];
  if (taken) return [enabled ? say("only_end") : say("taken")];
  if (!enabled && stay.begin && !stay.end && day > stay.begin && stay.minNights > 1) {
    return [say("min_days", { n: stay.minNights })];
  }
  return [];
}

/** Why a press on `day` was refused; empty when there is nothing to say. */
export function refusal(stay, day) {
  if (day < stay.today) return "";
  if (stay.isTaken(day)) return say("taken");
  if (stay.minNights > 1) return say("min_days", { n: stay.minNights });
  return say("not_free");
}

export function legend(stay) {
  const mark = (name, words) => make("li", {}, make("i", { className: `legend__${name}` }), words);
  const items = [mark("ends", say("ends")), mark("between", say("chosen"))];
  if (stay.taken.size) items.push(make("li", {}, make("s", {}, "18"), ` ${say("taken")}`));
  return make("ul", { className: "legend" }, ...items);
}
