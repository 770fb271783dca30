"""Many people at the same house and the same order at once, over HTTP, on both databases."""

import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from accounts.models import DayCount, User
from houses.models import House, OccupiedNight
from ihome_site.testing import day, house_of_wang, li, move_to_past, order_of_li, wang
from ihome_site.tests.serving import Visitor, all_at_once, environment, p99, serving, token
from orders.invariants import broken_rules
from orders.models import Order, OrderMove

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BUYERS, ROUNDS = 50, 20


def guests(count):
    return User.objects.bulk_create(
        User(mobile=f"137{n:08d}", name=f"房客{n}", password="!") for n in range(count)
    ) and list(User.objects.filter(mobile__startswith="137").order_by("pk"))


def race(server, house, buyers):
    """Every buyer asks for nights that overlap; their answers."""
    stays = [(1 + n % 3, 4 + n % 3) for n in range(len(buyers))]
    return all_at_once(
        [
            partial(
                buyer.post,
                f"/houses/{house.pk}/book/",
                begin_date=day(begin).isoformat(),
                end_date=day(end).isoformat(),
                guests="1",
                token=token(),
            )
            for buyer, (begin, end) in zip(buyers, stays, strict=True)
        ]
    )


def sold_twice():
    """Nights that more than one living order believes to have."""
    nights = OccupiedNight.objects.values("house", "night").annotate(n=Count("pk"))
    doubled = nights.filter(n__gt=1).count()
    for house in House.objects.all():
        seen = set()
        for order in house.orders.filter(status__in=Order.HOLDING):
            doubled += len(seen.intersection(order.nights))
            seen.update(order.nights)
    return doubled


def free_the_guests():
    """Winners may play again: a waiting request counts against its guest, and so does the day."""
    DayCount.objects.all().delete()
    for order in Order.objects.waiting():
        order.accept(order.house.owner)


def free_the_guests_unasked():
    """For a control arm, whose orders no longer fit their nights and cannot be accepted."""
    DayCount.objects.all().delete()
    Order.objects.waiting().update(status="WAIT_COMMENT")


def test_fifty_buyers_never_share_a_night(collected_static, figure):
    people = guests(BUYERS)
    answers, winners = [], []
    with serving("ihome_site.tests.held_up_wsgi") as server:
        buyers = [Visitor(server, person) for person in people]
        for _n in range(ROUNDS):
            round_answers = race(server, house_of_wang(), buyers)
            winners.append(sum(answer.status_code == 302 for answer in round_answers))
            answers += round_answers
            free_the_guests()
    losers = [answer for answer in answers if answer.status_code != 302]
    figure("nights sold twice", sold_twice(), "0")
    figure("winners in the poorest round", min(winners), "≥ 1")
    figure("5xx", sum(answer.status_code >= 500 for answer in answers), "0")
    figure("p99 seconds", round(p99(answers), 2), "≤ 2")
    assert sold_twice() == 0
    assert min(winners) >= 1
    assert {answer.status_code for answer in losers} == {409}
    assert all("已被预订" in answer.text for answer in losers)
    assert list(broken_rules()) == []


@contextmanager
def without_unique_nights():
    (constraint,) = OccupiedNight._meta.constraints
    with connection.schema_editor() as editor:
        editor.remove_constraint(OccupiedNight, constraint)
    try:
        yield
    finally:
        OccupiedNight.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(OccupiedNight, constraint)


def test_the_same_race_without_guards_sells_nights_twice(collected_static, figure):
    """The control arm: a race that cannot be lost proves nothing."""
    people = guests(BUYERS)
    with without_unique_nights():
        with serving("ihome_site.tests.unguarded_wsgi") as server:
            buyers = [Visitor(server, person) for person in people]
            for _n in range(ROUNDS):
                race(server, house_of_wang(), buyers)
                free_the_guests_unasked()
                if sold_twice():
                    break
        doubled = sold_twice()
        figure("control arm: nights sold twice", doubled, "> 0")
        assert doubled > 0


def test_one_form_sent_twenty_times_makes_one_order(collected_static, figure):
    house = house_of_wang()
    form = {"begin_date": day(1).isoformat(), "end_date": day(3).isoformat(), "token": token()}
    with serving() as server:
        visitors = [Visitor(server, li()) for _n in range(20)]
        answers = all_at_once(
            [partial(v.post, f"/houses/{house.pk}/book/", guests="1", **form) for v in visitors]
        )
    figure("orders of one form sent 20 times", Order.objects.count(), "1")
    assert Order.objects.count() == 1
    assert {(a.status_code, a.headers["Location"]) for a in answers} == {(302, "/orders/")}


def deadlocks():
    """How many MariaDB has met since it started. SQLite knows none."""
    if connection.vendor == "sqlite":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'")
        return sum(int(value) for _name, value in cursor.fetchall())


def test_accept_reject_and_cancel_at_once_have_one_winner(collected_static, figure):
    winners, errors, before = [], 0, deadlocks()
    house = house_of_wang()
    with serving() as server:
        owner = [Visitor(server, wang()) for _n in range(27)]
        guest = [Visitor(server, li()) for _n in range(13)]
        for n in range(50):
            order = order_of_li(house, 1 + 2 * n, 3 + 2 * n, token=f"t{n}")
            path = f"/orders/{order.number}"
            moves = [partial(v.post, f"{path}/accept/") for v in owner[::2]]
            moves += [partial(v.post, f"{path}/reject/", reason="修屋顶") for v in owner[1::2]]
            moves += [partial(v.post, f"{path}/cancel/") for v in guest]
            answers = all_at_once(moves)
            errors += sum(answer.status_code >= 500 for answer in answers)
            # A guest may cancel what the owner has just accepted: two moves, one after the other.
            moved = list(order.moves.values_list("before", flat=True))
            winners.append(len(moved) == len(set(moved)))
            Order.objects.filter(pk=order.pk, status="WAIT_COMMENT").update(token=f"done {n}")
    figure("orders with two winners of 50", winners.count(False), "0")
    figure("5xx among 2,000 moves", errors, "0")
    figure("deadlocks among 2,000 moves", deadlocks() - before, "0")
    assert all(winners)
    assert errors == 0
    assert deadlocks() == before
    assert list(broken_rules()) == []


def test_an_owner_in_many_tabs_blocks_and_frees_overlapping_nights(collected_static, figure):
    house, before = house_of_wang(), deadlocks()
    with serving() as server:
        tabs = [Visitor(server, wang()) for _n in range(14)]
        posts = [
            partial(
                tabs[n % len(tabs)].post,
                f"/houses/{house.pk}/calendar/",
                action=("block", "free")[n % 2],
                begin_date=day(1 + n % 7).isoformat(),
                end_date=day(15 + n % 5).isoformat(),
            )
            for n in range(112)
        ]
        answers = [answer for n in range(0, 112, 14) for answer in all_at_once(posts[n : n + 14])]
    figure("calendar changes of 112 that did not succeed", 112 - len(done(answers)), "0")
    figure("deadlocks among 112 calendar changes", deadlocks() - before, "0")
    assert len(done(answers)) == 112
    assert deadlocks() == before


def done(answers):
    return [answer for answer in answers if answer.status_code == 302]


def test_tidying_twice_at_once_cancels_each_dead_request_once(figure):
    dead = [order_of_li(house_of_wang(), guest=person) for person in guests(30)]
    Order.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    outputs = all_at_once([expire_orders] * 2)
    tidied = sum(int(output.split()[1]) for output in outputs)
    figure("requests tidied by two runs at once", tidied, len(dead))
    assert tidied == len(dead)
    assert OrderMove.objects.filter(action="expire").count() == len(dead)
    assert list(broken_rules()) == []


def expire_orders():
    """The command in a process of its own; what it printed."""
    command = [sys.executable, "manage.py", "expire_orders"]
    return subprocess.check_output(command, env=environment(), text=True, cwd=settings.BASE_DIR)


def test_two_hundred_reviews_at_once_are_all_counted(collected_static, figure):
    house = house_of_wang()
    orders = []
    for n, person in enumerate(guests(200)):
        order = order_of_li(house, 1 + n, 2 + n, token="t", guest=person)
        order.accept(wang())
        orders.append(move_to_past(order, days=202))
    with serving() as server:
        visitors = [(Visitor(server, order.guest), order) for order in orders]
        for start in range(0, 200, 50):
            answers = all_at_once(
                [
                    partial(v.post, f"/orders/{o.number}/review/", stars=str(1 + n % 5), text="好")
                    for n, (v, o) in enumerate(visitors[start : start + 50])
                ]
            )
            assert {answer.status_code for answer in answers} == {302}
    house.refresh_from_db()
    figure("reviews counted of 200", house.review_count, "200")
    assert (house.order_count, house.review_count, house.star_total) == (200, 200, 600)
    assert list(broken_rules()) == []
