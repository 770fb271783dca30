"""Server processes that die while booking leave whole orders or none."""

import os
import secrets
import signal
import threading
import time
from functools import partial

import pytest
import requests

from ihome_site.testing import day, house_of_wang
from ihome_site.tests.serving import Visitor, all_at_once, serving, token
from orders.invariants import broken_rules
from orders.models import Order
from orders.tests.test_races import free_the_guests, free_the_guests_unasked, guests

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
KILLS, BUYERS = 100, 8


def kill_soon(server):
    """Kill one of the server's processes somewhere within a booking's time."""
    time.sleep(secrets.randbelow(60) / 1000)
    for pid in server.worker_pids()[:1]:
        os.kill(pid, signal.SIGKILL)


def book(visitor, house, offset):
    """The answer's status, None when the server died over it."""
    stay = {"begin_date": day(offset).isoformat(), "end_date": day(offset + 3).isoformat()}
    try:
        path = f"/houses/{house.pk}/book/"
        return visitor.post(path, guests="1", token=token(), **stay).status_code
    except requests.RequestException:
        return None


def rounds_of_booking(server, visitors):
    """Rounds in each of which a process is killed; yields the statuses of each round."""
    for _n in range(KILLS):
        house = house_of_wang()
        killer = threading.Thread(target=kill_soon, args=[server])
        killer.start()
        yield all_at_once([partial(book, v, house, 1 + 2 * n) for n, v in enumerate(visitors)])
        killer.join()


def test_invariants_hold_after_each_of_a_hundred_kills(collected_static, figure):
    unclean, statuses = 0, []
    people = guests(BUYERS)
    with serving(threads=4) as server:
        for answers in rounds_of_booking(server, [Visitor(server, each) for each in people]):
            statuses += answers
            unclean += bool(list(broken_rules()))
            free_the_guests()
    figure("kills that left something broken", unclean, "0 of 100")
    figure("requests that died with their process", statuses.count(None), "> 0")
    assert unclean == 0
    assert statuses.count(None) > 0
    assert Order.objects.count() > 0
    assert set(statuses) <= {None, 302, 409}


def test_without_transactions_a_kill_breaks_something(collected_static, figure):
    """The control arm."""
    people = guests(BUYERS)
    with serving("ihome_site.tests.unguarded_wsgi", threads=4) as server:
        visitors = [Visitor(server, each) for each in people]
        kills = 0
        for _answers in rounds_of_booking(server, visitors):
            kills += 1
            if list(broken_rules()):
                break
            free_the_guests_unasked()
        broken = list(broken_rules())
    figure("control arm: kills until something broke", kills, "≤ 100")
    assert broken
