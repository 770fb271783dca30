"""Forty at once at the limits of a day, over HTTP with two server processes, on both databases.

Each race runs twice: with the guards, and as its own control arm, where it has to be lost.
"""

from functools import partial

import pytest
from django.db.models import Count
from django.utils import timezone

from accounts.models import DayCount, Notice
from houses.models import House
from houses.newness import TOGETHER
from ihome_site.models import SiteParameter
from ihome_site.testing import day, house_of_wang, li, order_of_li, wang
from ihome_site.tests.serving import Visitor, all_at_once, serving, token
from orders.models import Order, OrderMove

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
GUARDED, UNGUARDED = "ihome_site.wsgi", "accounts.tests.uncounted_wsgi"
MANY, ROOM = 40, 10


@pytest.fixture(params=[GUARDED, UNGUARDED], ids=["guarded", "control"])
def application(request):
    return request.param


@pytest.fixture
def judge(figure, application):
    """judge(name, count): exactly ROOM with the guards on, more with them off."""

    def compare(name, count):
        if application == GUARDED:
            figure(name, count, ROOM)
            assert count == ROOM
        else:
            figure(f"control arm: {name}", count, f"> {ROOM}")
            assert count > ROOM

    return compare


def used(user, action, count):
    day = timezone.localdate()
    DayCount.objects.create(user=user, action=action, day=day, count=count)


def post_all(server, refusals, user, posts):
    """Post each (path, form) at the same moment; how many were taken, the others refused."""
    visitors = [Visitor(server, user) for _n in posts]
    answers = all_at_once(
        [
            partial(visitor.post, path, **form)
            for visitor, (path, form) in zip(visitors, posts, strict=True)
        ]
    )
    refused = [answer for answer in answers if answer.status_code != 302]
    assert {answer.status_code for answer in refused} <= refusals
    assert all(answer.headers["Retry-After"] for answer in refused)
    return len(answers) - len(refused)


def bookings(post, homes):
    used(li(), "book", 20 - ROOM)
    form = {"begin_date": day(1).isoformat(), "end_date": day(2).isoformat(), "guests": "1"}
    posts = [(f"/houses/{home.pk}/book/", form | {"token": token()}) for home in homes]
    taken = post(li(), posts)
    if taken == ROOM:
        assert Order.objects.count() == OrderMove.objects.count() == Notice.objects.count() == ROOM
    return taken


def cancellations(post, homes):
    """The first of all: nobody has a count yet."""
    orders = [order_of_li(home, begin=5, end=6, token=f"c{home.pk}") for home in homes]
    DayCount.objects.all().delete()
    post(li(), [(f"/orders/{order.number}/cancel/", {}) for order in orders])
    told = Notice.objects.filter(kind="canceled").count()
    if told == ROOM:
        assert Order.objects.filter(status="CANCELED").count() == ROOM
    return told


def form_of(home):
    names = ["title", "price", "address", "room_count", "acreage", "unit", "capacity", "beds"]
    return {name: str(getattr(home, name)) for name in names} | {"area": str(home.area_id)}


def publications(post, homes):
    """The first of all as well. Each knows how many newer homes its owner has."""
    post(wang(), [("/houses/new/", form_of(homes[0]))] * MANY)
    published = House.objects.count() - len(homes)
    if published == ROOM:
        steps = House.objects.values("newness").annotate(count=Count("pk"))
        assert max(step["count"] for step in steps) == TOGETHER
    return published


def edits(post, homes):
    used(wang(), "edit", 100 - ROOM)
    form, path = form_of(homes[0]), f"/houses/{homes[0].pk}/edit/"
    return post(wang(), [(path, form | {"beds": f"{n} 张"}) for n in range(MANY)])


def test_of_forty_at_once_ten_have_room(collected_static, application, judge):
    SiteParameter.objects.create(name="most_waiting", value="50")
    SiteParameter.objects.create(name="waiting_nights", value="3650")
    homes = [house_of_wang() for _n in range(MANY)]
    # Without their locks the homes of one owner get into each other's way on MySQL.
    refusals = {429} if application == GUARDED else {429, 503}
    with serving(application) as server:
        post = partial(post_all, server, refusals)
        for race in (bookings, publications, edits):
            judge(f"{race.__name__} of 40 at once", race(post, homes))
        Order.objects.all().update(status="REJECTED")
        judge("cancellations of 40 at once", cancellations(post, homes))
