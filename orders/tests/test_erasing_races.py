"""Erasing somebody while they, at the same moment, order: over connections of their own."""

import threading
from functools import partial

import pytest
from django.db import connection

from accounts.models import User
from houses.models import House, StayError
from ihome_site.testing import house_of_wang, li, order_of_li, wang
from ihome_site.tests.threads import at_once
from orders.erasure import ErasureError, erase
from orders.models import Order, OrderError

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ROUNDS = 10
REFUSALS = (ErasureError, OrderError, StayError)
PAUSE = 0.5  # seconds in which the other one would get ahead, where nothing holds it up


class Unlocked:
    """User rows that are read and not locked, as before the guard."""

    def select_for_update(self):
        return self

    def lock_active(self, pk):
        return self.filter(pk=pk, is_active=True).exists()

    def __getattr__(self, name):
        return getattr(User._base_manager.all(), name)


def orders_of_erased():
    waiting = Order.objects.waiting()
    return (
        waiting.filter(guest__is_active=False).count()
        + waiting.filter(house__owner__is_active=False).count()
    )


def slow_steps(monkeypatch, begun):
    """An order that is held up between its checks and its rows, until others had their chance."""
    occupy = House.occupy

    def slowly(*args, **kwargs):
        begun.set()
        threading.Event().wait(PAUSE)
        return occupy(*args, **kwargs)

    monkeypatch.setattr(House, "occupy", slowly)


def erase_after(begun, user):
    begun.wait(5)
    erase(user)


@pytest.mark.parametrize("who", [li, wang])
def test_nobody_erased_has_an_open_order(who, monkeypatch, figure):
    lost = refused = 0
    for n in range(ROUNDS):
        house, guest, user = house_of_wang(), li(), who()
        begun = threading.Event()
        with monkeypatch.context() as patch:
            slow_steps(patch, begun)
            if n % 2:  # every other time erasing does not wait for the order to begin
                begun.set()
            ordering = partial(order_of_li, house, token=f"t{n}", guest=guest)
            errors = at_once(ordering, partial(erase_after, begun, user))
            refused += sum(isinstance(error, REFUSALS) for error in errors)
        lost += orders_of_erased()
        Order.objects.all().update(status="CANCELED")
        House.objects.all().update(is_listed=False)
        house.nights.all().delete()
    figure(f"open orders of an erased {who.__name__} in {ROUNDS} rounds", lost, 0)
    assert (lost, refused) == (0, ROUNDS)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="one writer at a time: nothing to lose")
def test_without_the_lock_on_the_guest_an_erased_one_has_an_order(monkeypatch, figure):
    house, guest, begun = house_of_wang(), li(), threading.Event()
    with monkeypatch.context() as patch:
        slow_steps(patch, begun)
        patch.setattr(User, "objects", Unlocked())
        at_once(partial(order_of_li, house, guest=guest), partial(erase_after, begun, guest))
    figure("control arm: open orders of an erased guest", orders_of_erased(), 1)
    assert orders_of_erased() == 1
