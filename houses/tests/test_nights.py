"""The calendar of a house against a plain Python set, and its edges."""

from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from houses.models import House, OccupiedNight, StayError, nights
from ihome_site.testing import chen, day, house_of_wang, order_of_li
from orders.models import Order

pytestmark = pytest.mark.django_db
BOOKED = OccupiedNight.Kind.BOOKED
offsets = st.integers(0, 12)
lengths = st.integers(1, 5)
holders = st.sampled_from("ABCDE")


class Calendar(RuleBasedStateMachine):
    """Occupies, releases, blocks and frees at will; a dict says what must come out."""

    def __init__(self):
        super().__init__()
        self.house = house_of_wang()
        self.held = {}  # night → holder, "" when blocked

    @rule(start=offsets, length=lengths, holder=holders)
    def occupy(self, start, length, holder):
        wanted = nights(day(start), day(start + length))
        expected = not any(night in self.held for night in wanted)
        try:
            self.house.occupy(day(start), day(start + length), BOOKED, holder)
        except StayError:
            assert not expected
        else:
            assert expected
            self.held |= dict.fromkeys(wanted, holder)

    @rule(start=offsets, length=lengths)
    def occupy_for_a_moment(self, start, length):
        """A hold that has expired is as good as none, for readers and the next writer."""
        wanted = nights(day(start), day(start + length))
        if not any(night in self.held for night in wanted):
            past = timezone.now() - timedelta(seconds=1)
            self.house.occupy(day(start), day(start + length), BOOKED, "gone", past)

    @rule(holder=holders)
    def release(self, holder):
        self.house.release(holder)
        self.held = {night: who for night, who in self.held.items() if who != holder}

    @rule(start=offsets, length=lengths)
    def block(self, start, length):
        wanted = nights(day(start), day(start + length))
        expected = not any(self.held.get(night) for night in wanted)
        try:
            House.block(self.house.pk, day(start), day(start + length))
        except StayError:
            assert not expected
        else:
            assert expected
            self.held |= dict.fromkeys(wanted, "")

    @rule(start=offsets, length=lengths)
    def free(self, start, length):
        span = nights(day(start), day(start + length))
        freed = self.house.free(day(start), day(start + length))
        mine = [night for night in span if self.held.get(night) == ""]
        assert freed == len(mine)
        for night in mine:
            del self.held[night]

    @invariant()
    def the_calendar_says_the_same(self):
        assert self.house.nights.dates(day(0), day(30)) == set(self.held)

    @invariant()
    def search_says_the_same(self):
        mine = House.objects.filter(pk=self.house.pk)
        for start in (0, 3, 7):
            free = not any(night in self.held for night in nights(day(start), day(start + 2)))
            assert mine.free_between(day(start), day(start + 2)).exists() == free


def test_the_calendar_agrees_with_a_plain_dict():
    quick = settings(
        max_examples=25,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Calendar, settings=quick)


def test_nights_are_half_open():
    assert nights(date(2028, 2, 28), date(2028, 3, 1)) == [date(2028, 2, 28), date(2028, 2, 29)]


@pytest.mark.parametrize(
    ("begin", "end", "sentence"),
    [(-1, 1, "过去"), (2, 2, "晚于"), (3, 2, "晚于"), (364, 366, "最远")],
)
def test_only_a_span_from_today_to_the_horizon_can_be_blocked_or_freed(begin, end, sentence):
    house = house_of_wang()
    with pytest.raises(StayError, match=sentence):
        House.block(house.pk, day(begin), day(end))
    with pytest.raises(StayError, match=sentence):
        house.free(day(begin), day(end))


def test_blocking_a_booked_night_is_refused_and_keeps_the_blocks():
    house = house_of_wang()
    House.block(house.pk, day(1), day(2))
    order_of_li(house, 2, 3)
    with pytest.raises(StayError):
        House.block(house.pk, day(1), day(4))
    assert house.nights.dates(day(0), day(9)) == {day(1), day(2)}


def test_freeing_leaves_booked_nights():
    house = house_of_wang()
    order_of_li(house, 2, 3)
    assert house.free(day(0), day(9)) == 0
    assert house.nights.count() == 1


# (now in Shanghai, check-in, check-out, min, max, may be booked)
EDGES = [
    ("2026-11-20 00:00", "2026-11-20", "2026-11-21", 1, 0, True),
    ("2026-11-20 23:59", "2026-11-20", "2026-11-21", 1, 0, True),
    ("2026-11-21 00:00", "2026-11-20", "2026-11-21", 1, 0, False),
    ("2026-11-20 12:00", "2026-11-19", "2026-11-20", 1, 0, False),
    ("2026-11-20 12:00", "2026-11-19", "2026-11-22", 1, 0, False),
    ("2026-11-20 12:00", "2026-11-20", "2026-11-20", 1, 0, False),
    ("2026-11-20 12:00", "2026-11-22", "2026-11-21", 1, 0, False),
    ("2026-11-20 12:00", "2027-11-19", "2027-11-20", 1, 0, True),
    ("2026-11-20 12:00", "2027-11-20", "2027-11-21", 1, 0, False),
    ("2026-11-20 12:00", "2026-11-20", "2027-11-20", 1, 0, True),
    ("2026-11-20 12:00", "2026-11-20", "2027-11-21", 1, 0, False),
    ("2028-02-28 12:00", "2028-02-29", "2028-03-01", 1, 0, True),
    ("2028-02-28 12:00", "2028-02-28", "2028-03-01", 2, 2, True),
    ("2028-02-28 12:00", "2028-02-28", "2028-03-01", 3, 0, False),
    ("2028-02-29 00:00", "2028-02-29", "2028-03-01", 1, 0, True),
    ("2028-03-01 00:00", "2028-02-29", "2028-03-01", 1, 0, False),
    ("2028-02-29 12:00", "2029-02-27", "2029-02-28", 1, 0, True),
    ("2028-02-29 12:00", "2029-02-28", "2029-03-01", 1, 0, False),
    ("2026-12-31 23:59", "2026-12-31", "2027-01-01", 1, 0, True),
    ("2027-01-01 00:00", "2026-12-31", "2027-01-01", 1, 0, False),
    ("2026-11-20 12:00", "2026-12-30", "2027-01-02", 3, 3, True),
    ("2026-11-20 12:00", "2026-12-30", "2027-01-02", 4, 0, False),
    ("2026-11-20 12:00", "2026-12-30", "2027-01-02", 1, 2, False),
    ("2026-11-20 12:00", "2026-12-01", "2026-12-08", 7, 7, True),
    ("2026-11-20 12:00", "2026-12-01", "2026-12-07", 7, 0, False),
    ("2026-11-20 12:00", "2026-12-01", "2026-12-09", 1, 7, False),
    # Nights of the 1st and 2nd are Chen's in these: turnover on the 1st and the 3rd.
    ("2026-11-20 12:01", "2027-04-03", "2027-04-05", 1, 0, True),
    ("2026-11-20 12:01", "2027-03-30", "2027-04-01", 1, 0, True),
    ("2026-11-20 12:01", "2027-04-02", "2027-04-04", 1, 0, False),
    ("2026-11-20 12:01", "2027-03-31", "2027-04-02", 1, 0, False),
    ("2026-11-20 12:01", "2027-03-31", "2027-04-04", 1, 0, False),
]


@pytest.mark.parametrize(("now", "begin", "end", "least", "most", "allowed"), EDGES)
def test_the_edges_of_the_calendar(now, begin, end, least, most, allowed):
    with time_machine.travel(f"{now}:00+08:00", tick=False):
        house = house_of_wang(min_days=least, max_days=most)
        if now.endswith("12:01"):
            house.occupy(date(2027, 4, 1), date(2027, 4, 3), BOOKED, "CHEN")
        stay = date.fromisoformat(begin), date.fromisoformat(end)
        if allowed:
            assert Order.place(house.pk, chen(), *stay, 1, "t").days == (stay[1] - stay[0]).days
        else:
            with pytest.raises(StayError):
                Order.place(house.pk, chen(), *stay, 1, "t")
