"""Mobiles and ID numbers in what operators type: starred in every column that keeps it."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from accounts.models import IdCardView, RealName, User
from houses.models import Area, House
from ihome_site.masking import masked, mobile_of
from ihome_site.models import OperationLog
from ihome_site.testing import (
    chen,
    client_of,
    house_of_wang,
    id_card_of,
    li,
    order_of_li,
    stay_over,
    wang,
)
from ihome_site.tests.test_operators_desk import act, operator
from orders.models import Order, OrderMove, Review

pytestmark = pytest.mark.django_db
CARD = id_card_of(77)
STARRED_CARD = f"1{'*' * 16}{CARD[-1]}"


@pytest.mark.parametrize(
    "text",
    [
        "13955550077",
        "139 5555 0077",
        "139-5555-0077",
        "139 55 55 00 77",
        "1 3 9 5 5 5 5 0 0 7 7",
        "１３９５５５５００７７",
        "139—5555—0077",
        "139.5555.0077",
        "139/5555/0077",
        "139 / 5555 / 0077",
        "139·5555·0077",
        "139、5555、0077",
        "139*5555*0077",
        "(139)5555-0077",
        "139\u200b5555\u200b0077",
        "139\u00a05555\u30000077",
        "139\u202f5555\u20600077",
        "一三九五五五五〇〇七七",
        "幺三九五五五五零零七七",
    ],
)
@pytest.mark.parametrize("around", ["{}", "请打 {} 找王先生", "之一{}、", "v{}:", "\n{}\n", "-{}-"])
def test_a_mobile_is_starred_however_it_is_written(text, around):
    shown = masked(around.format(text))
    assert "139****0077" in shown
    assert "5555" not in shown


@pytest.mark.parametrize(
    "country", ["86", "+86", "0086", "+86 ", "+86-", "(+86)", "８６", "0", "０", "0-"]
)
def test_a_country_code_does_not_hide_it(country):
    assert masked(f"{country}139 5555 0077").endswith("139****0077")


@pytest.mark.parametrize(
    "text",
    [
        CARD,
        " ".join([CARD[:6], CARD[6:14], CARD[14:]]),
        "-".join([CARD[:6], CARD[6:14], CARD[14:]]),
        CARD.translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)}),
        f"证号：{CARD}，",
        f"{CARD[:10]}\u200b{CARD[10:]}",
    ],
)
def test_an_id_number_is_starred_however_it_is_written(text):
    assert STARRED_CARD in masked(text)


@pytest.mark.parametrize("last", ["x", "X", "Ｘ", "ｘ"])
def test_its_last_character_may_be_a_letter(last):
    assert masked(f"110101 19900307 001{last}") == f"1{'*' * 16}{'x' if last in 'xｘ' else 'X'}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-20 13:14:15",
        "order 139555500771",
        "138.100.200.10",
        "100 200 300 400 500 600",
        "N0RY-84JX-RHCR",
        "398.00 元 × 2 晚",
        "1234",
        "12955550077",
        "139-5555-007",
        "400-800-1234",
        "900619746936498440",
        "139，5555，0077",
        "139\n5555\n0077",
    ],
)
def test_other_numbers_stay(text):
    assert masked(text) == text


def test_long_texts_of_digits_take_no_time():
    for text in ("1" * 100_000, "1 3-" * 30_000, "13955550077 " * 5_000, "一" * 50_000):
        masked(text)


@pytest.mark.parametrize(
    ("text", "mobile"),
    [
        ("139 5555 0077", "13955550077"),
        (" +86 139-5555-0077", "13955550077"),
        ("139555500", ""),
        ("13955550077x", ""),
        ("0077", ""),
        ("１３９５５５５００７７", "13955550077"),
    ],
)
def test_a_number_searched_for_is_understood(text, mobile):
    assert mobile_of(text) == mobile


# Every place where an operator's words are kept.

WORDS = f"电话 138-0013 8000，证件 {CARD}"
NUMBERS = ["138-0013 8000", "13800138000", CARD]


def everything_kept():
    columns = [
        (OperationLog, "subject_text"), (OperationLog, "before"), (OperationLog, "after"),
        (OperationLog, "reason"), (House, "held_reason"), (House, "check_reason"),
        (Order, "reason"), (OrderMove, "note"), (Review, "hidden_reason"), (IdCardView, "reason"),
        (LogEntry, "object_repr"), (LogEntry, "change_message"),
    ]  # fmt: skip
    return [text for model, name in columns for text in model.objects.values_list(name, flat=True)]


def found():
    return [text for text in everything_kept() if any(number in text for number in NUMBERS)]


def all_verbs():
    """(role, model, action, row) of every verb that asks why."""
    order = order_of_li(house_of_wang(title="等人住"))
    review = stay_over(house_of_wang(), token="t9").write_review(li(), 1, "骂人的话")
    house = House.objects.get(pk=review.order.house_id)
    boss = "管理员"
    return [
        (boss, Order, "stop", order), (boss, Review, "hide", review), (boss, House, "hold", house),
        (boss, House, "refuse", house), (boss, User, "void_password", chen()),
        (boss, User, "disable", chen()),
    ]  # fmt: skip


def test_reasons_are_starred_wherever_they_are_kept():
    verbs = all_verbs()
    for role, model, action, row in verbs:
        assert "完成 1 个" in act(role, model, action, row, reason=WORDS).content.decode(), action
    assert OperationLog.objects.filter(reason__contains="138****8000").count() == len(verbs)
    assert found() == []
    house = House.objects.get(title="鼓楼边的小院")
    assert "138****8000" in house.held_reason + house.check_reason


def test_every_verb_that_asks_why_is_among_them():
    asking = set()
    for model, modeladmin in admin.site._registry.items():
        for one in getattr(modeladmin, "verbs", []):
            if one.asks_why:
                asking.add((model, one.key.removeprefix("do_")))
    assert asking == {(model, action) for _role, model, action, _row in all_verbs()}


def test_the_reason_for_looking_is_starred():
    wang()
    client = client_of(User.objects.create_superuser("13900000009", "x"))
    card = reverse("admin:accounts_realname_reveal", args=[RealName.objects.get().pk])
    mobile = reverse("admin:accounts_user_reveal", args=[chen().pk])
    for url in (card, mobile):
        assert client.post(url, {"reason": WORDS}).status_code == 200
    assert IdCardView.objects.get().reason.startswith("电话 138****8000")
    assert found() == []


def test_djangos_own_history_is_starred():
    client = client_of(User.objects.create_superuser("13900000009", "x"))
    area = {"name": "138 0013 8000", "order": "1"}
    client.post("/admin/houses/area/add/", area)
    row = Area.objects.get()
    change = reverse("admin:houses_area_change", args=[row.pk])
    client.post(change, area | {"order": "2"})
    client.post(reverse("admin:houses_area_delete", args=[row.pk]), {"post": "yes"})
    assert list(LogEntry.objects.values_list("object_repr", flat=True)) == ["138****8000"] * 3
    assert found() == []


def test_what_was_kept_before_is_starred_by_the_migration(django_assert_max_num_queries):
    order = order_of_li(house_of_wang(), 1, 3)
    refused = order_of_li(house_of_wang(title="乙"), 1, 3, token="t2")
    refused.reject(wang(), WORDS)
    order.stop(operator("客服"), "先占位")
    Order.objects.filter(pk=order.pk).update(reason=WORDS)
    OrderMove.objects.filter(order=order, action="stop").update(note=WORDS)
    House.objects.update(held_reason=WORDS, check_reason=WORDS, is_listed=False)
    texts = {"subject_text": WORDS, "before": WORDS, "after": WORDS, "reason": WORDS}
    OperationLog.objects.update(**texts)
    line = LogEntry.objects.create(
        user=li(), action_flag=2, object_repr=WORDS, change_message=f'["{WORDS}"]'
    )
    migration = import_module("ihome_site.migrations.0005_masked_operators_texts")
    for _twice in range(2):
        migration.star(apps, None)
    order.refresh_from_db()
    line.refresh_from_db()
    assert order.reason.startswith("电话 138****8000")
    assert line.change_message.startswith('["电话 138****8000')
    refused.refresh_from_db()
    assert refused.reason == WORDS  # the owner's own words to the guest
    assert [text for text in found() if text != WORDS] == []
    assert found() == [WORDS, WORDS]  # in the order and in its history
