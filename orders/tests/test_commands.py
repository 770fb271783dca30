from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from houses.models import House
from ihome_site.testing import house_of_wang, li, order_of_li, stay_over
from orders.models import Order

pytestmark = pytest.mark.django_db


def output_of(command):
    out = StringIO()
    call_command(command, stdout=out)
    return out.getvalue()


def broken():
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("check_invariants", stdout=out)
    assert error.value.returncode == 1
    return out.getvalue()


def test_expire_orders_tidies_dead_requests_and_only_those():
    house = house_of_wang()
    dead = order_of_li(house, 1, 2)
    Order.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    alive = order_of_li(house, 5, 6, token="t2")
    assert output_of("expire_orders") == "expired 1 orders\n"
    assert output_of("expire_orders") == "expired 0 orders\n"
    assert dict(Order.objects.values_list("number", "status")) == {
        dead.number: "CANCELED",
        alive.number: "WAIT_ACCEPT",
    }
    assert house.nights.count() == 1


def test_invariants_hold_after_the_main_job():
    order = stay_over(house_of_wang())
    order.write_review(li(), 5, "好")
    assert output_of("check_invariants") == "all invariants hold\n"


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda order: order.house.nights.first().delete(), "holds 1 of 2 nights"),
        (lambda order: order.house.nights.update(holder="nobody"), "does not exist"),
        (lambda order: Order.objects.update(status="CANCELED"), "CANCELED holds 2"),
        (lambda order: Order.objects.update(amount=1), "is not"),
        (lambda order: Order.objects.update(days=3, amount=1194), "3 nights from"),
        (lambda order: House.objects.update(order_count=9), "should be (0, 0, 0)"),
    ],
)
def test_each_broken_rule_is_named(spoil, line):
    spoil(order_of_li(house_of_wang()))
    assert line in broken()
