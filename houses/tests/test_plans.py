"""How the databases find what the pages show: by their indexes, in the order asked for.

On MySQL's family every table of a query is entered by an index and nothing is sorted or copied
to a table of its own; on SQLite no table is read without one.
"""

import pytest
from django.core.management import call_command
from django.db import connection
from django.http import QueryDict
from django.utils import timezone

from houses.cards import rows
from houses.forms import HouseSearchForm
from houses.models import House, OccupiedNight
from ihome_site.testing import day
from orders.models import Order

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
HOMES = 300  # as few as the optimisers need to tell an index from a scan
STAY = f"sd={day(20).isoformat()}&ed={day(22).isoformat()}"
PLACES = ["", "aid=3&"]
SORTS = list(HouseSearchForm.SORTS)


@pytest.fixture
def town():
    call_command("loaddata", "areas", "facilities", verbosity=0)
    call_command("bulk_houses", HOMES, verbosity=0)
    tables = ", ".join(f"`{name}`" for name in connection.introspection.table_names())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else f"ANALYZE TABLE {tables}")


def searches():
    """Each kind of search by its query string, and the rows one of its pages reads."""
    for place in PLACES:
        for sort, _label in SORTS:
            for asked in (STAY, f"{STAY}&guests=4&facility=1&facility=2", "guests=4"):
                yield f"{place}sk={sort}&{asked}"


def page_of(query, first=0):
    return rows(HouseSearchForm(QueryDict(query)).results())[first : first + 25]


def queries():
    """What the pages ask, by name."""
    for query in searches():
        yield query, page_of(query)
    yield "page 50", page_of(f"aid=3&{STAY}", first=49 * 24)
    guest, house = Order.objects.values_list("guest", "house").first()
    coming = OccupiedNight.objects.held().filter(night__gte=timezone.localdate())
    yield "popular", House.objects.popular()[:5]
    yield "newest", House.objects.listed().walked("new").with_cards()[:8]
    yield "the calendar", coming.filter(house=house)
    yield "trips", Order.objects.filter(guest=guest).with_cards().newest_first()[:11]
    yield "expired requests", Order.objects.expired()[:100]


def steps(queryset):
    """Its plan: one text a step."""
    sql, params = queryset.query.sql_with_params()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
            return [row[3] for row in cursor.fetchall()]
        cursor.execute(f"EXPLAIN {sql}", params)
        return [" ".join(map(str, row[1:])) for row in cursor.fetchall()]


def is_scan(step):
    """Whether the step reads a whole table, or sorts what it read."""
    if connection.vendor == "sqlite":
        return (step.startswith("SCAN") and "USING" not in step) or "TEMP B-TREE" in step
    return " ALL " in step or "MATERIALIZED" in step or "filesort" in step


def test_every_page_walks_an_index(town):
    scans = {name: found for name, query in queries() if (found := scans_of(query))}
    assert scans == {}


def scans_of(query):
    return [step for step in steps(query) if is_scan(step)]


def test_a_scan_is_noticed(town):
    """The control arm: prices are kept in an index, titles are not."""
    assert scans_of(House.objects.order_by("title")[:25])
