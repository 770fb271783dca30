"""What must always hold between orders, nights, reviews and counts."""

from datetime import timedelta

from django.db.models import Count, Max, Q, Sum
from django.utils import timezone

from accounts.models import RealName
from houses.models import House, OccupiedNight
from houses.prices import (
    LEAST_PRICE,
    MOST_DEPOSIT,
    MOST_PRICE,
    ORDER_AMOUNT_HOLDS,
    ORDER_PRICE_HOLDS,
)
from orders.models import Order

SHOWN = Q(review__hidden_reason="")  # what operators hide no longer counts


ONE_NIGHT = timedelta(days=1)
COLUMNS = ["number", "house_id", "status", "begin_date", "end_date", "days", "price", "amount"]
COLUMNS += ["expires_at"]
BLOCK = 5000  # houses looked at in one go: short queries, little memory, however many there are


def broken_rules():
    """Yield a line for each broken rule: what is wrong with which row."""
    for houses in blocks():
        yield from nights_held_twice(houses)
        yield from nights_against_orders(houses)
        yield from wrong_counts(houses)
        yield from prices_out_of_bounds(houses)
        yield from listed_without_owner(houses)
    yield from doubled_real_names()


def blocks():
    """Ranges of house ids that hold all rows, BLOCK ids each."""
    last = max(
        House.objects.aggregate(last=Max("pk"))["last"] or 0,
        OccupiedNight.objects.aggregate(last=Max("house"))["last"] or 0,
    )
    for first in range(0, last + 1, BLOCK):
        yield {"house__gte": first, "house__lt": first + BLOCK}


def nights_held_twice(houses):
    held = OccupiedNight.objects.filter(**houses)
    rows = held.values("house", "night").annotate(n=Count("pk")).filter(n__gt=1)
    for row in rows:
        yield f"house {row['house']}: night {row['night']} is held {row['n']} times"


def nights_against_orders(houses):
    """Each holding order has exactly its nights, every other order none; the sums are right.

    An unanswered request that has expired may have lost nights to a later booking.
    """
    held = booked_nights(houses)
    now = timezone.now()
    orders = Order.objects.filter(**houses).values_list(*COLUMNS, named=True)
    for order in orders.iterator(chunk_size=5000):
        found = held.pop((order.number, order.house_id), (0, None, None))
        if not agree(order, found, now):
            yield f"order {order.number}: {order.status} holds {found[0]} of {order.days} nights"
        if not (0 <= order.price <= ORDER_PRICE_HOLDS and 0 <= order.amount <= ORDER_AMOUNT_HOLDS):
            yield f"order {order.number}: no column holds {order.price} or {order.amount}"
        if order.amount != order.price * order.days:
            yield f"order {order.number}: {order.amount} is not {order.price} × {order.days}"
        if (order.end_date - order.begin_date).days != order.days:
            dates = f"{order.begin_date} to {order.end_date}"
            yield f"order {order.number}: {order.days} nights from {dates}"
    for (number, house), found in held.items():
        yield f"order {number}: does not exist at house {house} but holds {found[0]} nights"


def agree(order, found, now):
    """True when the order has the nights it should. No night of a house is there twice, so
    how many there are, the first and the last say which they are."""
    count, first, last = found
    begin, end = order.begin_date, order.end_date - ONE_NIGHT
    if order.status == Order.Status.WAIT_ACCEPT and order.expires_at <= now:
        return not count or (begin <= first and last <= end)
    if order.status in Order.HOLDING:
        return found == ((end - begin).days + 1, begin, end)
    return not count


def booked_nights(houses):
    """(order number, house) → (how many nights it holds, the first, the last)."""
    held = {}
    booked = OccupiedNight.objects.filter(**houses, kind=OccupiedNight.Kind.BOOKED)
    rows = booked.values_list("holder", "house_id", "night")
    for holder, house, night in rows.iterator(chunk_size=10_000):
        count, first, last = held.get((holder, house), (0, night, night))
        held[holder, house] = (count + 1, min(first, night), max(last, night))
    return held


def wrong_counts(houses):
    """order_count, review_count and star_total are what the orders and reviews say."""
    complete = Order.objects.filter(**houses, status=Order.Status.COMPLETE).values("house")
    rows = complete.annotate(
        orders=Count("pk"),
        reviews=Count("review", filter=SHOWN),
        stars=Sum("review__stars", filter=SHOWN),
    )
    truth = {row["house"]: (row["orders"], row["reviews"], row["stars"] or 0) for row in rows}
    here = {name.replace("house", "pk"): value for name, value in houses.items()}
    counted = House.objects.filter(**here)
    for pk, *counts in counted.values_list("pk", "order_count", "review_count", "star_total"):
        if tuple(counts) != truth.get(pk, (0, 0, 0)):
            yield f"house {pk}: counts {tuple(counts)} should be {truth.get(pk, (0, 0, 0))}"


def prices_out_of_bounds(houses):
    """Only a database without the constraints of houses.House can hold one."""
    within = Q(price__range=(LEAST_PRICE, MOST_PRICE), deposit__range=(0, MOST_DEPOSIT))
    here = {name.replace("house", "pk"): value for name, value in houses.items()}
    outside = House.objects.filter(**here).exclude(within)
    for pk, price, deposit in outside.values_list("pk", "price", "deposit"):
        yield f"house {pk}: price {price} or deposit {deposit} is out of bounds"


def listed_without_owner(houses):
    """A disabled owner answers nobody, so nothing of theirs is offered."""
    here = {name.replace("house", "pk"): value for name, value in houses.items()}
    for pk in House.objects.listed().hidden().filter(**here).values_list("pk", flat=True):
        yield f"house {pk}: is listed and may not be shown"


def doubled_real_names():
    for column in ("user", "id_card_index"):
        rows = RealName.objects.values(column).annotate(n=Count("pk")).filter(n__gt=1)
        for row in rows:
            yield f"real names: {column} {row[column]} stands {row['n']} times"
