"""最新上架 shows every owner: three homes of one, then others', on every page each home once."""

import re
from datetime import timedelta
from importlib import import_module
from itertools import chain, pairwise

import pytest
from django.apps import apps
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from houses.models import Area, House
from houses.newness import TOGETHER, spread
from houses.search_page import PAGE
from ihome_site.testing import client_of, day, house_of_wang, wang

pytestmark = pytest.mark.django_db
LINK = re.compile(r'house-card__title"><a href="/houses/([0-9]+)/')


def homes_of(owner, count, **changes):
    return [house_of_wang(owner=owner, **changes) for _n in range(count)]


def neighbours(count):
    return [User.objects.create_user(f"137{n:08d}") for n in range(count)]


@pytest.fixture
def town():
    """Sixty of Wang's homes, newer than the ten of ten others."""
    for owner in neighbours(10):
        house_of_wang(owner=owner)
    homes_of(wang(), 60)


def shown(client, **query):
    """The ids of the homes on a page, in its order."""
    return [int(pk) for pk in LINK.findall(client.get("/houses/", query).content.decode())]


def owners_of(pks):
    owners = dict(House.objects.values_list("pk", "owner"))
    return [owners[pk] for pk in pks]


def longest_run(owners):
    runs = [1]
    for before, owner in pairwise(owners):
        runs.append(runs[-1] + 1 if owner == before else 1)
    return max(runs)


def agrees():
    """Whether every listed home has the step it should have."""
    before = list(House.objects.order_by("pk").values_list("pk", "newness", "area_newness"))
    for owner in User.objects.all():
        House.renumber(owner.pk)
    return before == list(House.objects.order_by("pk").values_list("pk", "newness", "area_newness"))


@pytest.mark.parametrize("district", [False, True])
def test_the_first_page_shows_everybody(client, town, district):
    owners = owners_of(shown(client, **({"aid": Area.objects.get().pk} if district else {})))
    assert len(owners) == PAGE
    assert owners[:TOGETHER] == [wang().pk] * TOGETHER  # the newest come first
    assert len(set(owners[: TOGETHER + 10])) == 11
    assert longest_run(owners[: TOGETHER + 10]) == TOGETHER


def test_over_the_pages_each_home_comes_once(client, town):
    pages = [shown(client, p=n) for n in range(1, 5)]
    assert [len(page) for page in pages] == [24, 24, 22, 0]
    assert sorted(chain(*pages)) == sorted(House.objects.values_list("pk", flat=True))


def test_the_home_page_shows_others_too(client, town):
    owners = owners_of([int(pk) for pk in LINK.findall(client.get("/").content.decode())])
    assert owners.count(wang().pk) == TOGETHER
    assert longest_run(owners) == TOGETHER


def test_owners_of_many_homes_take_turns(client):
    chen, zhou = neighbours(2)
    for owner in (chen, zhou):
        homes_of(owner, 6)
    owners = owners_of(shown(client))
    assert owners == [zhou.pk] * 3 + [chen.pk] * 3 + [zhou.pk] * 3 + [chen.pk] * 3


def test_a_district_has_its_own_turns(client):
    """Whose older homes lie elsewhere is not kept back where there are only these."""
    west = Area.objects.create(name="西城区")
    old = homes_of(wang(), 1, area=west)[0]
    homes_of(wang(), 6)
    other = house_of_wang(owner=neighbours(1)[0], area=west)
    House.objects.filter(pk=other.pk).update(created_at=timezone.now() - timedelta(days=9))
    assert shown(client, aid=west.pk) == [old.pk, other.pk]
    assert shown(client)[3] == other.pk


def test_other_orders_and_the_owners_own_list_stay_as_they_are(client, town):
    cheap = homes_of(wang(), 5, price=9)
    assert shown(client, sk="price-inc")[:5] == [home.pk for home in cheap]
    page = client_of(wang()).get("/houses/mine/").context_data["page"]
    assert [home.pk for home in page] == sorted(
        wang().houses.values_list("pk", flat=True), reverse=True
    )[:PAGE]


def test_with_dates_guests_and_narrow_prices_too(client, town):
    stay = {"sd": day(1).isoformat(), "ed": day(2).isoformat(), "guests": 2}
    for query in (stay, {"price_min": "1"}, {"q": "鼓楼"}):
        assert len(set(owners_of(shown(client, **query)))) == 11, query


def test_every_way_a_home_comes_or_goes_counts_anew(client):
    operator = User.objects.create_superuser("13900000009", "x")
    homes = homes_of(wang(), 7)
    assert [home.newness for home in House.objects.order_by("-pk")] == [0, 0, 0, -1, -1, -1, -2]
    steps = [
        lambda: client_of(wang()).post(f"/houses/{homes[6].pk}/unlist/"),
        lambda: client_of(wang()).post(f"/houses/{homes[6].pk}/list/"),
        lambda: House.objects.get(pk=homes[5].pk).hold(operator, "有人投诉"),
        lambda: House.objects.get(pk=homes[4].pk).refuse(operator, "照片里看不到房间"),
        lambda: House.objects.get(pk=homes[4].pk).approve(operator),
        lambda: House.objects.get(pk=homes[3].pk).delete(),
    ]
    for step in steps:
        step()
        assert agrees()
    listed = House.objects.listed().order_by("-pk").values_list("newness", flat=True)
    assert list(listed) == [0, 0, 0, -1, -1]


def form_of(house, **changes):
    names = ["title", "price", "address", "room_count", "acreage", "unit", "capacity", "beds"]
    return {name: getattr(house, name) for name in names} | {"area": house.area_id} | changes


def test_moving_to_another_district_counts_anew():
    homes = homes_of(wang(), 4)
    west = Area.objects.create(name="西城区")
    form = form_of(homes[0], area=west.pk)
    assert client_of(wang()).post(f"/houses/{homes[0].pk}/edit/", form).status_code == 302
    homes[0].refresh_from_db()
    assert (homes[0].newness, homes[0].area_newness) == (-1, 0)
    assert agrees()


def test_operators_who_give_a_home_to_another_owner_count_anew():
    homes = homes_of(wang(), 4)
    other = neighbours(1)[0]
    inline = {f"images-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    form = form_of(homes[3], owner=other.pk, deposit="0", min_days="1", max_days="0") | inline
    client = client_of(User.objects.create_superuser("13900000009", "x"))
    answer = client.post(f"/admin/houses/house/{homes[3].pk}/change/", form)
    assert answer.status_code == 302
    assert House.objects.get(pk=homes[3].pk).owner == other
    assert agrees()


def test_the_migration_numbers_what_is_there(town):
    right = list(House.objects.order_by("pk").values_list("newness", "area_newness"))
    House.objects.update(newness=0, area_newness=0)
    import_module("houses.migrations.0005_newest_by_turns").number(apps, None)
    assert list(House.objects.order_by("pk").values_list("newness", "area_newness")) == right


def test_homes_made_in_bulk_have_their_steps():
    call_command("loaddata", "areas", "facilities", verbosity=0)
    call_command("bulk_houses", 60, verbosity=0)
    assert House.objects.filter(newness__lt=-1).exists()
    assert agrees()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("AAA", "AAA"),
        ("AAAA", "AAAA"),
        ("AAAAB", "AAABA"),
        ("CAAAAAABBC", "CAAABAAABC"),
        ("AAAAAAAAB", "AAABAAAAA"),
        ("ABABAB", "ABABAB"),
    ],
)
def test_where_two_steps_meet_nobody_stands_twice(before, after):
    assert "".join(spread(before, str)) == after


def test_a_page_where_two_steps_meet(client):
    """Wang's newest three are the oldest of their step, the next three the newest of theirs."""
    chen = neighbours(1)[0]
    homes = homes_of(wang(), 6)
    homes_of(chen, 6)
    old = timezone.now() - timedelta(days=9)
    House.objects.filter(owner=chen, newness=-1).update(created_at=old)
    assert agrees()
    owners = owners_of(shown(client))
    assert sorted(owners) == sorted([chen.pk] * 6 + [wang().pk] * 6)
    assert longest_run(owners) == TOGETHER, owners
    assert len(homes) == 6


@pytest.mark.parametrize("shift", range(-4, 8))
def test_two_steps_that_meet_where_a_page_ends(client, shift):
    """Wang's six stand in the middle of all, wherever the page ends; each home comes once."""
    others = neighbours(10)
    for owner in others:
        homes_of(owner, 6)
    homes_of(wang(), 6)
    newest = timezone.now()
    House.objects.filter(owner=wang(), newness=0).update(created_at=newest - timedelta(days=3))
    House.objects.filter(owner=wang(), newness=-1).update(created_at=newest - timedelta(days=4))
    House.objects.filter(newness=-1).exclude(owner=wang()).update(
        created_at=newest - timedelta(days=9)
    )
    gone = House.objects.filter(newness=0).exclude(owner=wang()).order_by("-pk")
    for house in gone[: 9 - shift]:  # 30 before Wang's; 24 − 3 of them bring both to the page's end
        House.objects.filter(pk=house.pk).update(is_listed=False)
    pages = [shown(client, p=n) for n in (1, 2, 3, 4)]
    listed = House.objects.listed().values_list("pk", flat=True)
    assert sorted(chain(*pages)) == sorted(listed)
    assert longest_run(owners_of(chain(*pages))) == TOGETHER
    head = client.get("/").content.decode()
    assert longest_run(owners_of([int(pk) for pk in LINK.findall(head)])) == TOGETHER
