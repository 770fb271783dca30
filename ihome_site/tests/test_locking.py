import pytest
from django.db import OperationalError

from houses.models import House
from ihome_site import locking
from ihome_site.refusals import Busy
from ihome_site.testing import client_of, day, house_of_wang, li
from orders.models import Order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(locking.time, "sleep", lambda seconds: None)


def failing(times, error):
    """A durable function that meets `error` so many times before it succeeds."""
    calls = []

    @locking.durable
    def work():
        calls.append(1)
        if len(calls) <= times:
            raise error
        return len(calls)

    return work


CONFLICTS = [
    OperationalError(1213, "Deadlock found"),
    OperationalError(1205, "Lock wait timeout exceeded"),
    OperationalError(1020, "Record has changed since last read"),
    OperationalError("database is locked"),
]


@pytest.mark.parametrize("error", CONFLICTS, ids=str)
def test_a_conflict_is_tried_again_three_times(error):
    assert failing(3, error)() == 4
    with pytest.raises(Busy):
        failing(4, error)()


def test_any_other_error_is_not_tried_again():
    with pytest.raises(OperationalError, match="gone away"):
        failing(1, OperationalError(2006, "Server has gone away"))()


def deadlock(pk):
    raise OperationalError(1213, "Deadlock found")


def test_a_booking_that_never_gets_through_answers_503_and_when_to_try_again(monkeypatch):
    house = house_of_wang()
    monkeypatch.setattr(House, "lock", deadlock)
    form = {
        "begin_date": day(1).isoformat(),
        "end_date": day(2).isoformat(),
        "guests": "1",
        "token": "t",
    }
    answer = client_of(li()).post(f"/houses/{house.pk}/book/", form)
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert "再试一次" in answer.content.decode()
    assert not Order.objects.exists()


def test_what_was_done_before_a_conflict_is_undone():
    house = house_of_wang()

    @locking.durable
    def rename_then_meet_a_deadlock():
        House.objects.update(title="half done")
        raise OperationalError(1213, "Deadlock found")

    with pytest.raises(Busy):
        rename_then_meet_a_deadlock()
    house.refresh_from_db()
    assert house.title == "鼓楼边的小院"
