import io
from decimal import Decimal

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from PIL import Image

from houses.models import MAX_IMAGES, Area, Facility, House
from ihome_site import images
from ihome_site.testing import client_of, day, house_of_wang, li, order_of_li, wang

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return client_of(wang())


def picture(name="a.jpg"):
    file = io.BytesIO()
    Image.linear_gradient("L").resize((800, 600)).convert("RGB").save(file, "JPEG")
    return SimpleUploadedFile(name, file.getvalue())


def form(**changes):
    area, _new = Area.objects.get_or_create(name="东城区")
    fields = {
        "title": "鼓楼边的小院",
        "price": "398.50",
        "area": area.pk,
        "address": "旧鼓楼大街128号",
        "room_count": "2",
        "acreage": "60",
        "unit": "两室一厅一卫",
        "capacity": "4",
        "beds": "2 张",
    }
    return fields | changes


def test_publishing_lists_the_house_and_leads_to_its_photos(owner):
    wifi = Facility.objects.create(name="无线网络")
    answer = owner.post("/houses/new/", form(facilities=[wifi.pk]))
    house = House.objects.get()
    assert answer["Location"] == f"/houses/{house.pk}/images/"
    assert (house.owner, house.is_listed, house.price) == (wang(), True, Decimal("398.50"))
    assert (house.deposit, house.min_days, house.max_days) == (0, 1, 0)
    assert list(house.facilities.all()) == [wifi]


SLIPS = [
    ("title", ""),
    ("title", "x" * 65),
    ("title", "a\x00b"),
    *[("price", price) for price in ("0", "-1", "0.001", "NaN", "1e400", "３９８", "", "abc")],
    ("price", "100000000"),
    ("area", "999"),
    ("address", "x" * 513),
    ("room_count", "0"),
    ("room_count", "2.5"),
    ("acreage", "99999999999"),
    ("capacity", "0"),
    ("beds", "x" * 65),
    ("deposit", "-1"),
    ("min_days", "0"),
    ("max_days", "366"),
    ("facilities", ["999"]),
]


@pytest.mark.parametrize(("field", "value"), SLIPS)
def test_each_slip_is_said_beside_its_field_and_nothing_typed_is_lost(owner, field, value):
    page = owner.post("/houses/new/", form(**{field: value}))
    assert (page.status_code, list(page.context_data["form"].errors)) == (400, [field])
    html = page.content.decode()
    assert 'value="旧鼓楼大街128号"' in html or field == "address"
    assert not House.objects.exists()


@pytest.mark.parametrize("price", ["0.29", "19.99", "1.15", "99999.99"])
def test_prices_are_exact(owner, price):
    owner.post("/houses/new/", form(price=price))
    assert House.objects.get().price == Decimal(price)


def test_most_nights_cannot_be_fewer_than_least(owner):
    page = owner.post("/houses/new/", form(min_days="3", max_days="2"))
    assert list(page.context_data["form"].errors) == ["max_days"]


def test_a_client_cannot_set_what_is_not_in_the_form(owner):
    owner.post("/houses/new/", form(owner=li().pk, order_count="99", is_listed="", id="7"))
    house = House.objects.get()
    assert (house.owner, house.order_count, house.is_listed) == (wang(), 0, True)


def test_editing_keeps_the_placed_orders(owner):
    house = house_of_wang()
    order = order_of_li(house)
    assert owner.post(f"/houses/{house.pk}/edit/", form(price="1", min_days="9")).status_code == 302
    order.refresh_from_db()
    order.house.refresh_from_db()
    assert (order.house.price, str(order.amount)) == (Decimal("1.00"), "796.00")


def test_my_houses_newest_first(owner):
    for title in ("A", "B"):
        house_of_wang(title=title)
    page = owner.get("/houses/mine/")
    assert [house.title for house in page.context_data["page"]] == ["B", "A"]


def test_unlisting_and_listing(owner):
    house = house_of_wang()
    for path, listed in (("unlist", False), ("list", True)):
        assert owner.post(f"/houses/{house.pk}/{path}/").status_code == 302
        house.refresh_from_db()
        assert house.is_listed == listed


def upload(owner, house, *files, **headers):
    url = f"/houses/{house.pk}/images/"
    return owner.post(url, {"house_image": files}, headers=headers)


@pytest.mark.parametrize("step", ["content_changed", "ask_again"])
def test_a_conflict_at_the_last_step_undoes_the_first(step, owner, monkeypatch):
    """For the answer says that nothing was done, and the script sends the photo again."""

    def conflict(_house):
        raise OperationalError(1213, "Deadlock found")

    house = house_of_wang()
    upload(owner, house, picture())
    monkeypatch.setattr(House, step, conflict)
    if step == "content_changed":
        answer = upload(owner, house, picture())
    else:
        answer = owner.post(f"/houses/images/{house.images.get().pk}/delete/")
    assert (answer.status_code, house.images.count()) == (503, 1)


def test_the_first_photo_becomes_the_cover(owner):
    house = house_of_wang()
    assert upload(owner, house, picture(), picture()).status_code == 302
    house.refresh_from_db()
    assert house.cover == house.images.first()
    assert owner.get(house.images.first().url).getvalue()[8:12] == b"WEBP"


def test_a_bad_file_among_good_ones_is_named_and_the_good_ones_stay(owner):
    house = house_of_wang()
    page = upload(owner, house, picture(), SimpleUploadedFile("坏.jpg", b"<html>"))
    assert page.status_code == 400
    assert "坏.jpg" in page.content.decode()
    assert house.images.count() == 1


def test_programs_get_json(owner):
    house = house_of_wang()
    answer = upload(owner, house, picture(), accept="application/json").json()
    image = house.images.get()
    assert answer == {"ok": True, "images": [{"id": image.pk, "url": image.small_url}]}
    refused = upload(owner, house, SimpleUploadedFile("x.gif", b"GIF"), accept="application/json")
    assert (refused.status_code, refused.json()["ok"]) == (400, False)
    assert refused.json()["errors"]["house_image"][0].startswith("x.gif ")


def test_no_file_at_all_is_said(owner):
    assert "请选择照片" in upload(owner, house_of_wang()).content.decode()


def test_a_house_has_at_most_twelve_photos(owner):
    house = house_of_wang()
    for n in range(MAX_IMAGES):
        house.images.create(file=f"houses/{n}.webp", width=800, height=600, order=n)
    files = set(default_storage.listdir("houses")[1]) if default_storage.exists("houses") else set()
    page = upload(owner, house, picture())
    assert "最多 12 张" in page.content.decode()
    assert house.images.count() == MAX_IMAGES
    assert set(default_storage.listdir("houses")[1]) == files


def test_a_storage_that_fails_leaves_no_row(owner, monkeypatch):
    house = house_of_wang()
    monkeypatch.setattr(default_storage, "save", lambda *args: (_ for _ in ()).throw(OSError))
    assert "稍后再试" in upload(owner, house, picture()).content.decode()
    assert not house.images.exists()


def three_photos(owner, house):
    upload(owner, house, picture(), picture(), picture())
    return list(house.images.all())


def test_deleting_the_cover_makes_the_next_photo_the_cover(owner):
    house = house_of_wang()
    first, second, third = three_photos(owner, house)
    owner.post(f"/houses/images/{first.pk}/delete/")
    house.refresh_from_db()
    assert (house.cover, list(house.images.all())) == (second, [second, third])
    assert not default_storage.exists(first.file)


def test_photos_are_moved_and_the_cover_chosen(owner):
    house = house_of_wang()
    first, second, third = three_photos(owner, house)
    owner.post(f"/houses/images/{third.pk}/move/", {"to": "0"})
    owner.post(f"/houses/images/{second.pk}/cover/")
    house.refresh_from_db()
    assert list(house.images.all()) == [third, first, second]
    assert house.cover == second


@pytest.mark.parametrize("to", ["-1", "x", "", "99", "１"])
def test_a_bad_place_breaks_nothing(owner, to):
    house = house_of_wang()
    photos = three_photos(owner, house)
    assert owner.post(f"/houses/images/{photos[1].pk}/move/", {"to": to}).status_code == 302
    places = [photos[0], photos[2], photos[1]] if to == "99" else photos
    assert list(house.images.all()) == places


def nights_form(action, begin, end):
    return {
        "action": action,
        "begin_date": day(begin).isoformat(),
        "end_date": day(end).isoformat(),
    }


def test_the_owner_blocks_and_frees_nights(owner):
    house = house_of_wang()
    url = f"/houses/{house.pk}/calendar/"
    assert owner.post(url, nights_form("block", 1, 4)).status_code == 302
    assert owner.post(url, nights_form("free", 2, 3)).status_code == 302
    assert house.nights.dates(day(0), day(9)) == {day(1), day(3)}


@pytest.mark.parametrize(
    ("form", "status"),
    [
        (nights_form("block", 2, 3), 409),
        (nights_form("block", -2, 1), 409),
        (nights_form("sell", 5, 6), 400),
        ({"action": "block", "begin_date": "soon", "end_date": ""}, 400),
    ],
)
def test_what_cannot_be_blocked_is_said(owner, form, status):
    house = house_of_wang()
    order_of_li(house, 2, 3)
    page = owner.post(f"/houses/{house.pk}/calendar/", form)
    assert page.status_code == status
    assert house.nights.dates(day(-5), day(9)) == {day(2)}


@pytest.mark.parametrize("action", ["block", "free"])
@pytest.mark.parametrize(
    ("begin", "end", "sentence"),
    [
        (day(3), day(2), "离开日期要晚于入住日期"),
        ("0001-01-01", "9999-12-31", "日期已经过去了"),
        (day(2), "9999-12-31", "最远只能排到"),
    ],
)
def test_a_span_that_makes_no_sense_is_refused_by_both_actions(owner, action, begin, end, sentence):
    form = {"action": action, "begin_date": str(begin), "end_date": str(end)}
    page = owner.post(f"/houses/{house_of_wang().pk}/calendar/", form)
    assert (page.status_code, sentence in page.content.decode()) == (409, True)


@pytest.mark.parametrize("month", ["", "2027-02", "x", "2026-13", "２０２６-11", "0001-01"])
def test_any_month_can_be_asked_for(owner, month):
    url = f"/houses/{house_of_wang().pk}/calendar/"
    assert owner.get(url, {"month": month}).status_code == 200


def test_the_owner_sees_who_comes(owner):
    house = house_of_wang()
    order_of_li(house, 0, 1)
    html = owner.get(f"/houses/{house.pk}/calendar/").content.decode()
    assert "li" in html
    assert li().mobile not in html


def test_photos_have_three_sizes():
    assert images.PHOTO_WIDTHS == (480, 960, 1600)
