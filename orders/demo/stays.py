"""Stays of the past and what the guests wrote about them."""

from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.utils import timezone

from accounts.limits import new_day
from houses.models import House, OccupiedNight, nights
from ihome_site.locking import durable
from orders.demo import content, dice, save_as_it_was
from orders.models import Order, OrderMove, Review, expiry

LEAD = 9  # days at most between booking and arrival
ACCEPTED_AFTER = timedelta(hours=3)


class Stay(NamedTuple):
    begin: date
    count: int  # nights
    people: int

    @property
    def end(self):
        return self.begin + timedelta(days=self.count)


class Diary:
    """Which nights each guest sleeps away, and since when each house is taken."""

    def __init__(self):
        self.away = defaultdict(set)
        self.taken_from = {}

    def enter(self, guest, house, stay):
        self.away[guest].update(nights(stay.begin, stay.end))
        earliest = self.taken_from.get(house, timezone.localdate())
        self.taken_from[house] = min(earliest, stay.begin)

    def guest_for(self, stay, guests, first):
        """The first of the guests, counted from place `first`, who is not away already."""
        turned = guests[first:] + guests[:first]
        wanted = set(nights(stay.begin, stay.end))
        return next((guest for guest in turned if not self.away[guest] & wanted), turned[0])


class Sentences:
    """Deals out the reviews of reviews.json: none twice to one house, all equally often."""

    def __init__(self):
        self.rows = content("reviews")
        self.used = Counter()

    def deal(self, themes, count):
        """`count` rows that fit a home of these themes."""
        fitting = [row for row in self.rows if row.get("theme") in [None, *themes]]
        fitting.sort(key=lambda row: (self.used[row["text"]], dice(1000, *themes, row["text"])))
        for row in fitting[:count]:
            self.used[row["text"]] += 1
            # A second owner giving the very same answer would look odd.
            yield row if self.used[row["text"]] == 1 else {**row, "answer": ""}


def make_history(cast, diary):
    """Completed and reviewed stays, as many a home as homes.json says. Yields each order."""
    houses = {house.title: house for house in House.objects.filter(owner__in=cast.owners)}
    sentences = Sentences()
    # The much visited homes first: theirs are the sentences with an answer.
    for row in sorted(content("homes"), key=lambda row: -row["stays"]):
        house = houses[row["title"]]
        dealt = sentences.deal(row["themes"], row["stays"])
        before = diary.taken_from.get(house, timezone.localdate())
        for stay, sentence in zip(past_stays(house, row["stays"], before), dealt, strict=True):
            seed = house.title, str(stay.count), sentence["text"]
            guest = diary.guest_for(stay, cast.guests, dice(len(cast.guests), *seed))
            lead = timedelta(days=1 + dice(LEAD, *seed))
            order = record_stay(house, guest, stay, moment(stay.begin - lead, *seed))
            diary.enter(guest, house, stay)
            review(order, sentence, moment(stay.end, "review", *seed))
            yield order


def past_stays(house, count, before):
    """Yield `count` stays, newest first, strewn over the time the house has been online."""
    online = before - timezone.localdate(house.created_at) - timedelta(days=LEAD + 1)
    spell = online.days // max(count, 1)  # a stay and the empty nights after it
    end = before - timedelta(days=1)
    for place in range(count):
        seed = house.title, place
        length = min(house.min_days + dice(3, "nights", *seed), spell)
        end -= timedelta(days=dice(spell - length + 1, "gap", *seed))
        begin = end - timedelta(days=length)
        yield Stay(begin, length, 1 + dice(house.capacity, "people", *seed))
        end = begin


def moment(day, *seed):
    """Some minute of the day between 9 and 21 o'clock."""
    clock = time(9 + dice(12, "hour", *seed), dice(60, "minute", *seed))
    return timezone.make_aware(datetime.combine(day, clock))


@durable
def record_stay(house, guest, stay, placed_at):
    """An accepted stay that has begun already.

    Order.place rightly refuses dates that have passed, so the rows that place() and accept()
    would have left are written here. Only the demonstration does this.
    """
    house = House.lock(house.pk)
    accepted_at = placed_at + ACCEPTED_AFTER
    order = Order(
        guest=guest,
        house=house,
        title=house.title,
        price=house.price,
        begin_date=stay.begin,
        end_date=stay.end,
        days=stay.count,
        amount=house.price * stay.count,
        guests=stay.people,
        status=Order.Status.WAIT_COMMENT,
        expires_at=expiry(placed_at, stay.begin),
        accepted_at=accepted_at,
        created_at=placed_at,
        updated_at=accepted_at,
    )
    order.token = f"demo-{order.number}"
    house.occupy(stay.begin, stay.end, OccupiedNight.Kind.BOOKED, order.number)
    save_as_it_was(order)
    waiting, accepted = Order.Status.WAIT_ACCEPT, Order.Status.WAIT_COMMENT
    note_move(order, placed_at, action="place", actor=guest, after=waiting)
    note_move(
        order, accepted_at, action="accept", actor=house.owner, before=waiting, after=accepted
    )
    return order


def note_move(order, at, **fields):
    save_as_it_was(OrderMove(order=order, created_at=at, updated_at=at, **fields))


def review(order, row, at):
    """Let the guest review the stay as if at the moment `at`, and the owner answer."""
    new_day(order.guest, order.house.owner)
    written = order.write_review(order.guest, row["stars"], row["text"])
    then = {"created_at": at, "updated_at": at}
    if row.get("answer"):
        written.give_answer(row["answer"])
        Review.objects.filter(pk=written.pk).update(answered_at=at + timedelta(hours=2))
    Review.objects.filter(pk=written.pk).update(**then)
    order.moves.filter(action=OrderMove.Action.REVIEW).update(**then)
    Order.objects.filter(pk=order.pk).update(completed_at=at, updated_at=at)
