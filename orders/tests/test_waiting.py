"""How much of other people's calendars a guest may hold while nothing is agreed."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from houses.models import OccupiedNight
from ihome_site.models import SiteParameter
from ihome_site.refusals import TooMany
from ihome_site.testing import chen, client_of, day, house_of_wang, li, order_of_li
from ihome_site.tests.serving import token
from orders.models import Order, OrderError
from orders.waiting import NEWCOMERS_NIGHTS, WAITING_NIGHTS

pytestmark = pytest.mark.django_db


def ask(guest, nights, house=None, begin=1, name=""):
    house = house or house_of_wang()
    return order_of_li(house, begin, begin + nights, token=name or f"t{house.pk}", guest=guest)


def newcomer():
    return User.objects.create_user("13711110001", name="新来的")


def test_sixty_nights_wait_in_all():
    ask(li(), WAITING_NIGHTS - 1)
    ask(li(), 1)
    with pytest.raises(OrderError, match="合计最多 60 晚"):
        ask(li(), 1)
    assert OccupiedNight.objects.count() == WAITING_NIGHTS


def test_one_long_stay_alone_may_wait():
    ask(li(), 365, begin=0)
    with pytest.raises(OrderError, match="合计最多 60 晚"):
        ask(li(), 1)


def test_what_is_accepted_or_over_waits_no_more():
    order = ask(li(), WAITING_NIGHTS)
    order.accept(order.house.owner)
    dead = ask(li(), WAITING_NIGHTS)
    Order.objects.filter(pk=dead.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    ask(li(), WAITING_NIGHTS).cancel(li())
    assert ask(li(), WAITING_NIGHTS)


def test_a_newcomer_holds_thirty_nights_and_no_longer_stay():
    guest = newcomer()
    with pytest.raises(OrderError, match="一次最多订 30 晚"):
        ask(guest, NEWCOMERS_NIGHTS + 1)
    ask(guest, NEWCOMERS_NIGHTS)
    with pytest.raises(OrderError, match="合计最多 30 晚"):
        ask(guest, 1)


def test_operators_set_how_many_nights_wait():
    SiteParameter.objects.create(name="waiting_nights", value="2")
    ask(li(), 1)
    with pytest.raises(OrderError, match="合计最多 2 晚"):
        ask(li(), 2)


@pytest.mark.parametrize(
    ("begin", "nights", "free"),
    [(3, 2, False), (4, 1, False), (1, 9, False), (5, 1, True), (1, 2, True)],
)
def test_nights_taken_back_cannot_be_asked_for_again_at_once(begin, nights, free):
    house = house_of_wang()
    ask(li(), 2, house, begin=3).cancel(li())
    if free:
        assert ask(li(), nights, house, begin=begin, name="t2")
        return
    with pytest.raises(TooMany, match="60 分钟后可以再订"):
        ask(li(), nights, house, begin=begin, name="t2")
    assert not house.nights.exists()


def test_after_an_hour_they_can():
    house = house_of_wang()
    ask(li(), 2, house, begin=9).cancel(li())
    with (
        time_machine.travel(timezone.now() + timedelta(minutes=59)),
        pytest.raises(TooMany, match="，") as refusal,
    ):
        ask(li(), 2, house, begin=9, name="t2")
    assert 50 <= refusal.value.wait <= 60
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert ask(li(), 2, house, begin=9, name="t3")


def test_others_and_other_homes_are_not_concerned():
    house = house_of_wang()
    ask(li(), 2, house).cancel(li())
    assert ask(li(), 2)
    assert ask(chen(), 2, house, name="t2")


def test_a_request_that_was_refused_or_died_may_be_asked_again():
    house = house_of_wang()
    ask(li(), 2, house).reject(house.owner, "修屋顶")
    dead = ask(li(), 2, house, name="t2")
    past = timezone.now() - timedelta(seconds=1)
    Order.objects.filter(pk=dead.pk).update(expires_at=past)
    house.nights.update(expires_at=past)
    dead.expire()
    assert ask(li(), 2, house, name="t3")


def test_a_stay_that_was_agreed_may_be_booked_anew_after_a_change_of_mind():
    house = house_of_wang()
    order = ask(li(), 2, house)
    order.accept(house.owner)
    order.cancel(li())
    assert ask(li(), 2, house, name="t2")


def test_the_form_says_how_long_to_wait():
    house = house_of_wang()
    ask(li(), 2, house).cancel(li())
    form = {"begin_date": day(1).isoformat(), "end_date": day(3).isoformat(), "guests": "2"}
    page = client_of(li()).post(f"/houses/{house.pk}/book/", form | {"token": token()})
    assert (page.status_code, 3500 < int(page["Retry-After"]) <= 3600) == (429, True)
    assert "您刚取消了这几晚的预订" in page.content.decode()
    assert f'value="{day(1).isoformat()}"' in page.content.decode()
