/* The rules of picking a stay: nights are half-open, [begin, end). No page in here. */

import { addDays, daysBetween, isDay } from "./dates.js";

export class Stay {
  /** `horizon` is the last day anyone may leave; `max_days` 0 means no limit. */
  constructor({ today, horizon, taken = [], min_days = 1, max_days = 0, price = null }) {
    Object.assign(this, { today, horizon, price, taken: new Set(taken) });
    this.minNights = min_days || 1;
    this.maxNights = max_days || Infinity;
    this.begin = this.end = null;
  }

  isTaken(night) {
    return this.taken.has(night);
  }

  /** Every night of [begin, end) may be slept in. */
  isOpen(begin, end) {
    if (begin < this.today || end > this.horizon) return false;
    for (let night = begin; night < end; night = addDays(night, 1)) {
      if (this.isTaken(night)) return false;
    }
    return true;
  }

  canBegin(day) {
    return this.isOpen(day, addDays(day, this.minNights));
  }

  canEnd(day) {
    if (!this.begin || this.end || day <= this.begin) return false;
    const nights = daysBetween(this.begin, day);
    return nights >= this.minNights && nights <= this.maxNights && this.isOpen(this.begin, day);
  }

  canPick(day) {
    return this.canEnd(day) || this.canBegin(day) || (day === this.begin && !this.end);
  }

  /** Takes a press on `day`: an end when it can be one, else a new begin; the begin again clears. */
  pick(day) {
    if (this.canEnd(day)) this.end = day;
    else if (day === this.begin && !this.end) this.begin = null;
    else if (this.canBegin(day)) [this.begin, this.end] = [day, null];
    else return false;
    return true;
  }

  /** Takes what the inputs say; dates that cannot be booked are dropped. */
  set(begin, end) {
    this.begin = isDay(begin) && this.canBegin(begin) ? begin : null;
    this.end = null;
    if (isDay(end) && this.canEnd(end)) this.end = end;
  }

  get nights() {
    return this.begin && this.end ? daysBetween(this.begin, this.end) : 0;
  }

  /** In whole fen, so that no cent is lost; null without a price. */
  get amountInFen() {
    if (this.price === null || this.price === undefined) return null;
    return Math.round(Number(this.price) * 100) * this.nights;
  }
}
