"""The whole main job through the HTTP client: register, prove, publish, book, stay, review."""

import io
import json

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts.models import RealName, User
from houses.models import Area, Facility, House
from ihome_site.testing import day, id_card_of, move_to_past, solved_captcha
from orders.models import Order

pytestmark = pytest.mark.django_db
PASSWORD = "hutong-tea-2026"


def photo():
    file = io.BytesIO()
    Image.linear_gradient("L").resize((800, 600)).convert("RGB").save(file, "JPEG")
    return io.BytesIO(file.getvalue())


def last_code(settings):
    with open(settings.SMS_FILE) as lines:
        return json.loads(lines.readlines()[-1])["code"]


def register(settings, mobile):
    client = Client()
    asked = client.post(
        "/accounts/sms-code/",
        {"mobile": mobile, "purpose": "register", **solved_captcha()},
        headers={"accept": "application/json"},
    )
    assert asked.json() == {"ok": True, "wait": 60}
    form = {
        "mobile": mobile,
        "sms_code": last_code(settings),
        "password": PASSWORD,
        "password2": PASSWORD,
    }
    assert client.post("/accounts/register/", form).status_code == 302
    return client


def publish(owner, area, facilities):
    proof = {"real_name": "苏禾", "id_card": id_card_of(9), "consent": "on"}
    assert owner.post("/accounts/real-name/", proof).status_code == 302
    form = {
        "title": "鼓楼边的客厅",
        "price": "398",
        "area": area.pk,
        "address": "旧鼓楼大街128号",
        "room_count": "2",
        "acreage": "60",
        "unit": "两室一厅一卫",
        "capacity": "4",
        "beds": "2 张",
        "deposit": "500",
        "min_days": "1",
        "max_days": "0",
        "facilities": [item.pk for item in facilities],
    }
    assert owner.post("/houses/new/", form).status_code == 302
    house = House.objects.get()
    photos = {"house_image": [photo(), photo()]}
    assert owner.post(f"/houses/{house.pk}/images/", photos).status_code == 302
    house.refresh_from_db()
    return house


def book(guest, house):
    page = guest.get(f"/houses/{house.pk}/book/")
    form = {
        "begin_date": day(3).isoformat(),
        "end_date": day(5).isoformat(),
        "guests": "2",
        "token": page.context_data["form"]["token"].value(),
    }
    answer = guest.post(f"/houses/{house.pk}/book/", form)
    assert (answer.status_code, answer["Location"]) == (302, "/orders/")
    return Order.objects.get(), form


def test_the_main_job(settings):
    area = Area.objects.create(name="东城区")
    facilities = [Facility.objects.create(name=name) for name in ("无线网络", "空调")]
    owner = register(settings, "13911110001")
    guest = register(settings, "13911110002")
    house = publish(owner, area, facilities)
    assert (house.is_listed, house.images.count()) == (True, 2)
    assert house.cover == house.images.first()
    assert RealName.objects.get().user == User.objects.get(mobile="13911110001")

    search = {"aid": area.pk, "sd": day(3).isoformat(), "ed": day(5).isoformat()}
    assert "鼓楼边的客厅" in Client().get("/houses/", search).content.decode()
    order, form = book(guest, house)
    assert "鼓楼边的客厅" not in Client().get("/houses/", search).content.decode()
    assert guest.post(f"/houses/{house.pk}/book/", form).status_code == 302
    assert Order.objects.count() == 1
    assert order.display_number in guest.get("/orders/").content.decode()

    assert order.display_number in owner.get("/orders/received/").content.decode()
    assert owner.post(f"/orders/{order.number}/accept/").status_code == 302
    order.refresh_from_db()
    assert order.status == "WAIT_COMMENT"

    move_to_past(order, days=5)
    review = {"stars": "5", "text": "推开窗就是灰瓦屋顶"}
    assert guest.post(f"/orders/{order.number}/review/", review).status_code == 302
    answer = {"text": "欢迎再来"}
    assert owner.post(f"/orders/{order.number}/answer/", answer).status_code == 302
    page = Client().get(f"/houses/{house.pk}/").content.decode()
    assert "推开窗就是灰瓦屋顶" in page
    assert "欢迎再来" in page
    house.refresh_from_db()
    assert (house.order_count, house.stars) == (1, 5)
    assert order.created_at < timezone.now()
