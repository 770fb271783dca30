"""The orders that are on now: what fixtures/demo/orders.json asks for, in every state."""

from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from accounts.limits import new_day
from accounts.models import Notice
from houses.models import House
from orders.demo import content
from orders.demo.stays import Stay, record_stay
from orders.models import ANSWER_WITHIN, Order

ANSWERED_AFTER = timedelta(hours=5)
STAMPS = ["expires_at", "accepted_at", "rejected_at", "canceled_at", "completed_at"]


def make_requests(cast, diary):
    """Make every order of orders.json and enter its nights in the guest's diary."""
    houses = {house.title: house for house in House.objects.filter(owner__in=cast.owners)}
    for place, row in enumerate(content("orders")):
        house, guest = houses[row["home"]], cast.guests[row["guest"]]
        begin = timezone.localdate() + timedelta(days=row["begin"])
        stay = Stay(begin, row["nights"], row["people"])
        if row["begin"] > 0:
            make_request(house, guest, stay, row, f"demo-{place}")
        else:
            record_stay(house, guest, stay, timezone.now() - timedelta(hours=row["hours_ago"]))
        diary.enter(guest, house, stay)


def make_request(house, guest, stay, row, token):
    """An order for nights to come, by the moves people make, with the clock put on between."""
    new_day(guest, house.owner)
    order = Order.place(house.pk, guest, stay.begin, stay.end, stay.people, token)
    state, reason = row["state"], row.get("reason", "")
    waited = timedelta()
    if state != "waiting":
        waited = ANSWER_WITHIN if state == "expired" else ANSWERED_AFTER
        let_pass(order, waited)
    if state == "accepted":
        order.accept(house.owner)
    elif state == "rejected":
        order.reject(house.owner, reason)
    elif state == "canceled":
        order.cancel(guest, reason)
    elif state == "expired":
        order.expire()
    let_pass(order, timedelta(hours=row["hours_ago"]) - waited)


def let_pass(order, time):
    """Put everything the order has seen so far `time` further back."""
    put_back(Order.objects.filter(pk=order.pk), time, ["created_at", "updated_at", *STAMPS])
    put_back(order.moves.all(), time, ["created_at", "updated_at"])
    put_back(Notice.objects.filter(url=order.get_absolute_url()), time, ["created_at"])
    put_back(order.house.nights.filter(holder=order.number), time, ["expires_at"])
    order.refresh_from_db()


def put_back(rows, time, columns):
    rows.update(**{column: F(column) - time for column in columns})
