"""Whatever is written is in the next answer of every page, to everyone."""

import json
from datetime import timedelta
from functools import partial

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from houses.models import Area, Facility, House, HouseImage
from ihome_site.testing import (
    chen,
    client_of,
    day,
    house_of_wang,
    li,
    order_of_li,
    stay_over,
    wang,
)
from orders.models import Order

pytestmark = pytest.mark.django_db
DATED = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
PHOTO = {"width": 800, "height": 600}


@pytest.fixture
def house():
    house = house_of_wang()
    house.cover = HouseImage.objects.create(house=house, file="houses/one.webp", **PHOTO)
    house.save(update_fields=["cover"])
    return house


def pages(house):
    """Every public page that shows the house, as nobody and as somebody sees it."""
    stay = f"sd={day(1).isoformat()}&ed={day(3).isoformat()}"
    paths = ["/", "/houses/", f"/houses/?aid={house.area_id}", f"/houses/?{stay}"]
    paths += [f"/houses/{house.pk}/", f"/houses/{house.pk}/?{stay}"]
    return {
        (path, name): client.get(path).content.decode()
        for name, client in [("nobody", Client()), ("li", client_of(li()))]
        for path in paths
    }


def shown(house, text):
    """The paths of the pages with this text."""
    return {path for (path, _who), html in pages(house).items() if text in html}


def stay_pages(house):
    """(is found for the two nights, nights its calendar says are taken)."""
    pages_now = pages(house)
    dated = [html for (path, _who), html in pages_now.items() if path.startswith("/houses/?sd")]
    own = [html for (path, _who), html in pages_now.items() if path == f"/houses/{house.pk}/"]
    found = {house.title in html for html in dated}
    taken = {html.count("is-taken") for html in own}
    assert len(found) == len(taken) == 1  # all see the same
    return found.pop(), taken.pop()


def edit(house, **changes):
    for name, value in changes.items():
        setattr(house, name, value)
    house.save(update_fields=list(changes))


def test_an_edit(house):
    assert len(shown(house, "鼓楼边的小院")) == 6
    edit(house, title="后海边的小院")
    assert len(shown(house, "后海边的小院")) == 6
    assert shown(house, "鼓楼边的小院") == set()


def test_a_move_to_another_district(house):
    old = f"/houses/?aid={house.area_id}"
    assert old in shown(house, house.title)
    new = Area.objects.create(name="西城区")
    edit(house, area=new)
    assert house.title not in Client().get(old).content.decode()
    assert house.title in Client().get(f"/houses/?aid={new.pk}").content.decode()


def test_unlisting_and_listing(house):
    assert len(shown(house, house.title)) == 6
    owner = client_of(wang())
    owner.post(f"/houses/{house.pk}/unlist/")
    assert all(str(house.pk) in path for path in shown(house, house.title))
    owner.post(f"/houses/{house.pk}/list/")
    assert len(shown(house, house.title)) == 6


def test_a_new_house(house):
    assert shown(house, "新的家") == set()
    new = house_of_wang(title="新的家")
    assert len(shown(new, "新的家")) == 6


def test_photos_and_cover(house):
    image = HouseImage.objects.create(house=house, file="houses/two.webp", **PHOTO)
    house.save(update_fields=["cover"])
    assert "/" not in shown(house, "houses/two")
    owner = client_of(wang())
    owner.post(f"/houses/images/{image.pk}/cover/")
    assert "/" in shown(house, "houses/two")
    House.remove_image(image)
    assert shown(house, "houses/two") == set()


def test_the_order_of_photos(house):
    two = HouseImage.objects.create(house=house, file="houses/two.webp", order=1, **PHOTO)
    house.save(update_fields=["cover"])
    path = f"/houses/{house.pk}/"
    before = Client().get(path).content.decode().partition("<main")[2]
    House.move_image(two, 0)
    after = Client().get(path).content.decode().partition("<main")[2]
    assert before.index("houses/one") < before.index("houses/two")
    assert after.index("houses/two") < after.index("houses/one")


def test_facilities_by_the_owners_form(house):
    bath = Facility.objects.create(name="浴缸")
    path = f"/houses/{house.pk}/"
    assert "这里没有" in Client().get(path).content.decode()
    fields = ["title", "price", "address", "room_count", "acreage", "unit", "capacity", "beds"]
    fields += ["deposit", "min_days", "max_days"]
    form = {name: getattr(house, name) for name in fields}
    client_of(wang()).post(f"{path}edit/", form | {"area": house.area_id, "facilities": bath.pk})
    assert "这里没有" not in Client().get(path).content.decode()
    assert house.title in Client().get(f"/houses/?facility={bath.pk}").content.decode()


def test_the_owners_name_and_picture(house):
    assert shown(house, "房东 wang") != set()
    owner = wang()
    client_of(owner).post("/accounts/name/", {"name": "老王"})
    owner.avatar = "avatars/new.webp"
    owner.save(update_fields=["avatar", "updated_at"])
    assert shown(house, "房东 wang") == set()
    assert len(shown(house, "avatars/new")) == 6


def test_a_district_and_a_facility_get_another_name(house):
    Facility.objects.create(name="浴缸")
    assert len(shown(house, "东城区")) == 6
    edit(house.area, name="东城")
    edit(Facility.objects.get(), name="大浴缸")
    assert shown(house, "东城区") == set()
    assert f"/houses/{house.pk}/" in shown(house, "大浴缸")


def test_districts_come_by_loaddata(house, tmp_path):
    assert len(shown(house, "东城区")) == 6
    row = {"model": "houses.area", "pk": house.area_id, "fields": {"name": "东城"} | DATED}
    (tmp_path / "areas.json").write_text(json.dumps([row]))
    call_command("loaddata", str(tmp_path / "areas.json"), verbosity=0)
    assert shown(house, "东城区") == set()


def test_a_review_and_its_answer(house):
    order = stay_over(house)
    assert shown(house, "住得很安静") == set()
    review = order.write_review(li(), 5, "住得很安静")
    assert f"/houses/{house.pk}/" in shown(house, "住得很安静")
    assert "/" in shown(house, "住过 1 次")
    review.give_answer("欢迎再来")
    assert f"/houses/{house.pk}/" in shown(house, "欢迎再来")


def test_a_booking_and_its_end(house):
    assert stay_pages(house) == (True, 0)
    order = order_of_li(house, 1, 3)
    assert stay_pages(house) == (False, 2)
    order.cancel(li())
    assert stay_pages(house) == (True, 0)
    order = order_of_li(house, 1, 3, token="t2", guest=chen())
    assert stay_pages(house) == (False, 2)
    order.reject(house.owner, "修屋顶")
    assert stay_pages(house) == (True, 0)


def test_nights_the_owner_blocks_and_frees(house):
    assert stay_pages(house) == (True, 0)
    House.block(house.pk, day(2), day(4))
    assert stay_pages(house) == (False, 2)
    house.free(day(2), day(4))
    assert stay_pages(house) == (True, 0)


def test_a_hold_that_runs_out_frees_its_nights_at_once(house, time_machine):
    now = timezone.localtime().replace(hour=12, minute=30, second=17)
    time_machine.move_to(now, tick=False)
    order = order_of_li(house, 2, 4)
    time_machine.move_to(order.expires_at - timedelta(seconds=1), tick=False)
    tomorrow = partial(stay_at, house, day(1), day(3))
    assert tomorrow() == (False, 2)
    time_machine.move_to(order.expires_at, tick=False)
    assert tomorrow() == (True, 0)


def test_an_accepted_hold_does_not_run_out(house, time_machine):
    order = order_of_li(house, 2, 4)
    stay_at(house, day(2), day(4))
    order.accept(house.owner)
    time_machine.move_to(order.expires_at, tick=False)
    assert stay_at(house, day(1), day(3)) == (False, 2)
    assert Order.objects.get().status == Order.Status.WAIT_COMMENT


def stay_at(house, begin, end):
    query = {"sd": begin.isoformat(), "ed": end.isoformat()}
    found = house.title in Client().get("/houses/", query).content.decode()
    return found, Client().get(f"/houses/{house.pk}/").content.decode().count("is-taken")
