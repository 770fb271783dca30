"""Hostile text in every field of every form gets the same verdict from both databases.

VERDICTS is that verdict: the tests run on SQLite and on MariaDB and know one table.
"""

from urllib.parse import quote_plus

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import User
from houses.models import Area, Facility, House
from ihome_site.testing import (
    client_of,
    day,
    house_of_wang,
    id_card_of,
    li,
    order_of_li,
    stay_over,
    wang,
)

pytestmark = pytest.mark.django_db
TEXTS = {
    "emoji": "😀🏠👨‍👩‍👧",
    "nul": "a\x00b",
    "surrogate": "a\ud800b",
    "control": "a\x01\x1b[31m\x7fb",
    "bidi": "a\u202eb\u200b",
    "full-width digits": "１２３４５",
    "spaces": " \t\u3000 ",
    "markup": "<b>&amp;'\"",
    "sql": "'; DROP TABLE x; --",
    "percent": "100%_\\",
    "a number too large": "9" * 30,
    "negative": "-1",
    "exponent": "1e400",
    "not a number": "NaN",
}
LONGEST = {  # characters each text may have
    "name": 32,
    "title": 64,
    "address": 512,
    "unit": 32,
    "beds": 64,
    "reason": 255,
    "review": 512,
    "answer": 512,
}
# o = taken, x = refused with a sentence, in the order of TEXTS
VERDICTS = {
    "name": "oxooooxooooooo",
    "title": "oxooooxooooooo",
    "address": "oxooooxooooooo",
    "unit": "oxooooxooooooo",
    "beds": "oxooooxooooooo",
    "reason": "oxooooxooooooo",
    "review": "oxooooxooooooo",
    "answer": "oxooooxooooooo",
    "price": "xxxxxxxxxxxxxx",
    "area": "xxxxxxxxxxxxxx",
    "room_count": "xxxxxxxxxxxxxx",
    "acreage": "xxxxxxxxxxxxxx",
    "capacity": "xxxxxxxxxxxxxx",
    "deposit": "xxxxxxoxxxxxxx",
    "min_days": "xxxxxxoxxxxxxx",
    "max_days": "xxxxxxoxxxxxxx",
    "facilities": "xxxxxxxxxxxxxx",
    "begin_date": "xxxxxxxxxxxxxx",
    "end_date": "xxxxxxxxxxxxxx",
    "guests": "xxxxxxoxxxxxxx",
    "stars": "xxxxxxxxxxxxxx",
    "action": "xxxxxxxxxxxxxx",
    "real_name": "oxooooxooooooo",
    "id_card": "xxxxxxxxxxxxxx",
    "mobile": "xxxxxxxxxxxxxx",
    "password": "xxxxxxxxxxxxxx",
    "sms_code": "xxxxxxxxxxxxxx",
    "captcha_1": "xxxxxxxxxxxxxx",
}
HOUSE = {
    "title": "新",
    "price": "398",
    "address": "旧鼓楼大街",
    "room_count": "2",
    "acreage": "60",
    "unit": "两室",
    "capacity": "4",
    "beds": "2 张",
    "deposit": "500",
    "min_days": "1",
    "max_days": "0",
}
LOGIN = {"mobile": "13900000001", "password": "wrong-password"}
CODE = {"mobile": "13900000077", "sms_code": "123456", "password": "p4ssw0rd-x", "captcha_0": "0"}


def send(field, text):
    """(client, path, form) with `text` in this field of its form and sense in all others."""
    if field in HOUSE or field in {"area", "facilities"}:
        form = HOUSE | {"area": Area.objects.get().pk, "facilities": Facility.objects.get().pk}
        return client_of(wang()), "/houses/new/", form | {field: text}
    house = House.objects.earliest("pk")
    if field in {"begin_date", "end_date", "guests"}:
        form = {"begin_date": day(1), "end_date": day(3), "token": "t"} | {field: text}
        return client_of(li()), f"/houses/{house.pk}/book/", form
    if field == "action":
        form = {"begin_date": day(1), "end_date": day(3), field: text}
        return client_of(wang()), f"/houses/{house.pk}/calendar/", form
    if field == "reason":
        order = order_of_li(house)
        return client_of(wang()), f"/orders/{order.number}/reject/", {field: text}
    if field in {"review", "stars", "answer"}:
        return about_a_stay(field, text)
    if field in {"real_name", "id_card"}:
        form = {"real_name": "苏禾", "id_card": id_card_of(7), "consent": "on", field: text}
        return client_of(User.objects.get(mobile="13900000007")), "/accounts/real-name/", form
    if field == "name":
        return client_of(li()), "/accounts/name/", {field: text}
    if field in {"mobile", "password"}:
        return Client(), "/accounts/login/", LOGIN | {field: text}
    path = "/accounts/sms-code/" if field == "captcha_1" else "/accounts/register/"
    return (
        Client(),
        path,
        CODE | {"password2": CODE["password"], "purpose": "register", field: text},
    )


def about_a_stay(field, text):
    order = stay_over(House.objects.earliest("pk"))
    path = f"/orders/{order.number}/"
    if field == "answer":
        order.write_review(li(), 5, "好")
        return client_of(wang()), f"{path}answer/", {"text": text}
    form = {"stars": "5", "text": text} if field == "review" else {"stars": text, "text": "好"}
    return client_of(li()), f"{path}review/", form


@pytest.fixture(autouse=True)
def cast():
    house_of_wang().facilities.add(Facility.objects.create(name="空调"))
    User.objects.create_user("13900000007")


def verdict(field, text):
    """o, x, or the status of any other answer. Nothing is left behind."""
    before = transaction.savepoint()
    client, path, form = send(field, text)
    client.raise_request_exception = False
    answer = client.post(path, encoded(form), content_type="application/x-www-form-urlencoded")
    transaction.savepoint_rollback(before)
    status = answer.status_code
    return {302: "o", 400: "x", 409: "x", 413: "x"}.get(status, str(status))


def encoded(form):
    """A form body; a lone surrogate goes out as its three bytes, which are no UTF-8."""
    return "&".join(
        f"{name}={quote_plus(str(value).encode('utf-8', 'surrogatepass'))}"
        for name, value in form.items()
    )


@pytest.mark.parametrize("field", VERDICTS)
def test_the_verdict_on_hostile_text(field):
    found = "".join(verdict(field, text) for text in TEXTS.values())
    assert found == VERDICTS[field]


@pytest.mark.parametrize(("field", "longest"), LONGEST.items())
def test_the_longest_text_is_taken_and_one_more_is_not(field, longest):
    assert verdict(field, "宅" * longest) == "o"
    assert verdict(field, "😀" * longest) == "o"
    assert verdict(field, "宅" * (longest + 1)) == "x"


A_FIELD_OF_EACH_FORM = ["title", "guests", "action", "reason", "review", "answer", "real_name"]
A_FIELD_OF_EACH_FORM += ["name", "mobile", "sms_code", "captcha_1"]


@pytest.mark.parametrize("field", A_FIELD_OF_EACH_FORM)
def test_ten_megabytes_in_a_field_are_refused(field):
    assert verdict(field, "x" * 10_000_000) == "x"


def test_taken_text_comes_back_as_it_was_written():
    for text in (TEXTS["emoji"], TEXTS["control"], TEXTS["markup"], TEXTS["percent"]):
        client, path, form = send("title", text)
        assert client.post(path, form).status_code == 302
        assert House.objects.latest("pk").title == text


def test_two_names_that_differ_by_an_emoji_are_two_names():
    for name in ("😀", "😁"):
        client, path, form = send("name", name)
        assert client.post(path, form).status_code == 302
    assert User.objects.get(name="😁") == li()
