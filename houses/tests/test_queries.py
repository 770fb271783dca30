"""How often the public pages ask the database: as often for one house as for thirty."""

import pytest

from ihome_site import caching
from ihome_site.testing import client_of, day, house_of_wang, li, order_of_li, stay_over

pytestmark = pytest.mark.django_db
counts = pytest.mark.parametrize("count", [1, 30])


def path_of(page, house):
    dated = f"/houses/?sd={day(1).isoformat()}&ed={day(3).isoformat()}"
    return {"home": "/", "search": dated, "house": f"/houses/{house.pk}/"}[page]


def houses(count):
    for n in range(count):
        house = house_of_wang()
        stay_over(house, token=f"t{n}").write_review(li(), 5, "好")
    return house


@counts
@pytest.mark.parametrize(("page", "most"), [("home", 2), ("search", 3), ("house", 5)])
def test_a_page_nobody_has_seen_yet(client, django_assert_max_num_queries, page, most, count):
    house = houses(count)
    path = path_of(page, house)
    client.get(path)  # what seldom changes: districts, notices
    house.save(update_fields=["price"])
    with django_assert_max_num_queries(most):
        client.get(path)


@pytest.mark.parametrize("page", ["home", "search", "house"])
def test_a_page_somebody_has_seen(client, django_assert_num_queries, page):
    if not caching.open_shelf():
        pytest.skip("nothing is remembered on this database without Redis")
    path = path_of(page, houses(2))
    client.get(path)
    with django_assert_num_queries(0):
        client.get(path)


def test_a_house_page_with_a_stay_needs_none_either(client, django_assert_num_queries):
    if not caching.open_shelf():
        pytest.skip("nothing is remembered on this database without Redis")
    path = f"/houses/{houses(2).pk}/"
    client.get(path, {"sd": day(1).isoformat(), "ed": day(3).isoformat()})
    with django_assert_num_queries(0):
        client.get(path, {"sd": day(4).isoformat(), "ed": day(6).isoformat()})


@counts
def test_lists_of_orders(django_assert_max_num_queries, count):
    house = house_of_wang()
    for n in range(count):
        order_of_li(house, 1 + n, 2 + n, token=str(n)).reject(house.owner, "修屋顶")
    for person, path in [(li(), "/orders/"), (house.owner, "/orders/received/")]:
        client = client_of(person)
        client.get(path)
        with django_assert_max_num_queries(4):
            client.get(path)
