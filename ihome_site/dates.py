"""Dates and times as the pages say them, in Shanghai's calendar."""

from datetime import timedelta
from math import ceil

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

WEEKDAYS = [
    gettext_lazy("周一"),
    gettext_lazy("周二"),
    gettext_lazy("周三"),
    gettext_lazy("周四"),
    gettext_lazy("周五"),
    gettext_lazy("周六"),
    gettext_lazy("周日"),
]


def today():
    """The date in Shanghai. The zone is named: asking for the thread's takes a lock, and here
    every thread has the same (ihome_site/jinja2.py)."""
    return timezone.localdate(timezone=timezone.get_default_timezone())


def month_day(day):
    """11月27日, with the year when it is not this one."""
    if day.year != today().year:
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.month}月{day.day}日"


def weekday(day):
    return str(WEEKDAYS[day.weekday()])


def day_range(begin, end):
    """11月27日 – 29日, or with both months when they differ."""
    if (begin.year, begin.month) == (end.year, end.month):
        return f"{month_day(begin)} – {end.day}日"
    return f"{month_day(begin)} – {month_day(end)}"


def local_time(moment):
    """11月20日 18:05 in Shanghai."""
    local = timezone.localtime(moment, timezone.get_default_timezone())
    return f"{month_day(local.date())} {local:%H:%M}"


def day_and_time(moment):
    """今天 18:05 for today, the day alone for any other."""
    local = timezone.localtime(moment, timezone.get_default_timezone())
    if local.date() == today():
        return _("今天 %(time)s") % {"time": f"{local:%H:%M}"}
    return month_day(local.date())


def hours_left(moment):
    """Whole hours until `moment`, rounded up; 0 when it has passed.

    A minute over the hour does not begin another: deadlines lie on the next full minute, and
    24 hours were promised.
    """
    left = moment - timezone.now()
    if left <= timedelta(0):
        return 0
    return max(1, ceil((left - timedelta(minutes=1)) / timedelta(hours=1)))


def days_until(day):
    return (day - today()).days
