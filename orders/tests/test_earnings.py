"""The month's figures on the owner's pages."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine

from houses.calendar import next_month
from ihome_site.testing import client_of, house_of_wang, li, order_of_li, wang
from orders.models import Order

pytestmark = pytest.mark.django_db
NOVEMBER = date(2026, 11, 1)


@pytest.fixture(autouse=True)
def mid_november():
    with time_machine.travel("2026-11-20T04:00:00Z", tick=False):
        yield


def figures(first=NOVEMBER, houses=1):
    return Order.objects.month_figures(first, houses)


def test_only_agreed_orders_count():
    order = order_of_li(house_of_wang())
    assert figures()[1:] == (0, 0, 0)
    order.accept(wang())
    assert figures()[1:] == (Decimal("796.00"), 2, 7)


def test_a_stay_over_the_edge_counts_in_both_months():
    order_of_li(house_of_wang(), 9, 13).accept(wang())  # 29 November to 3 December
    assert [figures().nights, figures(next_month(NOVEMBER)).nights] == [2, 2]
    assert figures().earned == 2 * Decimal("398.00")


def test_the_price_agreed_on_counts_not_that_of_today():
    house = house_of_wang()
    order_of_li(house).accept(wang())
    house.price = Decimal("999.00")
    house.save(update_fields=["price"])
    assert figures().earned == Decimal("796.00")


def test_two_homes_are_half_as_full_as_one():
    order_of_li(house_of_wang(), 1, 7).accept(wang())
    assert [figures(houses=n).share for n in (1, 2, 0)] == [20, 10, 0]


def test_the_owner_sees_them_and_nobody_elses():
    house = house_of_wang()
    order_of_li(house).accept(wang())
    for path in ("/houses/mine/", f"/houses/{house.pk}/calendar/"):
        assert "￥796" in client_of(wang()).get(path).content.decode()
    assert not li().is_verified
