"""Who changes what: every URL is asked and posted to by all six roles, every row is compared."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import transaction
from django.urls import reverse

from accounts.models import FormerWord, RealName
from houses.models import HouseImage
from ihome_site.testing import PASSWORD, day, house_of_wang, id_card_of, order_of_li
from ihome_site.tests.test_roles import MATRIX, arguments, clients

pytestmark = pytest.mark.django_db
OWN_APPS = ["accounts", "houses", "orders", "ihome_site"]
# Kept about visitors, whatever they ask for: who tried, from where, with which device.
LEDGERS = {"Gate", "SmsCode", "LoginAttempt", "Device", "DayCount"}
MODELS = [
    model
    for app in OWN_APPS
    for model in apps.get_app_config(app).get_models(include_auto_created=True)
    if model.__name__ not in LEDGERS
]
SIGNED_IN = {"stranger", "guest", "owner", "operator", "superuser"}
# Whose POST of the form below may change rows. A URL that is not here changes nothing for anybody.
WRITERS = {
    "accounts:password_change": {"stranger", "guest", "owner"},  # the form has their old one
    "accounts:notices": {"owner"},  # who has read that an order came
    "accounts:name": SIGNED_IN,
    "accounts:devices_end": SIGNED_IN,  # nothing else of theirs is known any more
    "accounts:real_name": SIGNED_IN - {"owner"},  # who has done it before
    "houses:new": {"owner"},
    "houses:edit": {"owner"},
    "houses:calendar": {"owner"},
    "houses:unlist_house": {"owner"},
    "houses:image_delete": {"owner"},
    "houses:image_cover": {"owner"},
    "houses:image_move": {"owner"},
    "orders:book": SIGNED_IN - {"owner", "guest"},  # the guest waits for an answer already
    "orders:accept": {"owner"},
    "orders:reject": {"owner"},
    "orders:cancel": {"guest"},
}


@pytest.fixture
def scene():
    house = house_of_wang()
    for name in ("x", "y"):
        HouseImage.objects.create(house=house, file=f"houses/{name}.webp", width=800, height=600)
    return house, order_of_li(house)


def form(house):
    """One form that makes sense at every URL."""
    return {
        "mobile": "13900000066", "password": "fresh-password-66", "old_password": PASSWORD,
        "password2": "fresh-password-66", "name": "改名", "real_name": "苏禾",
        "id_card": id_card_of(66), "consent": "on", "title": "抢来的", "price": "1",
        "area": house.area_id, "address": "别处", "room_count": "1", "acreage": "10",
        "unit": "一室", "capacity": "2", "beds": "1 张", "deposit": "0",
        "min_days": "1", "max_days": "0",
        "begin_date": day(9).isoformat(), "end_date": day(11).isoformat(), "action": "block",
        "guests": "1", "token": "new", "reason": "不想", "stars": "5", "text": "好", "to": "1",
    }  # fmt: skip


def rows():
    """Every row of the site, without the moment it was last changed."""
    return {
        (model.__name__, row["id"]): {k: v for k, v in row.items() if k != "updated_at"}
        for model in MODELS
        for row in model._default_manager.values()
    }


def url_of(name, scene):
    house, order = scene
    photo = house.images.first() if "image_" in name else None
    return reverse(name, args=[photo.pk] if photo else arguments(name, house, order))


@pytest.mark.parametrize("name", [name for name in MATRIX if not name.startswith("captcha")])
def test_a_post_changes_rows_only_for_those_who_may(name, scene):
    url, before, writers = url_of(name, scene), rows(), set()
    for role, client in clients().items():
        client.raise_request_exception = False
        before, place = rows(), transaction.savepoint()
        status = client.post(url, form(scene[0])).status_code
        assert status < 500, role
        if rows() != before:
            writers.add(role)
        transaction.savepoint_rollback(place)
        RealName.objects.get(user=scene[0].owner)
    assert writers == WRITERS.get(name, set())


@pytest.mark.parametrize(
    "name", ["accounts:password_change", "accounts:name", "accounts:devices_end"]
)
def test_a_change_of_oneself_touches_nobody_else(name, scene):
    for client in list(clients().values())[1:4]:
        before, place = rows(), transaction.savepoint()
        client.post(reverse(name), form(scene[0]))
        me = int(client.session["_auth_user_id"])
        changed = {key for key, row in rows().items() if before.get(key) != row}
        kept = FormerWord.objects.filter(user=me).values_list("pk", flat=True)
        assert changed - {("FormerWord", pk) for pk in kept} == {("User", me)}
        transaction.savepoint_rollback(place)


QUERIES = ["", "?p=2", "?action=block&begin_date=2030-01-01&end_date=2030-01-02&to=1&next=/"]


def test_looking_at_every_page_changes_nothing(scene):
    urls = [url_of(name, scene) for name in MATRIX if name != "captcha-refresh"]
    for model in admin.site._registry:
        stem = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        urls += [reverse(f"{stem}_changelist"), reverse(f"{stem}_add")]
        for row in model._default_manager.all()[:1]:
            for page in ("change", "delete", "history"):
                urls.append(reverse(f"{stem}_{page}", args=[row.pk]))
    crawlers, before = clients(), rows()
    for client in crawlers.values():
        for url in urls:
            for query in QUERIES:
                client.get(url + query)
    assert rows() == before
