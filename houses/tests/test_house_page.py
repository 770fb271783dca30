import json
import re
from decimal import Decimal

import pytest

from houses.models import Facility, HouseImage
from ihome_site.testing import (
    client_of,
    day,
    house_of_wang,
    li,
    move_to_past,
    order_of_li,
    stay_over,
    wang,
)

pytestmark = pytest.mark.django_db
RULES = re.compile('<script type="application/json">({[^<]*"taken"[^<]*})</script>')


def page_of(client, house):
    answer = client.get(f"/houses/{house.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def taken_on(html):
    """What the page tells the calendar in the browser."""
    return json.loads(RULES.search(html)[1])["taken"]


def test_everything_a_guest_wants_to_know(client):
    html = page_of(client, house_of_wang(max_days=7))
    for words in ["鼓楼边的小院", "398", "旧鼓楼大街128号", "两室一厅一卫", "60", "500", "1.8m"]:
        assert words in html


def test_no_limit_is_said_in_words(client):
    assert "无限制" in page_of(client, house_of_wang())


def test_present_and_absent_facilities(client):
    wifi, _bath = (Facility.objects.create(name=name) for name in ("无线网络", "浴缸"))
    house = house_of_wang()
    house.facilities.add(wifi)
    html = page_of(client, house)
    assert html.index("无线网络") < html.index("这里没有") < html.index("浴缸")


def test_mobiles_are_never_shown(client):
    house = house_of_wang()
    stay_over(house).write_review(li(), 5, "安静")
    type(li()).objects.update(name=None)
    for path in ("/", "/houses/", f"/houses/{house.pk}/"):
        html = client.get(path).content.decode()
        assert wang().mobile not in html
        assert li().mobile not in html
        assert li().masked_mobile not in html
    assert "匿名用户" in page_of(client, house)


def test_reviews_newest_first_with_stars_and_answer(client):
    house = house_of_wang()
    for n, stars in enumerate((5, 2)):
        order = move_to_past(stay_over(house, token=str(n)), days=5 * (1 + n))
        order.write_review(li(), stars, f"评价{n}").give_answer(f"回复{n}")
    html = page_of(client, house)
    assert html.index("评价1") < html.index("回复1") < html.index("评价0")
    assert "3.5" in html


def test_the_card_tells_average_and_count(client):
    house_of_wang(order_count=3, review_count=3, star_total=13)
    assert "4.3 星，3 条评价" in client.get("/houses/").content.decode()


def test_a_booking_shows_in_the_next_calendar(client):
    house = house_of_wang()
    before = taken_on(page_of(client, house))
    order_of_li(house, 1, 3)
    after = taken_on(page_of(client, house))
    assert (before, after) == ([], [day(1).isoformat(), day(2).isoformat()])


def test_guests_book_and_the_owner_manages(client):
    house = house_of_wang()
    assert "即刻预定" in page_of(client, house)
    html = page_of(client_of(wang()), house)
    assert "即刻预定" not in html
    assert "管理房源" in html


def test_an_unlisted_house_cannot_be_booked_from_its_page(client):
    html = page_of(client, house_of_wang(is_listed=False))
    assert "已下架" in html
    assert "即刻预定" not in html


@pytest.mark.parametrize("pk", ["999", "99999999999999999999", "x", "-1"])
def test_a_house_that_is_not_there(client, pk):
    assert client.get(f"/houses/{pk}/").status_code == 404


def quote(client, house, begin, end, **more):
    dates = {"begin_date": day(begin).isoformat(), "end_date": day(end).isoformat()}
    return client.get(f"/houses/{house.pk}/quote/", dates | more)


def test_a_quote(client):
    house = house_of_wang(price=Decimal("199.00"))
    assert quote(client, house, 1, 3).json() == {
        "ok": True,
        "nights": 2,
        "price": "199.00",
        "amount": "398.00",
        "available": True,
    }


@pytest.mark.parametrize(("begin", "end"), [(1, 3), (3, 3), (-1, 1), (400, 401)])
def test_a_quote_for_nights_that_cannot_be_had_says_why(client, begin, end):
    house = house_of_wang()
    order_of_li(house, 1, 2)
    answer = quote(client, house, begin, end).json()
    assert (answer["ok"], answer["available"], bool(answer["reason"])) == (True, False, True)


def test_a_quote_without_dates_is_refused(client):
    answer = client.get(f"/houses/{house_of_wang().pk}/quote/", {"begin_date": "soon"})
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"begin_date", "end_date"}


def test_the_home_carousel_has_five_houses_with_photos_most_booked_first(client):
    for n in range(7):
        house = house_of_wang(title=f"第{n}套", order_count=n)
        if n != 6:
            house.cover = HouseImage.objects.create(house=house, file="x", width=9, height=9)
            house.save(update_fields=["cover"])
    html = client.get("/").content.decode()
    carousel = html[html.index("data-track") : html.index("data-dots")]
    shown = re.findall('house-card__title"><a [^>]*>([^<]*)<', carousel)
    assert shown == [f"第{n}套" for n in (5, 4, 3, 2, 1)]


def test_home_greets_visitors_and_users(client):
    html = client.get("/").content.decode()
    assert "注册" in html
    assert "登录" in html
    signed_in = client_of(li()).get("/").content.decode()
    assert 'href="/accounts/me/"' in signed_in
    assert "li" in signed_in
