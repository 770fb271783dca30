from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from houses.models import HORIZON, House, OccupiedNight, StayError
from ihome_site.dates import hours_left
from ihome_site.testing import chen, day, house_of_wang, li, order_of_li, wang
from orders.models import MAX_WAITING, Order, OrderError, OrderMove, PriceChanged

pytestmark = pytest.mark.django_db


def nights_of(house):
    return sorted(house.nights.values_list("night", "kind", "holder"))


def test_an_order_copies_the_price_and_takes_its_nights():
    house = house_of_wang()
    order = order_of_li(house, 1, 3)
    assert (order.title, order.price, order.days) == (house.title, Decimal("398.00"), 2)
    assert order.amount == Decimal("796.00")
    assert nights_of(house) == [(day(1), "booked", order.number), (day(2), "booked", order.number)]


def test_a_placed_order_begins_its_history():
    order = order_of_li(house_of_wang())
    assert list(order.moves.values_list("action", "actor", "before", "after")) == [
        ("place", order.guest_id, "", "WAIT_ACCEPT")
    ]


def test_the_day_of_departure_can_be_the_next_guests_arrival():
    house = house_of_wang()
    order_of_li(house, 1, 3)
    order_of_li(house, 3, 4, guest=chen(), token="t2")
    assert house.nights.count() == 3


@pytest.mark.parametrize(("begin", "end"), [(1, 3), (0, 2), (2, 4), (0, 5)])
def test_a_taken_night_is_refused_and_nothing_is_left_behind(begin, end):
    house = house_of_wang()
    order_of_li(house, 1, 3)
    with pytest.raises(StayError, match="已被预订"):
        order_of_li(house, begin, end, guest=chen(), token="t2")
    assert (Order.objects.count(), house.nights.count()) == (1, 2)


def test_a_night_the_owner_blocked_is_refused():
    house = house_of_wang()
    House.block(house.pk, day(2), day(3))
    with pytest.raises(StayError):
        order_of_li(house, 1, 3)


def test_the_same_token_leads_to_the_same_order():
    house = house_of_wang()
    assert order_of_li(house) == order_of_li(house)
    assert Order.objects.count() == 1


def test_a_token_belongs_to_its_guest():
    house = house_of_wang()
    order = order_of_li(house)
    with pytest.raises(StayError):
        order_of_li(house, guest=chen())
    assert Order.objects.get() == order


@pytest.mark.parametrize(
    ("changes", "begin", "end", "guests", "sentence"),
    [
        ({"is_listed": False}, 1, 2, 1, "已下架"),
        ({}, -1, 1, 1, "已经过去"),
        ({}, 2, 2, 1, "晚于入住"),
        ({}, 3, 2, 1, "晚于入住"),
        ({}, HORIZON.days, HORIZON.days + 1, 1, "最远"),
        ({"min_days": 3}, 1, 3, 1, "最少住 3 晚"),
        ({"max_days": 2}, 1, 4, 1, "最多住 2 晚"),
        ({"capacity": 2}, 1, 2, 3, "最多住 2 人"),
        ({}, 1, 2, 0, "最多住 4 人"),
    ],
)
def test_each_rule_refuses_with_its_sentence(changes, begin, end, guests, sentence):
    house = house_of_wang(**changes)
    with pytest.raises(StayError, match=sentence):
        order_of_li(house, begin, end, guests=guests)
    assert not house.nights.exists()


@pytest.mark.parametrize(
    ("changes", "begin", "end"),
    [
        ({}, 0, 1),
        ({}, HORIZON.days - 1, HORIZON.days),
        ({"min_days": 3, "max_days": 3}, 1, 4),
        ({"capacity": 2}, 1, 2),
    ],
)
def test_the_bounds_themselves_are_allowed(changes, begin, end):
    assert order_of_li(house_of_wang(**changes), begin, end).pk


def test_an_owner_cannot_book_their_own_house():
    with pytest.raises(StayError, match="自己的房源"):
        order_of_li(house_of_wang(), guest=wang())


def test_a_changed_price_stops_the_order():
    house = house_of_wang()
    with pytest.raises(PriceChanged, match="398"):
        Order.place(house.pk, li(), day(1), day(2), 1, "t1", Decimal("300.00"))
    assert not OccupiedNight.objects.exists()


def test_one_waiting_request_a_house():
    house = house_of_wang()
    order_of_li(house, 1, 2)
    with pytest.raises(OrderError, match="已有一个待接单"):
        order_of_li(house, 5, 6, token="t2")


def test_five_waiting_requests_a_guest():
    for n in range(MAX_WAITING):
        order_of_li(house_of_wang(), token=f"t{n}")
    with pytest.raises(OrderError, match="5 个待接单"):
        order_of_li(house_of_wang(), token="one more")


def test_a_dead_request_no_longer_counts_nor_holds_its_nights():
    house = house_of_wang()
    dead = order_of_li(house)
    past = timezone.now() - timedelta(seconds=1)
    Order.objects.update(expires_at=past)
    house.nights.update(expires_at=past)
    order = order_of_li(house, token="t2")
    assert {night.holder for night in house.nights.all()} == {order.number}
    dead.refresh_from_db()
    assert dead.expire()
    assert {night.holder for night in house.nights.all()} == {order.number}


def test_a_request_lives_a_day_but_not_beyond_its_check_in_day():
    house = house_of_wang()
    order = order_of_li(house, 5, 6)
    lives = order.expires_at - order.created_at
    assert timedelta(hours=24) - timedelta(seconds=5) < lives < timedelta(hours=24, minutes=1)
    assert (order.expires_at.second, order.expires_at.microsecond) == (0, 0)
    today = order_of_li(house, 0, 1, guest=chen())
    midnight = timezone.localtime(today.expires_at)
    assert (midnight.date(), midnight.hour) == (day(1), 0)


def test_history_rows_are_written_with_the_order_or_not_at_all():
    house = house_of_wang()
    with pytest.raises(StayError):
        order_of_li(house, 3, 2)
    assert not OrderMove.objects.exists()


def test_a_house_deleted_meanwhile_is_refused_with_a_sentence():
    house = house_of_wang()
    House.objects.all().delete()
    with pytest.raises(StayError, match="不在了"):
        order_of_li(house)


def test_a_fresh_request_has_24_hours_and_no_more(time_machine):
    noon = timezone.localtime().replace(hour=12, minute=30, second=17)
    time_machine.move_to(noon, tick=False)
    order = order_of_li(house_of_wang(), 5, 7)
    assert hours_left(order.expires_at) == 24
    time_machine.shift(timedelta(hours=23, minutes=59, seconds=30))
    assert hours_left(order.expires_at) == 1
    time_machine.shift(timedelta(minutes=2))
    assert hours_left(order.expires_at) == 0
