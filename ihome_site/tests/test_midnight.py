"""The day changes at midnight in Shanghai, whatever zone the machine is in."""

import os
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from houses.calendar import month_table
from houses.models import StayError, nights
from ihome_site.testing import client_of, house_of_wang, li, order_of_li, wang

pytestmark = pytest.mark.django_db
BEFORE = datetime(2027, 3, 14, 15, 59, 30, tzinfo=UTC)  # the 14th, 23:59:30 in Shanghai
AFTER = datetime(2027, 3, 14, 16, 0, 30, tzinfo=UTC)  # the 15th, 00:00:30
ZONES = ["UTC", "America/Los_Angeles", "Pacific/Kiritimati"]


@pytest.fixture(params=ZONES)
def elsewhere(request, monkeypatch):
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def may_begin(house, begin):
    try:
        house.check_stay(begin, date(2027, 3, 20), 1, guest=None)
    except StayError:
        return False
    return True


@pytest.mark.parametrize(("moment", "today"), [(BEFORE, 14), (AFTER, 15)])
def test_a_stay_may_begin_today_in_shanghai(elsewhere, moment, today):
    house = house_of_wang()
    with time_machine.travel(moment, tick=False):
        assert timezone.localdate() == date(2027, 3, today)
        assert [may_begin(house, date(2027, 3, day)) for day in (14, 15)] == [today == 14, True]
        query = f"sd=2027-03-{today}&ed=2027-03-20"
        assert "已经过去" not in Client().get(f"/houses/?{query}").content.decode()
        page = Client().get("/houses/?sd=2027-03-13&ed=2027-03-20").content.decode()
        assert "已经过去" in page


def test_cancelling_ends_and_reviewing_begins_at_midnight_in_shanghai(elsewhere):
    with time_machine.travel(datetime(2027, 3, 13, 4, tzinfo=UTC)):
        order = order_of_li(house_of_wang(), 2, 3)  # the night of the 15th
        order.accept(wang())
    path = f"/orders/{order.number}/"
    with time_machine.travel(BEFORE):
        assert order.can_cancel
        assert client_of(li()).get(path).status_code == 200
    with time_machine.travel(AFTER):
        assert not order.can_cancel
        assert client_of(li()).post(f"{path}cancel/").status_code == 409
    with time_machine.travel(datetime(2027, 3, 15, 15, 59, tzinfo=UTC)):
        assert not order.can_review
    with time_machine.travel(datetime(2027, 3, 15, 16, 1, tzinfo=UTC)):
        assert order.can_review
        form = {"stars": "5", "text": "好"}
        assert client_of(li()).post(f"{path}review/", form).status_code == 302


def test_a_server_process_keeps_shanghais_time_wherever_it_stands():
    code = "import datetime; from django.utils import timezone;"
    code += (
        "print(timezone.localtime().utcoffset(), datetime.datetime.now().astimezone().utcoffset())"
    )
    for zone in ZONES:
        done = subprocess.run(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
            env=os.environ | {"TZ": zone},
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == ["8:00:00", "8:00:00"]


def test_a_stay_over_the_29th_of_february():
    with time_machine.travel(datetime(2028, 2, 20, 4, tzinfo=UTC)):
        order = order_of_li(house_of_wang(price=Decimal("0.29")), 8, 10)
        assert (order.begin_date, order.end_date) == (date(2028, 2, 28), date(2028, 3, 1))
        assert (order.days, order.amount) == (2, Decimal("0.58"))
        assert order.nights == [date(2028, 2, 28), date(2028, 2, 29)]
        table = month_table(date(2028, 2, 1), set(order.nights))
        taken = [cell["date"].day for week in table["weeks"] for cell in week if is_taken(cell)]
        assert taken == [28, 29]
    assert nights(date(2027, 2, 28), date(2027, 3, 1)) == [date(2027, 2, 28)]
    assert Client().get("/houses/?sd=2027-02-29&ed=2027-03-02").status_code == 200


def is_taken(cell):
    return cell is not None and cell["kind"] == "taken"
