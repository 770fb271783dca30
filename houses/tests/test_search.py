import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from houses import choices
from houses.models import Area, Facility, House
from houses.search_page import PAGE
from ihome_site.testing import day, house_of_wang, order_of_li
from orders.models import Order

pytestmark = pytest.mark.django_db
CARD = re.compile('house-card__title"><a [^>]*>([^<]*)<')


def search(client, **query):
    return client.get("/houses/", query)


def titles(page):
    return CARD.findall(page.content.decode())


def found(client, **query):
    return titles(search(client, **query))


def notes(client, **query):
    page = search(client, **query)
    assert page.status_code == 200
    return page.context_data["form"].notes


def iso(offset):
    return day(offset).isoformat()


def test_only_listed_houses_newest_first(client):
    for title in "ABC":
        house_of_wang(title=title, is_listed=title != "B")
    assert found(client) == ["C", "A"]


def test_by_district(client):
    house_of_wang(title="east")
    west = Area.objects.create(name="西城区")
    house_of_wang(title="west", area=west)
    assert found(client, aid=west.pk) == ["west"]


def test_a_home_in_a_district_newer_than_the_choices(client, monkeypatch):
    before = choices.read()
    monkeypatch.setattr(choices, "read", lambda: before)
    house_of_wang(title="新区里", area=Area.objects.create(name="新城区"))
    page = search(client)
    assert titles(page) == ["新区里"]
    assert "新城区" in page.content.decode()


@pytest.mark.parametrize(
    ("query", "free"),
    [
        ({}, True),
        ({"sd": 1, "ed": 2}, True),
        ({"sd": 1, "ed": 3}, False),
        ({"sd": 2, "ed": 3}, False),
        ({"sd": 3, "ed": 4}, False),
        ({"sd": 4, "ed": 5}, True),
        ({"sd": 3}, False),
        ({"sd": 4}, True),
        ({"ed": 4}, False),
        ({"ed": 2}, True),
    ],
)
def test_every_night_asked_for_must_be_free(client, query, free):
    order_of_li(house_of_wang(title="A"), 2, 4)
    dates = {name: iso(offset) for name, offset in query.items()}
    assert found(client, **dates) == (["A"] if free else [])


def test_nights_of_a_dead_request_are_free(client):
    house = house_of_wang(title="A")
    order_of_li(house, 2, 4)
    house.nights.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert found(client, sd=iso(2), ed=iso(4)) == ["A"]


def test_a_cancellation_and_a_block_show_at_the_next_search(client):
    house = house_of_wang(title="A")
    dates = {"sd": iso(2), "ed": iso(4)}
    order = order_of_li(house, 2, 4)
    assert found(client, **dates) == []
    order.cancel(order.guest)
    assert found(client, **dates) == ["A"]
    House.block(house.pk, day(3), day(4))
    assert found(client, **dates) == []


def test_houses_that_refuse_such_a_stay_are_left_out(client):
    house_of_wang(title="long only", min_days=3)
    house_of_wang(title="short only", max_days=1)
    house_of_wang(title="any")
    assert found(client, sd=iso(1), ed=iso(3)) == ["any"]


def test_by_guests_price_and_words(client):
    house_of_wang(title="Loft 砖墙", price=Decimal("528.00"), capacity=2)
    house_of_wang(title="小院", price=Decimal("620.00"), capacity=6, address="鼓楼 LOFT 巷")
    house_of_wang(title="高层", price=Decimal("300.00"), capacity=4)
    assert found(client, guests=4, sk="price-inc") == ["高层", "小院"]
    assert found(client, price_min="528", price_max="620", sk="price-inc") == ["Loft 砖墙", "小院"]
    assert found(client, q="loft", sk="price-inc") == ["Loft 砖墙", "小院"]
    assert found(client, q="loft 巷") == ["小院"]


def test_by_facilities_all_of_them(client):
    wifi, bath = (Facility.objects.create(name=name) for name in ("无线网络", "浴缸"))
    both, one = house_of_wang(title="both"), house_of_wang(title="one")
    both.facilities.set([wifi, bath])
    one.facilities.set([wifi])
    assert found(client, facility=[wifi.pk, bath.pk]) == ["both"]
    assert found(client, facility=wifi.pk) == ["one", "both"]


def test_the_four_sorts(client):
    for title, price, count in [("A", 300, 1), ("B", 100, 5), ("C", 200, 3)]:
        house_of_wang(title=title, price=price, order_count=count)
    assert {key: "".join(found(client, sk=key)) for key in House.objects.none().SORTS} == {
        "new": "CBA",
        "booking": "BCA",
        "price-inc": "BCA",
        "price-des": "ACB",
    }


BAD = [
    {"aid": "999"},
    {"aid": "x"},
    {"sd": "2026-13-01"},
    {"sd": "２０２６-12-01"},
    {"sd": "yesterday"},
    {"sd": "2020-01-01"},
    {"sd": "9999-12-31"},
    {"ed": "0001-01-01"},
    {"guests": "many"},
    {"guests": "0"},
    {"price_min": "NaN"},
    {"price_min": "1e9"},
    {"price_max": "-1"},
    {"price_min": "9", "price_max": "3"},
    {"facility": "0"},
    {"sk": "cheapest"},
    {"q": "x" * 65},
    {"q": "a\x00b"},
]


@pytest.mark.parametrize("query", BAD, ids=str)
def test_what_cannot_be_used_is_left_out_and_said(client, query):
    house_of_wang(title="A")
    assert len(notes(client, **query)) == 1
    assert found(client, **query) == ["A"]


def test_dates_the_wrong_way_round_are_said(client):
    assert "晚于" in notes(client, sd=iso(3), ed=iso(2))[0]


def test_the_note_is_on_the_page(client):
    assert "看不懂" in search(client, guests="many").content.decode()


@pytest.mark.parametrize("p", ["-1", "0", "x", "", "１", "99999999999", "1.5"])
def test_a_bad_page_is_the_first(client, p):
    house_of_wang(title="A")
    assert found(client, p=p) == ["A"] or p == "99999999999"


def test_pages_follow_each_other(client):
    for n in range(26):
        house_of_wang(title=str(n))
    first, second = search(client), search(client, p="2")
    assert (len(titles(first)), "p=2" in first.content.decode()) == (24, True)
    assert (titles(second), "p=3" in second.content.decode()) == (["1", "0"], False)


def test_an_empty_list_says_so_kindly(client):
    page = search(client, q="没有这样的家")
    assert titles(page) == []
    assert "没有符合条件的房源" in page.content.decode()


def test_an_htmx_request_gets_the_results_alone(client):
    house_of_wang(title="A")
    html = client.get("/houses/", headers={"hx-request": "true"}).content.decode()
    assert "A" in html
    assert "<html" not in html


def test_an_accepted_order_stays_taken(client):
    order = order_of_li(house_of_wang(title="A"), 2, 4)
    order.accept(order.house.owner)
    Order.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert found(client, sd=iso(2), ed=iso(4)) == []


def test_a_search_counts_apart_from_its_page(client):
    for n in range(PAGE + 2):
        house_of_wang(title=f"第{n}家")
    page = search(client).content.decode()
    assert f"{PAGE}+ 套" in page
    assert 'hx-get="/houses/count/?"' in page
    assert f">{PAGE + 2} 套<" in client.get("/houses/count/").content.decode()
    assert "/houses/count/" not in search(client, q="第25家").content.decode()


def test_a_search_counts_no_further_than_anybody_looks(client, monkeypatch):
    monkeypatch.setattr("houses.forms.MOST_COUNTED", 3)
    monkeypatch.setattr("houses.views.MOST_COUNTED", 3)
    for n in range(5):
        house_of_wang(title=f"第 {n} 家", price=100 + n)
    assert ">3+ 套<" in client.get("/houses/count/").content.decode()
    assert ">2 套<" in client.get("/houses/count/", {"price_max": "101"}).content.decode()
    assert "看 2 套房源" in client.get("/houses/count/", {"price_max": "101"}).content.decode()
