"""Months of a house's calendar, ready to be drawn."""

import calendar
from datetime import date, timedelta

from houses.models import HORIZON
from ihome_site import dates

MONDAY_FIRST = calendar.Calendar(firstweekday=0)


def next_month(day):
    """The first day of the month after the one `day` is in."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def previous_month(day):
    """The first day of the month before the one `day` is in."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def month_table(first, nights, today=None):
    """One month as weeks of cells, Monday first; places outside the month are None.

    `nights` maps a date to its held OccupiedNight (or is a set of dates). A cell is a dict of
    `date`, `kind` (past, taken, today, free) and `night` (the OccupiedNight or None).
    """
    today = today or dates.today()

    def cell(number):
        if not number:
            return None
        day = date(first.year, first.month, number)
        night = nights.get(day) if isinstance(nights, dict) else None
        return {"date": day, "kind": kind(day, day in nights, today), "night": night}

    weeks = MONDAY_FIRST.monthdayscalendar(first.year, first.month)
    return {
        "year": first.year,
        "month": first.month,
        "first": first,
        "weeks": [[cell(number) for number in week] for week in weeks],
    }


def kind(day, taken, today):
    if day < today:
        return "past"
    if taken:
        return "taken"
    return "today" if day == today else "free"


def taken_dates(house):
    """The dates of this month and on, up to the horizon, that cannot be booked."""
    today = dates.today()
    return house.nights.dates(today.replace(day=1), today + HORIZON)


def taken_and_next_expiry(house):
    """taken_dates, and the moment the first of their holds runs out (None when none does)."""
    today = dates.today()
    held = house.nights.held().filter(night__gte=today.replace(day=1), night__lt=today + HORIZON)
    rows = list(held.values_list("night", "expires_at"))
    ends = [expires_at for _night, expires_at in rows if expires_at]
    return {night for night, _expires_at in rows}, min(ends, default=None)


def two_months(taken):
    """The month of today and the next one, as tables."""
    first = dates.today().replace(day=1)
    return [month_table(month, taken) for month in (first, next_month(first))]


def booking_calendar(house, taken):
    """What the calendar element in the browser needs to know, JSON-ready."""
    today = dates.today()
    return {
        "today": today.isoformat(),
        "horizon": (today + HORIZON).isoformat(),
        "taken": sorted(day.isoformat() for day in taken if day >= today),
        "min_days": house.min_days,
        "max_days": house.max_days,
        "price": str(house.price),
    }
