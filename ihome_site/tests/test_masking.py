"""Mobiles and ID numbers in what operators type: starred in every column that keeps it."""

import time
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

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
MOBILE = "13955550077"
MOBILE_WAYS = [
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
    "139，5555，0077",
    "139, 5555, 0077",
    "139～5555～0077",
    "139・5555・0077",
    "139•5555•0077",
    "139．5555．0077",
    "139。5555。0077",
    "139:5555:0077",
    "139：5555：0077",
    "139|5555|0077",
    "139 5555，0077",
    "1 3 9，5 5 5 5，0 0 7 7",
    "1.3.9.5.5.5.5.0.0.7.7",
    "1、3、9、5、5、5、5、0、0、7、7",
    "139    5555     0077",
    "139------5555------0077",
    "139\n5555\n0077",
    "139 5555\r\n0077",
    "139\n55550077",
    "1395555 \r\n 0077",
    "1️⃣3️⃣9️⃣5️⃣5️⃣5️⃣5️⃣0️⃣0️⃣7️⃣7️⃣",
    "1️⃣3️⃣9️⃣.5️⃣5️⃣5️⃣5️⃣.0️⃣0️⃣7️⃣7️⃣",
    "①③⑨⑤⑤⑤⑤⓪⓪⑦⑦",
    "❶❸❾❺❺❺❺⓿⓿❼❼",
    "⑴⑶⑼⑸⑸⑸⑸00⑺⑺",
    "壹叁玖伍伍伍伍零零柒柒",
    "壹參玖伍伍伍伍〇〇柒柒",
    "١٣٩٥٥٥٥٠٠٧٧",
    "१३९५५५५००७७",
    "𝟏𝟑𝟗𝟓𝟓𝟓𝟓𝟎𝟎𝟕𝟕",
    "１3९五⑤伍𝟓٠〇７7",
    "1\u03013\u20dd9\ufe0f5555\u28000077",
    *(
        mark.join(["139", "5555", "0077"])
        for mark in [*"+#'’&=?!%^`@√→★🏠x×", "…", "……", "++", " # ", "##", "..", "，，"]
    ),
    "1#3#9#5#5#5#5#0#0#7#7",
    *(
        "139.555.50077",
        "139.55550.077",
        "139.555.500.77",
        "139.55.55.00.77",
        "139.555.50.077",
        "139.55.5500.77",
    ),
    *(
        "139·555·500·77",
        "139．555．500．77",
        "139 . 555 . 500 . 77",
        "１３９。５５５。５００。７７",
    ),
]
AROUND = ["{}", "请打 {} 找王先生", "之一{}、", "v{}:", "\n{}\n", "-{}-"]
COUNTRIES = [
    *("86", "+86", "0086", "+86 ", "+86-", "(+86)", "８６", "0", "０", "0-"),
    *("00", "17951", "17951 ", "12593-"),
    *("0086 ", "00 86 ", "086", "0186", "０１８６", "01186", "00186-"),
]
CARD_WAYS = [
    CARD,
    " ".join([CARD[:6], CARD[6:14], CARD[14:]]),
    "-".join([CARD[:6], CARD[6:14], CARD[14:]]),
    CARD.translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)}),
    f"证号：{CARD}，",
    f"{CARD[:10]}\u200b{CARD[10:]}",
    *(
        between.join([CARD[:6], CARD[6:14], CARD[14:]])
        for between in (".", "/", "，", "：", " / ", "\n", "\r\n", "        ", "+", "#", "…")
    ),
    f"{CARD[:6]}/{CARD[6:10]}/{CARD[10:12]}/{CARD[12:14]}/{CARD[14:]}",
    f"{CARD[:6]}\n{CARD[6:]}",
    ".".join(CARD),
    "".join(f"{digit}\ufe0f\u20e3" for digit in CARD[:17]) + CARD[17],
    CARD[:17].translate({ord(str(n)): "零壹贰叁肆伍陆柒捌玖"[n] for n in range(10)}) + CARD[17],
    CARD.translate({ord(str(n)): chr(0x0660 + n) for n in range(10)}),
]
OLD_CARD = "110101900307123"
OLD_CARD_WAYS = [
    OLD_CARD,
    f"证号{OLD_CARD}，",
    *(between.join(["110101", "900307", "123"]) for between in (" ", "-", "/", "，", "\n")),
    "110101 90 03 07 123",
    "１１０１０１９００３０７１２３",
    "1 1 0 1 0 1 9 0 0 3 0 7 1 2 3",
    ".".join(OLD_CARD),
    f"500 {OLD_CARD}",
]


@pytest.mark.parametrize("text", MOBILE_WAYS)
@pytest.mark.parametrize("around", AROUND)
def test_a_mobile_is_starred_however_it_is_written(text, around):
    shown = masked(around.format(text))
    assert "139****0077" in shown
    assert "55" not in shown


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_country_code_does_not_hide_it(country):
    assert masked(f"{country}139 5555 0077").endswith("139****0077")


@pytest.mark.parametrize(
    "text",
    [
        "1395555007713812345678",
        "139555500771381234567813955550077",
        CARD * 2,
        f"{CARD}13955550077",
        f"13955550077{CARD}",
    ],
)
def test_numbers_that_are_glued_together_are_starred(text):
    shown = masked(f"号码 {text}。")
    assert shown == f"号码 {text[:3]}{'*' * (len(text) - 7)}{text[-4:]}。"


def test_a_long_number_that_is_not_made_of_them_stays():
    for text in ("2026112822001455550077123456", f"7{CARD}4", "13955550077138123456789"):
        assert masked(text) == text


def test_an_x_ends_an_id_number_whatever_follows():
    card = f"{CARD[:17]}X"
    assert masked(f"{card}13955550077") == f"{masked(card)}139****0077"
    assert masked(card * 2) == masked(card) * 2


@pytest.mark.parametrize("text", CARD_WAYS)
def test_an_id_number_is_starred_however_it_is_written(text):
    assert STARRED_CARD in masked(text)


@pytest.mark.parametrize("text", OLD_CARD_WAYS)
def test_an_id_number_of_15_digits_is_starred(text):
    assert f"1{'*' * 13}3" in masked(text)


def test_numbers_before_an_id_number_do_not_hide_it():
    assert masked("5000 110101 19900307 123X") == f"5000 1{'*' * 16}X"


def test_the_id_number_of_a_foreigner_is_starred():
    assert masked("911156199003071234") == f"9{'*' * 16}4"


@pytest.mark.parametrize("last", ["x", "X", "Ｘ", "ｘ", "×", "✕", "Х", "Ⅹ"])
def test_its_last_character_may_be_a_letter(last):
    assert masked(f"110101 19900307 001{last}") == f"1{'*' * 16}{'x' if last in 'xｘ' else 'X'}"
    assert "0307" not in masked(f"11010119900307123{last}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-20 13:14:15",
        "order 139555500771",
        "138.100.200.10",
        "139.155.166.66",
        "139、555、566、66",
        "139，555，566，66",
        "139/555/566/66",
        "139|555|566|66",
        "139.555，500.77",
        "138.00，168.50，99.00",
        "100 200 300 400 500 600",
        "N0RY-84JX-RHCR",
        "398.00 元 × 2 晚",
        "1234",
        "12955550077",
        "139-5555-007",
        "400-800-1234",
        "900619746936498440",
        "1390，1234",
        "1390，1234567",
        "1380000，2000",
        "1380\n1500\n200",
        "139\n\n5555\n\n0077",
        "1,380,000,000",
        "13,800,138,000",
        "1，380，000，000 元",
        "139,555.50，077",
        "￥139 ￥5555 ￥0077",
        "150+1280=1430",
        *(
            between.join(["158", "1280", "2000"])
            for between in ["、", "，", ", ", "\n", "；", " + "]
        ),
        "158\r\n1280\r\n2000\r\n2500",
        "1、158、1280、2000、2500",
        "退款 1380000 2000 元",
        "6222021234567890",
        "62220212345678901",
        "622202123456789012",
        "6222021234567890123",
        "6222 0212 3456 7890 12",
        "6222 0219 9013 0112 345",
        "6222 2020 0101 1234 567",
        "3782 900307 12345",
        "110101901307123",
        "110101900332123",
        "010101900307123",
        "910101900307123",
        "1101019003071234",
        "139+5555#0077",
        "139元5555元0077",
        "139a5555a0077",
        "139$5555$0077",
        "1.3、1.4、1.5、1.6、1.7、1.8",
        "1/3、1/4、1/5、1/6、1/7、1/8",
        "1、3、9、5、5、5、5、0、0、7、7、5",
        "1.3.9.5.5.5.5",
        "13:55:55 13:00:07",
        "2026.11.20，2026.11.22",
        "1390:5555:0077",
        "010-8888:1234，400:800:1234",
        "139.55.55.00",
        "123456.78，901234.56，789012",
        "三十九，五千五百，七十七",
        "①②③④⑤⑥⑦⑧⑨⑩⑪⑫",
        "2⁴ ½ 10² m²",
    ],
)
def test_other_numbers_stay(text):
    assert masked(text) == text


@pytest.mark.parametrize("mark", ["①", "1️⃣ ", "1️⃣", "一", "⑴", "⒈", "1. ", "1、", "⑬", "②\u200b"])
def test_the_number_of_a_list_does_not_hide_it(mark):
    assert masked(f"{mark}13955550077").endswith("139****0077")


@pytest.mark.parametrize("mark", ["①", " 1️⃣", "一", "⑴", "⒈", " 1. ", "，1、", "⑬", "\u200b②"])
def test_nor_does_the_next_number_of_the_list(mark):
    assert masked(f"13955550077{mark}").startswith("139****0077")


@pytest.mark.parametrize(
    "text", ["13955550077 1234", "139.5555.0077.1234", "13955550077，1234", CARD, f"{CARD}，1234"]
)
def test_what_is_starred_already_stays_so(text):
    """Reasons are starred in their form and again in the log of operations."""
    assert masked(masked(text)) == masked(text)


def test_long_texts_of_digits_take_no_time():
    for text in ("1" * 100_000, "1 3-" * 30_000, "13955550077 " * 5_000, "一" * 50_000):
        masked(text)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="013589 -_.,，:+…\n\r①一٣\u200b\ufe0fX", min_size=1, max_size=12))
def test_no_text_of_10000_characters_takes_long(piece):
    text = (piece * 10_000)[:10_000]
    before = time.process_time()
    masked(text)
    assert time.process_time() - before < 1


WAYS = [
    "0123456789",
    "０１２３４５６７８９",
    "〇一二三四五六七八九",
    "零壹贰叁肆伍陆柒捌玖",
    "⓪①②③④⑤⑥⑦⑧⑨",
]


@given(
    st.from_regex("1[3-9][0-9]{8}[1-9]", fullmatch=True),
    st.lists(st.sampled_from(WAYS), min_size=11, max_size=11),
    st.lists(st.sampled_from(["，", " . ", "\n", "    ", "—", "~"]), min_size=2, max_size=2),
)
def test_any_mobile_in_groups_is_starred_however_digits_and_marks_are_mixed(mobile, ways, marks):
    digits = [way[int(digit)] for digit, way in zip(mobile, ways, strict=True)]
    head, middle, tail = map("".join, (digits[:3], digits[3:7], digits[7:]))
    text = f"打 {head}{marks[0]}{middle}{marks[1]}{tail} 找他"
    assert masked(text) == f"打 {mobile[:3]}****{mobile[7:]} 找他"


@pytest.mark.parametrize(
    "text",
    [
        "158-1280-2000", "158 1280 2000", "158.1280.2000", "158#1280#2000", "15812802000",
        "158、1280、2001", "158、1281、2000", "158、0280、2000", "158、1280、0200", "1581280 2000",
        "158、1280 2000", "15812 802000", "+86 158、1280、2000", "一五八、一二八〇、二〇〇〇",
        "158、1280、2000 158-1280-2000",
    ],
)  # fmt: skip
def test_a_mobile_is_taken_for_prices_only_in_a_list_of_round_ones(text):
    assert "****" in masked(text)


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
