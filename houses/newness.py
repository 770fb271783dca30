"""The order of 最新上架, in which no owner fills a page.

An owner's three newest listed homes stand before everybody's fourth to sixth, those before
everybody's seventh to ninth, and so on; beside each other homes stand by their age. So an owner
who publishes sixty at once has three on the first page, as long as others have any. Each home
knows its step, in the whole city and in its district, for a page is a walk along an index.
"""

import logging
from collections import Counter, defaultdict
from functools import partial
from itertools import groupby
from operator import itemgetter

from django.db import Error, connection, models
from django.utils.translation import gettext_lazy

from houses.caching import order_changed
from ihome_site import caching
from ihome_site.locking import durable
from ihome_site.paging import Page
from ihome_site.refusals import Busy

logger = logging.getLogger("ihome.site")
TOGETHER = 3  # homes of one owner: one row of a wide page shows others as well
BATCH = 1000  # rows of one UPDATE


class Newness(models.Model):
    """0 for the owner's newest, -1 for the next, and so on: all of the index is walked backwards.

    Kept for listed homes alone. db_default: the release before this one adds rows as well.
    """

    newness = models.SmallIntegerField(
        gettext_lazy("新房源的批次"), default=0, db_default=0, editable=False
    )
    area_newness = models.SmallIntegerField(
        gettext_lazy("在城区里的批次"), default=0, db_default=0, editable=False
    )

    class Meta:
        abstract = True

    @classmethod
    def renumber(cls, owner_id):
        """To be called when a home of this owner was listed, unlisted, moved or deleted.

        It happens after the commit: a transaction that holds one home must not wait for others.
        After the marks, too, or pages would show what was taken off for as long as it waits.
        """
        caching.on_commit(partial(number_anew, cls.objects.filter(owner=owner_id)))


def number_anew(houses):
    """write_steps, again after a conflict. An order that stays old for once harms nobody, a
    failure here what comes after the commit as well."""
    try:
        number = write_locked if connection.in_atomic_block else durable(write_locked)
        if areas := number(houses):
            order_changed(*areas)
    except (Busy, Error) as error:
        logger.warning("the newest homes keep their order for now: %r", error)


def write_locked(houses):
    """Of two homes published at once the second counts the first as well."""
    list(houses.select_for_update().order_by("pk").values_list("pk"))
    return write_steps(houses)


def write_steps(houses):
    """Give the listed ones of `houses`, which has all of an owner's or none, their steps.

    Returns the districts in which a home has another one now.
    """
    rows = houses.filter(is_listed=True).order_by("owner_id", "-created_at", "-pk")
    columns = rows.values_list("owner_id", "pk", "area_id", "newness", "area_newness")
    moved, areas = defaultdict(list), set()
    for _owner, homes in groupby(columns.iterator(chunk_size=5000), lambda row: row[0]):
        for pk, area, before, after in steps(homes):
            if before != after:
                moved[after].append(pk)
                areas.add(area)
    for (newness, area_newness), pks in moved.items():
        for start in range(0, len(pks), BATCH):
            some = houses.model._base_manager.filter(pk__in=pks[start : start + BATCH])
            some.update(newness=newness, area_newness=area_newness)
    return areas


def steps(homes):
    """(pk, district, its steps, the steps it should have) of one owner's homes, newest first."""
    in_area = Counter()
    for place, (_owner, pk, area, *before) in enumerate(homes):
        yield pk, area, tuple(before), (-(place // TOGETHER), -(in_area[area] // TOGETHER))
        in_area[area] += 1


class NewestPage(Page):
    """A page of 最新上架, whose rows end with their owner.

    Where one step ends and the next begins an owner could stand twice, also when a page ends
    there: `apart` mends that alike for both pages. What filters leave of the steps may have longer
    rows of one owner; those are spread over their page.
    """

    before, after = 2 * TOGETHER + 1, TOGETHER

    def __init__(self, rows, number, size):
        super().__init__(rows, number, size)
        self.items = spread(self.items, owner_of_row)

    def arrange(self, rows):
        return apart(rows, owner_of_row)


owner_of_row = itemgetter(-1)


def apart(rows, owner_of):
    """The rows with the first home of the next owner between two TOGETHER of one.

    Where a row stands depends on 2 × TOGETHER + 1 rows before and TOGETHER after it alone.
    """
    owners, done = [owner_of(row) for row in rows], list(rows)
    for place in range(TOGETHER, len(rows)):
        owner = owners[place]
        is_fourth = owners[place - TOGETHER : place] == [owner] * TOGETHER
        begins_here = place == TOGETHER or owners[place - TOGETHER - 1] != owner
        if is_fourth and begins_here:
            near = range(place + 1, min(place + TOGETHER + 1, len(rows)))
            if other := next((n for n in near if owners[n] != owner), None):
                done[place : other + 1] = [rows[other], *rows[place:other]]
    return done


def spread(rows, owner_of):
    """The rows of one page, those of one owner at most TOGETHER in a row while others follow."""
    rest, done = list(rows), []
    while rest:
        last = {owner_of(row) for row in done[-TOGETHER:]}
        full = len(done) >= TOGETHER and len(last) == 1
        others = (n for n, row in enumerate(rest) if not full or owner_of(row) not in last)
        done.append(rest.pop(next(others, 0)))
    return done
