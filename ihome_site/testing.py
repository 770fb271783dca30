"""The test cast: Wang owns a house, Li rents it, Chen is a stranger."""

import secrets
import time
from datetime import timedelta
from decimal import Decimal

from captcha.models import CaptchaStore
from django.test import Client
from django.utils import timezone

from accounts import captcha
from accounts.browser_id import signed
from accounts.limits import NEWCOMER, new_day
from accounts.models import RealName, User
from accounts.operator_sessions import SIGNED_IN_AT
from accounts.validators import id_check_character
from houses.models import Area, House
from orders.models import Order

PASSWORD = "gulou-clock-1420"
MOBILES = {"wang": "13900000001", "li": "13900000002", "chen": "13900000003"}


def day(offset):
    """The date `offset` days from today."""
    return timezone.localdate() + timedelta(days=offset)


def id_card_of(number, born="19900307"):
    """A well-formed ID number; different for each `number` below 1000."""
    digits = f"110101{born}{number:03d}"
    return digits + id_check_character(digits)


def user_named(name):
    mobile = MOBILES[name]
    user = User.objects.filter(mobile=mobile).first()
    return user or aged(User.objects.create_user(mobile, PASSWORD, name=name))


def aged(user):
    """The user as of now, whose account is no longer a new one."""
    User.objects.filter(pk=user.pk).update(created_at=timezone.now() - 2 * NEWCOMER)
    return User.objects.get(pk=user.pk)


def wang():
    """The owner, with real-name authentication."""
    user = user_named("wang")
    if not user.is_verified:
        RealName.objects.prove(user, "王小明", id_card_of(1))
    return User.objects.get(pk=user.pk)


def li():
    return user_named("li")


def chen():
    return user_named("chen")


def house_of_wang(**changes):
    area, _new = Area.objects.get_or_create(name="东城区")
    fields = {
        "owner": wang(),
        "area": area,
        "title": "鼓楼边的小院",
        "price": Decimal("398.00"),
        "address": "旧鼓楼大街128号",
        "room_count": 2,
        "acreage": 60,
        "unit": "两室一厅一卫",
        "capacity": 4,
        "beds": "2 张：1.8m、1.5m",
        "deposit": Decimal("500.00"),
    }
    return House.objects.create(**fields | changes)


def order_of_li(house, begin=1, end=3, token="t1", guest=None, guests=2):
    """An order for the nights from `begin` to `end`, both days from today.

    Each is as if made on a day of its own: limits of a day count nothing from before.
    """
    guest = guest or li()
    new_day(guest, house.owner)
    return Order.place(house.pk, guest, day(begin), day(end), guests, token)


def move_to_past(order, days):
    """Shift a placed order back in time, its nights with it, as if made `days` ago."""
    shift = timedelta(days=days)
    for night in order.house.nights.filter(holder=order.number).order_by("night"):
        night.night -= shift
        night.save(update_fields=["night"])
    order.begin_date -= shift
    order.end_date -= shift
    order.created_at -= shift
    order.save(update_fields=["begin_date", "end_date", "created_at"])
    return order


def stay_over(house, **kwargs):
    """An accepted order of Li whose check-out day was yesterday."""
    order = order_of_li(house, **kwargs)
    order.accept(house.owner)
    return move_to_past(order, days=(order.end_date - day(-1)).days)


def client_of(user):
    client = Client()
    client.force_login(user)
    session = client.session
    session[SIGNED_IN_AT] = int(time.time())
    session.save()
    return client


def solved_captcha(browser=""):
    """The form fields of a captcha answered rightly, in a browser of its own or this one."""
    browser = browser or secrets.token_hex(8)
    key = captcha.new_key(browser, "127.0.0.1")
    answer = CaptchaStore.objects.get(hashkey=key).response
    return {"browser": signed(browser), "captcha_0": key, "captcha_1": answer}
