"""Twelve payloads in every text people can write, on every page that shows it."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import RealName, User
from houses.models import Area, Facility, House, HouseImage
from ihome_site.testing import (
    client_of,
    house_of_wang,
    li,
    order_of_li,
    solved_captcha,
    stay_over,
    wang,
)
from ihome_site.tests.markup import inline, new_nodes

pytestmark = pytest.mark.django_db
PAYLOADS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    '" autofocus onfocus="alert(1)',
    "</textarea><b>x</b>",
    "</title><b>x</b>",
    "<!--<b>x</b>-->",
    "{{ 7*7 }}{% print 1 %}<b>x</b>",
    "javascript:alert(1)//<b>x</b>",
    "&lt;b&gt;x&#60;b&#62;<b\t>x",
]
PLAIN = "plain words"


def operator():
    user = User.objects.filter(mobile="13900000009").first()
    return user or User.objects.create_superuser("13900000009", "x")


def write_everywhere(text):
    """A house, an order and everything said about them, each text ending in `text`."""
    for person in (wang(), li(), operator()):
        User.objects.filter(pk=person.pk).update(name=f"{person.pk}{text}"[:32])
    Area.objects.update(name=text[:32])
    Facility.objects.update(name=text[:32])
    RealName.objects.update(name=text[:32])
    House.objects.update(title=text, address=text, unit=text[:32], beds=text)
    for order in wang().houses.get().orders.all():
        order.__class__.objects.filter(pk=order.pk).update(title=text, reason=text)
        order.moves.update(note=text[:255])
        if order.has_review:
            order.review.__class__.objects.filter(pk=order.review.pk).update(text=text, answer=text)


@pytest.fixture
def pages():
    """(client, path) of every page that shows what people wrote."""
    house = house_of_wang()
    facility = Facility.objects.create(name="空调", icon="check")
    house.facilities.add(facility)
    HouseImage.objects.create(house=house, file="houses/x.webp", width=800, height=600)
    stayed = stay_over(house, token="t0")
    stayed.write_review(li(), 5, "好")
    stayed.review.give_answer("好")
    waiting = order_of_li(house)
    rejected = order_of_li(house_of_wang(), 5, 6, token="t2")
    rejected.reject(wang(), "不")
    rejected.house.orders.update(house=house)
    House.objects.exclude(pk=house.pk).delete()
    anyone, guest, owner, staff = (
        Client(),
        client_of(li()),
        client_of(wang()),
        client_of(operator()),
    )
    found = [(anyone, path) for path in ("/", "/houses/", f"/houses/{house.pk}/", "/houses/?q=")]
    found += [(guest, path) for path in ("/", "/orders/", "/accounts/me/", "/accounts/profile/")]
    found += [(guest, f"/orders/{stayed.number}/"), (guest, f"/houses/{house.pk}/book/")]
    found += [(guest, f"/orders/{rejected.number}/"), (guest, "/accounts/notices/")]
    found += [(owner, path) for path in ("/houses/mine/", "/orders/received/")]
    found += [(owner, f"/houses/{house.pk}/{page}/") for page in ("edit", "images", "calendar")]
    found += [(owner, f"/orders/{waiting.number}/{page}") for page in ("", "reject/")]
    found += [(owner, "/accounts/real-name/"), (owner, f"/orders/{stayed.number}/answer/")]
    return found + [(staff, path) for path in admin_paths()]


def admin_paths():
    for model in admin.site._registry:
        stem = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{stem}_changelist")
        for row in model._default_manager.order_by("pk")[:1]:
            for page in ("change", "history", "delete"):
                yield reverse(f"{stem}_{page}", args=[row.pk])


def shown(client, path):
    answer = client.get(path)
    return answer.content.decode() if answer.status_code == 200 else ""


def check_every_page(pages, payloads):
    write_everywhere(PLAIN)
    before = [shown(client, path) for client, path in pages]
    assert sum(PLAIN in page for page in before) > 25
    for payload in payloads:
        write_everywhere(payload)
        for (client, path), plain in zip(pages, before, strict=True):
            page = shown(client, path)
            assert (new_nodes(page, plain), inline(page)) == ({}, []), (payload, path)


def test_what_people_write_stays_text(pages):
    check_every_page(pages, ["\"'></script><img src=x onerror=a>"])


@pytest.mark.slow
def test_no_payload_gets_through_anywhere(pages):
    check_every_page(pages, PAYLOADS)


FORMS = {
    "/accounts/login/": ["mobile", "next"],
    "/accounts/register/": ["mobile", "sms_code", "captcha_0", "captcha_1", "next"],
    "/accounts/login/sms/": ["mobile", "sms_code", "next"],
    "/accounts/password/reset/": ["mobile", "sms_code"],
    "/accounts/name/": ["name"],
    "/accounts/real-name/": ["real_name", "id_card", "next"],
    "/houses/new/": ["title", "price", "area", "address", "room_count", "acreage", "unit",
                     "capacity", "beds", "deposit", "min_days", "max_days", "facilities"],
    "/houses/{house}/calendar/": ["begin_date", "end_date", "action"],
    "/houses/{house}/book/": ["begin_date", "end_date", "guests", "token"],
    "/orders/{order}/reject/": ["reason"],
}  # fmt: skip
QUERIES = {
    "/houses/": ["q", "aid", "sd", "ed", "sk", "p", "guests", "price_min", "price_max", "facility"],
    "/houses/{house}/": ["sd", "ed"],
    "/houses/{house}/book/": ["sd", "ed", "begin_date", "end_date", "guests"],
    "/houses/{house}/calendar/": ["month"],
    "/accounts/login/": ["next"],
}


def refused(path, fields, text, order):
    """The page of a form that was sent with `text` in every field, too long to be taken."""
    person = User.objects.create_user("13900000007") if "real-name" in path else wang()
    client = (
        Client() if path.startswith(("/accounts/l", "/accounts/reg", "/accounts/pass")) else None
    )
    path = path.format(house=order.house_id, order=order.number)
    form = dict.fromkeys(fields, text + " " * 5 + "x" * 600)
    person = li() if "/book/" in path else person
    return (client or client_of(person)).post(path, form).content.decode()


@pytest.mark.parametrize(("path", "fields"), FORMS.items())
def test_what_a_refused_form_repeats_stays_text(path, fields):
    order = order_of_li(house_of_wang())
    before = refused(path, fields, PLAIN, order)
    assert "<form" in before
    for payload in PAYLOADS:
        User.objects.filter(mobile="13900000007").delete()
        page = refused(path, fields, payload, order)
        assert (new_nodes(page, before), inline(page)) == ({}, []), payload


@pytest.mark.parametrize(("path", "names"), QUERIES.items())
def test_what_a_query_string_says_stays_text(path, names):
    order = order_of_li(house_of_wang())
    path = path.format(house=order.house_id)
    client = client_of(wang()) if "calendar" in path else Client() if "login" in path else None
    client = client or client_of(li())
    for name in names:
        before = client.get(path, {name: PLAIN}).content.decode()
        for payload in PAYLOADS:
            page = client.get(path, {name: payload}).content.decode()
            assert (new_nodes(page, before), inline(page)) == ({}, []), (name, payload)


def test_sending_a_code_repeats_text_only():
    form = {"purpose": "register", "mobile": PAYLOADS[3], "sms_code": PAYLOADS[3]}
    page = Client().post("/accounts/sms-code/", form | solved_captcha()).content.decode()
    assert inline(page) == []


@pytest.mark.parametrize(
    "path", ["/", "/houses/", "/accounts/login/", "/nowhere/", "/admin/login/"]
)
def test_our_own_pages_have_nothing_inline(path):
    assert inline(Client().get(path, follow=True).content.decode()) == []


def test_the_reader_sees_what_it_should():
    page = '<p style="x">a<script>b</script><a href=" JavaScript:c">d</a><img onerror=e>'
    assert inline(page) == ["p style", "script: b", "a href", "img onerror"]
    assert new_nodes("<p><b>", "<p>") == {("b", ()): 1}
