"""What a month brings an owner, and how full it is."""

from decimal import Decimal
from typing import NamedTuple

from houses.calendar import next_month


class MonthFigures(NamedTuple):
    first: object  # the month's first day
    earned: Decimal  # yuan
    nights: int  # slept or agreed on
    share: int  # percent of the nights that could be let


def month_figures(orders, first, houses):
    """The figures of the month that begins on `first`, of `houses` homes.

    A stay that reaches over the month's edge counts with its nights in the month.
    """
    after = next_month(first)
    earned, count = Decimal(0), 0
    stays = orders.agreed().filter(begin_date__lt=after, end_date__gt=first)
    for begin, end, price in stays.values_list("begin_date", "end_date", "price"):
        within = (min(end, after) - max(begin, first)).days
        earned += price * within
        count += within
    all_nights = houses * (after - first).days
    share = round(100 * count / all_nights) if all_nights else 0
    return MonthFigures(first, earned, count, min(share, 100))
