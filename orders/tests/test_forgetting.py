"""After erasing somebody no text column of any table holds a word of theirs, nor about them.

PLANTED has a row for every text column there is: a new one without a row fails.
"""

import re
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Q
from django.forms import model_to_dict
from django.test import Client
from django.utils import timezone

from accounts.models import (
    Device,
    FormerWord,
    IdCardView,
    LoginAttempt,
    Notice,
    RealName,
    RealNameError,
    SmsCode,
    User,
)
from accounts.tests.test_codes import sent_before
from accounts.tests.test_profile import picture
from houses.models import House, HouseImage
from ihome_site.management.commands.forget_old_records import erase_what_came_after
from ihome_site.masking import CHINESE, masked, signs_and_places
from ihome_site.models import Banner, HelpArticle, OperationLog, SiteNotice, SiteParameter
from ihome_site.testing import (
    MOBILES,
    PASSWORD,
    chen,
    client_of,
    day,
    house_of_wang,
    id_card_of,
    li,
    order_of_li,
    stay_over,
    wang,
)
from ihome_site.tests.test_masking import (
    AROUND,
    CARD,
    CARD_WAYS,
    COUNTRIES,
    MOBILE,
    MOBILE_WAYS,
)
from orders import erasure, traces
from orders.erasure import forget
from orders.invariants import broken_rules
from orders.models import Order, OrderError, OrderMove, Review
from orders.words import Words, deleted_homes

pytestmark = pytest.mark.django_db
OWNERS = import_module("ihome_site.migrations.0007_owner_of_what_was_deleted")
REAL = {"wang": "王小明", "li": "李雷雷"}
HOME = {"wang": ["鼓楼边的小院", "旧鼓楼大街128号"], "li": ["胡同里的小屋", "南锣鼓巷七号"]}
NUMBER = {"wang": 1, "li": 2}


def party(user):
    return Order.objects.filter(Q(guest=user) | Q(house__owner=user))


def about(user, model):
    """The ids, as texts, of the rows of a model that have to do with the user."""
    orders = party(user).values_list("pk", flat=True)
    rows = {
        User: [user.pk],
        House: [*user.houses.values_list("pk", flat=True), *deleted_homes(user)],
        Order: orders,
        Review: Review.objects.filter(order__in=orders).values_list("pk", flat=True),
    }[model]
    return [str(pk) for pk in rows]


def lines(user, *models):
    found = Q(pk=None)
    for model in models:
        found |= Q(subject_type=model._meta.label_lower, subject_id__in=about(user, model))
    return OperationLog.objects.filter(found)


def entries(user):
    found = Q(pk=None)
    for model in (User, House, Review):
        kind = ContentType.objects.get_for_model(model)
        found |= Q(content_type=kind, object_id__in=about(user, model))
    return LogEntry.objects.filter(found)


def moves(user):
    return OrderMove.objects.filter(order__in=party(user))


def typed_by(user):
    """The orders of which this user said why they end."""
    return moves(user).filter(actor=user).exclude(note="").values("order")


def notices(user):
    """What was told about stays in the user's homes: it begins with the home's title."""
    received = Order.objects.filter(house__owner=user)
    return Notice.objects.filter(url__in=[order.get_absolute_url() for order in received])


THEIRS, OTHERS = "goes whole", "loses what names the person"
WHOLE = (User, House, Review)
EVERYBODY = "operators' words for everybody: a test of its own plants into each"
UNIQUE = "not rewritten: a person is told"
# column → (what becomes of it, the rows in which it does), or why nobody is in it
PLANTED = {
    "accounts.User.password": "a hash, and replaced",
    "accounts.User.mobile": "looked for in every test",
    "accounts.User.name": "looked for in every test",
    "accounts.User.avatar": [(THEIRS, lambda user: User.objects.filter(pk=user.pk))],
    "accounts.RealName.name": "looked for in every test",
    "accounts.RealName.id_card_index": [(THEIRS, lambda u: RealName.objects.filter(user=u))],
    "accounts.RealName.consent_version": [(THEIRS, lambda u: RealName.objects.filter(user=u))],
    "accounts.FormerWord.text": [(THEIRS, lambda user: FormerWord.objects.filter(user=user))],
    "accounts.IdCardView.reason": [
        (THEIRS, lambda user: IdCardView.objects.filter(subject=user)),
        (OTHERS, lambda user: IdCardView.objects.filter(viewer=user)),
    ],
    "accounts.IdCardView.address": [(THEIRS, lambda u: IdCardView.objects.filter(viewer=u))],
    **{
        f"accounts.SmsCode.{name}": [
            (THEIRS, lambda user: SmsCode.objects.filter(mobile=user.mobile))
        ]
        for name in ("address", "browser", "device", "code_hmac")
    },
    **{
        f"accounts.LoginAttempt.{name}": [
            (THEIRS, lambda user: LoginAttempt.objects.filter(mobile=user.mobile))
        ]
        for name in ("address", "device", "user_agent")
    },
    "accounts.SmsCode.mobile": "looked for in every test",
    "accounts.LoginAttempt.mobile": "looked for in every test",
    **{
        f"accounts.Device.{name}": [(THEIRS, lambda user: Device.objects.filter(user=user))]
        for name in ("session_key", "user_agent", "address")
    },
    "accounts.Notice.text": [
        (THEIRS, lambda user: Notice.objects.filter(user=user)),
        (THEIRS, lambda user: notices(user).exclude(user=user)),
    ],
    "accounts.Notice.url": "an order's address",
    "houses.Area.name": UNIQUE,
    "houses.Facility.name": UNIQUE,
    "houses.Facility.icon": "the site's own word",
    **{
        f"houses.House.{name}": [(THEIRS, lambda user: House.objects.filter(owner=user))]
        for name in ("unit", "beds", "check_reason", "held_reason")
    },
    "houses.House.title": "looked for in every test",
    "houses.House.address": "looked for in every test",
    "houses.HouseImage.file": [(THEIRS, lambda u: HouseImage.objects.filter(house__owner=u))],
    "houses.OccupiedNight.holder": "an order's number",
    **{
        f"ihome_site.OperationLog.{name}": "the site's own word"
        for name in ("verb", "subject_type", "subject_id", "request_id")
    },
    "ihome_site.OperationLog.reason": [
        (THEIRS, lambda user: lines(user, *WHOLE, Order)),
        (OTHERS, lambda u: OperationLog.objects.filter(actor=u, subject_type="houses.area")),
    ],
    **{
        f"ihome_site.OperationLog.{name}": [
            (THEIRS, lambda user: lines(user, *WHOLE)),
            (OTHERS, lambda u: OperationLog.objects.filter(actor=u, subject_type="houses.area")),
        ]
        for name in ("subject_text", "before", "after")
    },
    **{
        f"ihome_site.{name}": EVERYBODY
        for name in (
            "Banner.title",
            "SiteNotice.text",
            "HelpArticle.title",
            "HelpArticle.body",
            "SiteParameter.value",
        )
    },
    "ihome_site.Banner.link": "looked for in a test of its own",
    "ihome_site.SiteNotice.link": "looked for in a test of its own",
    "ihome_site.Banner.file": "random",
    "ihome_site.HelpArticle.slug": UNIQUE,
    "ihome_site.SiteParameter.name": "the site's own word",
    "orders.Order.number": "random",
    "orders.Order.token": "random",
    "orders.Order.title": "looked for in every test",
    "orders.Order.reason": [
        (THEIRS, lambda user: party(user).filter(pk__in=typed_by(user))),
        (OTHERS, lambda user: party(user).exclude(pk__in=typed_by(user))),
    ],
    "orders.OrderMove.before": "a state",
    "orders.OrderMove.after": "a state",
    "orders.OrderMove.note": [
        (THEIRS, lambda user: moves(user).filter(actor=user)),
        (OTHERS, lambda user: moves(user).exclude(actor=user)),
    ],
    "orders.Review.text": [
        (THEIRS, lambda user: Review.objects.filter(order__guest=user)),
        (OTHERS, lambda user: Review.objects.filter(order__house__owner=user)),
    ],
    "orders.Review.answer": [
        (THEIRS, lambda user: Review.objects.filter(order__house__owner=user)),
        (OTHERS, lambda user: Review.objects.filter(order__guest=user)),
    ],
    "orders.Review.hidden_reason": [
        (THEIRS, lambda user: Review.objects.filter(order__guest=user)),
        (OTHERS, lambda user: Review.objects.filter(order__house__owner=user)),
    ],
    "auth.Group.name": UNIQUE,
    "auth.Permission.name": "the site's own word",
    "auth.Permission.codename": "the site's own word",
    "admin.LogEntry.object_id": "a number",
    "admin.LogEntry.object_repr": [
        (THEIRS, entries),
        (OTHERS, lambda u: LogEntry.objects.filter(user=u, content_type=None)),
    ],
    "admin.LogEntry.change_message": [
        (THEIRS, entries),
        (OTHERS, lambda u: LogEntry.objects.filter(user=u, content_type=None)),
    ],
}


def columns():
    return {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label in traces.OURS
        for field in traces.text_columns(model)
    }


def test_every_text_column_has_a_row():
    assert columns() == set(PLANTED)


@pytest.fixture
def operator():
    return User.objects.create_superuser("13900000009", "x", name="值班的人")


DELETED = {"wang": ["后海的阁楼", "后海北沿九号"], "li": ["五道营的平房", "五道营胡同三号"]}


def deleted_by(operator, user):
    """A home of theirs that operators changed, took off and deleted. Its id."""
    title, address = DELETED[user.name]
    house = house_of_wang(owner=user, title="还没改的标题", address=address)
    house.hold(operator, "有人投诉")
    client, form = client_of(operator), {**desk_form(house), "title": title}
    assert client.post(f"/admin/houses/house/{house.pk}/change/", form).status_code == 302
    client.post(f"/admin/houses/house/{house.pk}/delete/", {"post": "yes"})
    assert not House.objects.filter(pk=house.pk).exists()
    return house.pk


def desk_form(house):
    names = ["title", "address", "price", "room_count", "acreage", "unit", "capacity", "beds"]
    names += ["deposit", "min_days", "max_days"]
    nothing = {"images-TOTAL_FORMS": 0, "images-INITIAL_FORMS": 0}
    chosen = {"area": house.area_id, "owner": house.owner_id}
    return {name: getattr(house, name) for name in names} | chosen | nothing


def lives(operator):
    """Wang and Li with a row in every table, orders that are over, and operators at work."""
    for user in (wang(), li()):
        Client().post("/accounts/login/", {"mobile": user.mobile, "password": PASSWORD})
        client_of(user).post("/accounts/avatar/", {"avatar": picture()})
        sent_before(1, 100, mobile=user.mobile)
        user.notices.create(kind="requested", text="x", url="/orders/")
    RealName.objects.prove(li(), REAL["li"], id_card_of(2))
    house = house_of_wang()
    stays(operator, house, wang(), li(), "窗外能看见鼓楼")
    lis = house_of_wang(owner=li(), title="胡同里的小屋", address="南锣鼓巷七号")
    stays(operator, lis, li(), wang(), "枣树下很凉快")
    for user in (wang(), li()):
        about_them(operator, user)
        deleted_by(operator, user)
    house_of_wang(title="没人住过的").hold(operator, "也有人投诉")
    return house


def stays(operator, house, owner, guest, text):
    """One of each kind of order that is over, and a home that operators hold."""
    client_of(owner).post(f"/houses/{house.pk}/images/", {"house_image": picture()})
    review = stay_over(house, guest=guest).write_review(guest, 5, text)
    review.give_answer("欢迎再来")
    review.hide(operator, "人身攻击")
    order_of_li(house, 5, 7, f"no{house.pk}", guest).reject(owner, "修屋顶")
    order_of_li(house, 5, 7, f"off{house.pk}", guest).cancel(guest, "改了行程")
    order_of_li(house, 15, 17, f"stop{house.pk}", guest).stop(operator, "房源被投诉")
    house.hold(operator, "有人投诉")


def about_them(operator, user):
    IdCardView.objects.create(viewer=operator, subject=user, reason="核对身份", address="::1")
    IdCardView.objects.create(viewer=user, subject=operator, reason="核对身份", address="::2")
    for subject in (user, *user.houses.all(), *Review.objects.all(), *party(user)):
        OperationLog.objects.record(operator, "修改", subject, "x", "y", "z")
        LogEntry.objects.log_actions(operator.pk, [subject], CHANGE, "x")
    area = House.objects.first().area
    OperationLog.objects.record(user, "修改", area, "x", "y", "z")
    LogEntry.objects.create(user=user, object_repr="x", action_flag=CHANGE, change_message="x")


def plant(user, words):
    """Write a marker, or words and a marker that stays, into every column. (gone, kept)"""
    gone, kept = {}, {}
    for label, rows in PLANTED.items():
        if isinstance(rows, str):
            continue
        model, name = apps.get_model(label.rpartition(".")[0]), label.rpartition(".")[2]
        for fate, find in rows:
            found = list(find(user).values_list("pk", flat=True).distinct())
            assert found, (label, fate, user)
            for pk in found:
                marker = f"zq{len(gone) + len(kept):03d}x"
                text = marker if fate is THEIRS else f"{words} {marker}"
                model._base_manager.filter(pk=pk).update(**{name: text})
                (gone if fate is THEIRS else kept)[marker] = label
    return gone, kept


def everything():
    """Every value of every row of every table, as one text."""
    return "\n".join(
        str(row) for model in apps.get_models() for row in model._base_manager.values_list()
    )


def spellings(name):
    mobile = MOBILES[name]
    spaced = f"{mobile[:3]} {mobile[3:7]}-{mobile[7:]}"
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in mobile)
    masked = f"{mobile[:3]}****{mobile[7:]}"
    return [mobile, spaced, wide, masked, REAL[name], id_card_of(NUMBER[name])]


@pytest.mark.parametrize("name", ["wang", "li"])
def test_no_text_column_of_any_table_keeps_a_word(name, operator):
    house = lives(operator)
    user = {"wang": wang, "li": li}[name]()
    words = [*spellings(name), *HOME[name]]
    # SQLite and MySQL both keep 255 characters here, and these are some 110.
    gone, kept = plant(user, f"{' '.join(words)} {name}")
    before = everything()
    assert [text for text in [*gone, *kept, *words] if text not in before] == []
    call_command("erase_user", user.mobile)
    after = everything()
    assert [text for text in [*gone, *words] if text in after] == []
    assert f" {name} " not in after
    assert [where for text, where in kept.items() if text not in after] == []
    assert list(broken_rules()) == []
    assert House.objects.filter(pk=house.pk).exists()


def pages_of(user):
    client = client_of(user)
    paths = ["/", "/houses/", "/accounts/me/", "/accounts/notices/", "/orders/"]
    paths += ["/orders/received/", "/houses/mine/", "/sitemap-houses-0.xml"]
    paths += [order.get_absolute_url() for order in party(user)]
    paths += [f"/houses/{pk}/" for pk in House.objects.values_list("pk", flat=True)]
    return "\n".join(client.get(path).content.decode() for path in paths)


@pytest.mark.parametrize(("name", "other"), [("wang", li), ("li", wang)])
def test_no_page_of_the_other_side_shows_a_word(name, other, operator):
    lives(operator)
    user = {"wang": wang, "li": li}[name]()
    words = [f">{name}<", *spellings(name)[:-1], *HOME[name]]
    words += ["枣树下很凉快" if name == "wang" else "窗外能看见鼓楼"]
    before = pages_of(other())
    call_command("erase_user", user.mobile)
    after = pages_of(other())
    assert {f">{name}<", HOME[name][0]} <= {word for word in words if word in before}
    assert [word for word in words if word in after] == []
    for text in ("398", "796", "已拒单", "已取消", "已完成"):
        assert text in after


@pytest.mark.parametrize("who", [None, li, "operator"])
def test_the_homes_of_an_erased_owner_are_there_for_nobody(who, operator):
    house = lives(operator)
    house.let_go(operator)
    house.put_on()
    client = Client() if who is None else client_of(operator if who == "operator" else who())
    photo = house.images.get().url
    paths = [f"/houses/{house.pk}/", f"/houses/{house.pk}/book/", photo]
    stay = f"begin_date={day(1).isoformat()}&end_date={day(2).isoformat()}"
    paths += [f"/houses/{house.pk}/quote/?{stay}"]
    lists = ["/", "/houses/", "/sitemap-houses-0.xml"]
    assert client.get(paths[0]).status_code == 200
    assert all(f"/houses/{house.pk}/" in client.get(path).content.decode() for path in lists)
    call_command("erase_user", MOBILES["wang"])
    assert [client.get(path).status_code for path in paths] == [404] * 4
    assert not any(f"/houses/{house.pk}/" in client.get(path).content.decode() for path in lists)


def test_states_dates_amounts_and_stars_stay(operator):
    lives(operator)
    kept = ("status", "begin_date", "end_date", "price", "amount", "days", "guests")
    before = list(Order.objects.order_by("pk").values_list(*kept))
    stars = list(Review.objects.values_list("stars", flat=True))
    verbs = list(OperationLog.objects.order_by("pk").values_list("verb", "actor", "created_at"))
    for name in ("wang", "li"):
        call_command("erase_user", MOBILES[name])
    assert list(Order.objects.order_by("pk").values_list(*kept)) == before
    assert list(Review.objects.values_list("stars", flat=True)) == stars
    log = OperationLog.objects.order_by("pk").values_list("verb", "actor", "created_at")
    assert list(log) == verbs


def test_a_mobile_goes_from_texts_that_have_nothing_to_do_with_them():
    li()
    notice = SiteNotice.objects.create(text=f"失物请联系 {MOBILES['li']}")
    call_command("erase_user", MOBILES["li"])
    notice.refresh_from_db()
    assert notice.text == "失物请联系 已注销用户"


BETWEEN = [*"年 -/，_—－‑*.·", " 然后 ", "   ", "\u200b", "\n"]


def digits_in(text):
    signs, _places = signs_and_places(text)
    return [sign for sign in signs if sign in f"0123456789{CHINESE}"]


def test_however_a_number_is_written_it_goes_from_what_others_wrote():
    """The database finds the texts, Python the numbers in them: both know how people write."""
    card, user = CARD, User.objects.create_user(MOBILE, "x")
    RealName.objects.prove(user, "诸葛小明", card)
    old = f"{card[:6]}{card[8:17]}"
    ways = [*MOBILE_WAYS, *(f"{country}{MOBILE}" for country in COUNTRIES), *CARD_WAYS]
    ways += [between.join([MOBILE[:3], MOBILE[3:7], MOBILE[7:]]) for between in BETWEEN]
    ways += [between.join([card[:6], card[6:14], card[14:]]) for between in BETWEEN]
    ways += [old, " ".join([old[:6], old[6:12], old[12:]]), f"{MOBILE[:3]}/{MOBILE[3:]}"]
    texts = [(around, around.format(way)) for way in ways for around in AROUND]
    Notice.objects.bulk_create(Notice(user=li(), kind="requested", text=text) for _, text in texts)
    call_command("erase_user", MOBILE)
    left = Notice.objects.order_by("pk").values_list("text", flat=True)
    assert len(left) == len(texts)
    for (around, before), after in zip(texts, left, strict=True):
        assert (before, digits_in(after)) == (before, digits_in(around))
        assert "已注销用户" in after


def test_what_the_site_fills_for_others_stays_whatever_number_somebody_proves():
    """Anybody may prove a number that they make up, to fit the name of a stranger's photo."""
    card, user = "31010119850715123X", User.objects.create_user("13900000066", "x")
    RealName.objects.prove(user, "诸葛小明", card)
    old, mobile = f"{card[:6]}{card[8:17]}", user.mobile
    photo = house_of_wang(owner=chen()).images.create(
        file=f"houses/{old[:12]}a{old[12:]}.webp", width=1, height=1
    )
    address = f"{old[:4]}:{old[4:8]}:{old[8:12]}:{old[12:]}::"
    agent = f"Chrome/{mobile[:3]}.{mobile[3]}.{mobile[4:8]}.{mobile[8:]}"
    login = LoginAttempt.objects.create(mobile="1", address=address, user_agent=agent)
    look = IdCardView.objects.create(viewer=chen(), subject=li(), reason="x", address=address)
    seen = {"seen_at": timezone.now(), "address": address, "user_agent": agent}
    device = chen().devices.create(session_key="x" * 32, **seen)
    rows = [photo, login, look, device]
    before = [model_to_dict(row) for row in rows]
    call_command("erase_user", mobile)
    for row in rows:
        row.refresh_from_db()
    assert [model_to_dict(row) for row in rows] == before


SITES = {"the site's own word", "random", "an order's number", "an order's address", "a number"}


def test_columns_that_the_site_fills_are_named():
    """Not so those of states, which are changed with what operators wrote about them."""
    named = {
        f"{model._meta.label}.{name}"
        for model, columns in traces.WRITTEN_BY_SITE.items()
        for name in columns
    }
    assert named <= columns()
    assert {
        label for label, fate in PLANTED.items() if isinstance(fate, str) and fate in SITES
    } <= named


def test_numbers_that_are_not_theirs_stay_in_what_others_wrote():
    others = [f"2{MOBILE}", f"{MOBILE}0", MOBILE[:10], f"{MOBILE[:7]} 12345 {MOBILE[7:]}"]
    others += ["￥139，5555，0078", f"{id_card_of(78)}", MOBILE[::-1]]
    User.objects.create_user(MOBILE, "x")
    Notice.objects.bulk_create(Notice(user=li(), kind="requested", text=text) for text in others)
    call_command("erase_user", MOBILE)
    assert list(Notice.objects.order_by("pk").values_list("text", flat=True)) == others


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("欧阳静Lily", ["欧阳静ｌｉｌｙ", "欧阳　静Lily", "欧 阳 静 LILY"]),
        ("诸葛小明", ["诸葛 小明", "诸葛\u200b小明", "诸葛\n小明"]),
        ("Li Lei ②", ["LiLei②", "Ｌｉ　Ｌｅｉ ②"]),
    ],
)
def test_a_name_goes_in_every_width_and_with_blanks_in_it(name, written, operator):
    User.objects.filter(pk=wang().pk).update(name=name)
    house = house_of_wang(owner=chen())
    house.hold(operator, f"像{'、像'.join(written)}、像{name}的房子，Lily 和 Lei 不是")
    call_command("erase_user", MOBILES["wang"])
    house.refresh_from_db()
    gone = "、".join(["像已注销用户"] * (len(written) + 1))
    assert house.held_reason == f"{gone}的房子，Lily 和 Lei 不是"


def test_a_letter_with_an_accent_has_two_cases_as_well(operator):
    User.objects.filter(pk=wang().pk).update(name="Élodie")
    house = house_of_wang(owner=chen())
    house.hold(operator, "像 élodie 的房子")
    call_command("erase_user", MOBILES["wang"])
    house.refresh_from_db()
    assert house.held_reason == "像 已注销用户 的房子"


def test_what_an_owner_wrote_goes_from_a_home_that_is_another_owners_now():
    """Homes with orders have been given away until lately."""
    house, card = house_of_wang(), id_card_of(1)
    refused = order_of_li(house, 5, 7, "refused")
    refused.reject(wang(), f"我是王小明，{card}")
    review = stay_over(house).write_review(li(), 5, "很好")
    review.give_answer("我是王小明，微信同号")
    House.objects.filter(pk=house.pk).update(owner=chen(), title="陈家的院子")
    call_command("erase_user", MOBILES["wang"])
    assert [text for text in ("王小明", card, "微信同号") if text in everything()] == []
    house.refresh_from_db()
    assert (house.owner, house.title) == (chen(), "陈家的院子")


def test_a_starred_mobile_goes_from_what_operators_wrote_about_others(operator):
    """The same seven digits may be another's: what stands instead says nothing of either."""
    house, user = house_of_wang(owner=li()), wang()
    line = OperationLog.objects.record(operator, "下架", house, reason=f"{user.mobile} 投诉")
    assert line.reason == "139****0001 投诉"
    call_command("erase_user", user.mobile)
    line.refresh_from_db()
    assert line.reason == "*** 投诉"


def test_what_a_home_was_called_before_operators_changed_it_goes_from_other_texts(operator):
    house = house_of_wang()
    review = stay_over(house).write_review(li(), 5, "鼓楼边的小院就在旧鼓楼大街128号，夜里很静")
    form = {**desk_form(house), "title": "城里的家", "address": "地安门外"}
    client_of(operator).post(f"/admin/houses/house/{house.pk}/change/", form)
    Order.objects.update(title="城里的家")
    call_command("erase_user", MOBILES["wang"])
    review.refresh_from_db()
    assert review.text == "已注销房东的房源就在已注销房东的房源，夜里很静"


# What operators wrote about others, and for everybody.

RARE = [REAL["wang"], *HOME["wang"], "13900000001"]
WHY = masked("，".join(RARE))  # as forms keep what operators type


def planted(text):
    """Which words of Wang's are in a text, also with the number starred."""
    return {word for word in (*RARE, "139****0001") if word in text}


def test_no_record_about_others_keeps_what_few_people_share(operator):
    house_of_wang()
    house = house_of_wang(owner=chen(), title="别人的家", address="别处")
    stay_over(house).write_review(li(), 5, "很好").hide(operator, WHY)
    order_of_li(house, 5, 7, "stopped").stop(operator, WHY)
    order_of_li(house, 5, 7, "called off").cancel(li(), "和王小明说好了")
    house_of_wang(owner=chen(), title="别人的店", address="别处").refuse(operator, WHY)
    house.hold(operator, WHY)
    chen().disable(operator, WHY)
    IdCardView.objects.create(viewer=operator, subject=li(), reason=WHY, address="::1")
    LogEntry.objects.create(user=operator, object_repr=WHY, action_flag=CHANGE, change_message=WHY)
    OperationLog.objects.record_list(operator, "导出", House, after=f"筛选：q={HOME['wang'][0]}")
    line = OperationLog.objects.record(operator, "修改", house.area, WHY, WHY, WHY)
    OperationLog.objects.filter(pk=line.pk).update(subject_text=WHY)
    Order.objects.filter(house=house).update(title=HOME["wang"][0])  # others have such a home
    call_command("erase_user", MOBILES["wang"])
    assert Order.objects.get(token="called off").reason == "和王小明说好了"
    assert set(Order.objects.values_list("title", flat=True)) == {HOME["wang"][0]}
    # Those two, which people wrote, are all there is.
    Order.objects.update(title="别人的家")
    Order.objects.filter(token="called off").update(reason="")
    OrderMove.objects.filter(action="cancel").update(note="")
    assert planted(everything()) == set()


def published():
    """(model, column) of each text for everybody."""
    for label, where in PLANTED.items():
        if where is EVERYBODY:
            yield apps.get_model(label.rpartition(".")[0]), label.rpartition(".")[2]


def publish(model, **columns):
    sizes = {"width": 1, "height": 1} if model is Banner else {}
    unique = {HelpArticle: "slug", SiteParameter: "name"}.get(model)
    names = {unique: f"n{model.objects.count()}"} if unique else {}
    return model.objects.create(**sizes | names | columns)


def test_what_operators_publish_loses_numbers_and_names_are_left_to_a_person(operator, capsys):
    """Who calls themselves, or their home, by a word of the help pages could take it out."""
    house_of_wang()
    name, *places = RARE[:-1]
    left = {name: "a name, not rewritten"}
    left |= dict.fromkeys(places, "a title or an address, not rewritten")
    rows = [
        (publish(model, **{column: f"谢谢{word}的家"}), column, word)
        for model, column in published()
        for word in (*RARE, "139 0000 0001", "139****0001")
    ]
    assert len({type(row) for row, _column, _word in rows}) == 4
    assert f"谢谢{RARE[-1]}的家" in Client().get("/").content.decode()
    call_command("erase_user", MOBILES["wang"])
    told = set()
    for row, column, word in rows:
        row.refresh_from_db()
        text, fate = getattr(row, column), left.get(word, "rewritten")
        if word in left:
            assert text == f"谢谢{word}的家"
        else:
            assert re.fullmatch(r"谢谢(已注销用户|\*\*\*)的家", text)
        told.add(f"{row._meta.label} {row.pk} {column}: {fate}")
    assert f"谢谢{RARE[-1]}的家" not in Client().get("/").content.decode()
    assert told_to_look_at(capsys) == told


def told_to_look_at(capsys):
    lines = capsys.readouterr().err.splitlines()
    return {line for line in lines if line.endswith(("rewritten", "now"))}


@pytest.mark.parametrize(
    "link",
    ["/houses/{pk}/", "https://example.com/houses/0{pk}/book/", "/houses/?q=%E9%BC%93{rest}"],
)
def test_what_operators_publish_leads_to_no_home_of_theirs(link, operator):
    house = house_of_wang()
    other = house_of_wang(owner=chen(), title="别人的家")
    link = link.format(pk=house.pk, rest=HOME["wang"][0][1:])
    banner, kept = (
        publish(Banner, title="去看看", link=to, begins_on=day(1))
        for to in (link, f"/houses/{other.pk}/")
    )
    notice = publish(SiteNotice, text="去看看", link=link)
    call_command("erase_user", MOBILES["wang"])
    for row in (banner, kept, notice):
        row.refresh_from_db()
    assert (banner.link, banner.ends_on, notice.link) == ("/", day(-1), "")
    assert (kept.link, kept.ends_on) == (f"/houses/{other.pk}/", None)


def test_what_cannot_be_rewritten_is_told_without_a_word_of_theirs(capsys):
    """A unique text is part of an address, and a name may be any part of one."""
    User.objects.filter(pk=wang().pk).update(name="wanglaoban")
    article = publish(HelpArticle, slug=f"call-{MOBILES['wang']}")
    banner = publish(Banner, title="去看看", link="/help/WangLaoban/")
    called = publish(HelpArticle, slug="wanglaoban")
    roles = [
        Group.objects.create(name=f"{word}专用")
        for word in ("WangLaoban", "139 0000 0001", "139****0001", "王小明", "值班")
    ]
    call_command("erase_user", MOBILES["wang"])
    assert told_to_look_at(capsys) == {
        f"ihome_site.Banner {banner.pk} link: not rewritten",
        f"ihome_site.HelpArticle {article.pk} slug: not rewritten",
        f"ihome_site.HelpArticle {called.pk} slug: not rewritten",
        *(f"auth.Group {role.pk} name: not rewritten" for role in roles[:-1]),
    }


# What they were called before.


def test_the_names_they_had_go_as_well_in_whatever_case(operator):
    user, house = wang(), house_of_wang(owner=chen())
    form = {"name": "诸葛家的人", "is_staff": "", "is_superuser": ""}
    User.objects.filter(pk=user.pk).update(name="OldWang")
    client_of(operator).post(f"/admin/accounts/user/{user.pk}/change/", form)
    User.objects.filter(pk=user.pk).update(name="wanglaoban")  # by themselves
    line = OperationLog.objects.record(
        operator, "下架", house, reason="OLDWANG 又叫 诸葛家的人，也叫 WangLaoban"
    )
    call_command("erase_user", MOBILES["wang"])
    line.refresh_from_db()
    assert line.reason == "已注销用户 又叫 已注销用户，也叫 已注销用户"


def test_the_mobile_they_had_before_operators_changed_it_goes_as_well(operator):
    user, house = li(), house_of_wang()
    line = OperationLog.objects.record(operator, "下架", house, reason=f"{user.mobile} 投诉")
    review = stay_over(house).write_review(user, 5, "很好")
    review.give_answer("再打 139-0000-0002 找您")
    LoginAttempt.objects.create(mobile=user.mobile, address="::1")
    sent_before(1, 100, mobile=user.mobile)
    user.change_mobile(operator, "13911112222", "本人到店核验")
    call_command("erase_user", "13911112222")
    for row in (line, review):
        row.refresh_from_db()
    assert line.reason == "*** 投诉"
    assert review.answer == "再打 已注销用户 找您"
    assert [text for text in ("13900000002", "139****0002") if text in everything()] == []


# Homes that operators deleted.


def test_the_log_says_what_was_deleted_until_its_owner_is_erased(operator):
    user = wang()
    pk = str(deleted_by(operator, user))
    log = OperationLog.objects.filter(subject_type="houses.house", subject_id=pk)
    title, address = DELETED["wang"]
    assert set(log.values_list("subject_text", flat=True)) == {title, "还没改的标题"}
    assert log.get(verb="删除").before == title
    call_command("erase_user", user.mobile)
    assert [text for text in (title, address, "有人投诉") if text in everything()] == []
    assert set(log.values_list("subject_text", flat=True)) == {"已注销房东的房源"}
    assert list(log.order_by("pk").values_list("verb", flat=True)) == ["运营下架", "修改", "删除"]
    assert set(log.values_list("actor", flat=True)) == {operator.pk}


def test_djangos_own_history_keeps_the_number_of_a_deleted_home_alone(operator):
    """It is kept for good, longer than whose the home was."""
    pk = deleted_by(operator, wang())
    entries = LogEntry.objects.filter(object_id=str(pk))
    found = set(entries.values_list("object_repr", "change_message"))
    assert (len(entries), found) == (2, {(f"已删除的房源 {pk}", "")})


def test_homes_deleted_before_today_lose_their_names(operator):
    pk = str(deleted_by(operator, wang()))
    kept = house_of_wang()
    kept.hold(operator, "有人投诉")
    OperationLog.objects.update(owner=None)
    FormerWord.objects.all().delete()  # there was no such table
    LogEntry.objects.update(object_repr=DELETED["wang"][0])
    LogEntry.objects.log_actions(operator.pk, [kept], CHANGE, "x")
    OWNERS.forget_names(apps, None)
    assert not [text for text in (*DELETED["wang"], "还没改的标题") if text in everything()]
    assert LogEntry.objects.get(object_id=str(kept.pk)).object_repr == kept.title
    assert OperationLog.objects.get(subject_id=str(kept.pk)).subject_text == kept.title
    reasons = OperationLog.objects.filter(subject_id=pk).values_list("reason", flat=True)
    assert set(reasons) == {"有人投诉", ""}


def test_a_name_within_another_word_or_of_somebody_else_stays(operator):
    lives(operator)
    stranger = OperationLog.objects.record(operator, "修改", operator, reason="quality 李雷雷 li")
    Order.objects.filter(status="CANCELED").update(reason="quality，和 li 说好了")
    call_command("erase_user", MOBILES["li"])
    reasons = {order.reason for order in Order.objects.filter(status="CANCELED")}
    assert reasons == {"quality，和 已注销用户 说好了", "（已随账号注销删除）"}
    stranger.refresh_from_db()
    assert stranger.reason == "quality 已注销用户 li"


# While somebody else writes.


def test_a_hold_that_ends_meanwhile_is_not_written_back(operator, monkeypatch):
    house_of_wang()
    held = house_of_wang(owner=chen(), address="别处", is_listed=False, held_reason="像王小明的")
    replaced = Words.replaced

    def let_go_meanwhile(words, text):
        House.objects.filter(pk=held.pk, held_reason=text).update(held_reason="")
        return replaced(words, text)

    with monkeypatch.context() as patch:
        patch.setattr(Words, "replaced", let_go_meanwhile)
        call_command("erase_user", MOBILES["wang"])
    held.refresh_from_db()
    assert held.held_reason == ""


def test_who_was_erased_meanwhile_writes_no_more(operator):
    house = lives(operator)
    house.let_go(operator)
    house.put_on()
    order = stay_over(house_of_wang(), token="later")
    guest, owner = li(), wang()
    forget(guest.pk)
    with pytest.raises(OrderError, match="注销"):
        order.write_review(guest, 5, "还是我")
    with pytest.raises(OrderError, match="注销"):
        order_of_li(house, 20, 22, token="new", guest=guest)
    forget(owner.pk)
    answered = Review.objects.get(order__house=house)
    Review.objects.update(answer="")
    with pytest.raises(OrderError, match="注销"):
        answered.give_answer("还是我")
    with pytest.raises(RealNameError, match="注销"):
        RealName.objects.prove(guest, "李雷雷", id_card_of(2))


def test_the_log_of_an_operator_under_way_names_nobody(operator):
    house = lives(operator)
    review = Review.objects.get(order__house=house)
    review.show(operator)
    house.let_go(operator)
    held = House.objects.get(pk=house.pk)
    for name in ("wang", "li"):
        call_command("erase_user", MOBILES[name])
    review.hide(operator, "又是")
    held.hold(operator, "又有人投诉")
    newest = OperationLog.objects.order_by("-pk")[:2]
    assert {line.subject_text for line in newest} == {"已注销房东的房源", "5★ （已随账号注销删除）"}


def copied(house):
    columns = ("area", "price", "room_count", "acreage", "capacity")
    return {name: getattr(house, name) for name in columns}


def test_what_a_request_under_way_wrote_goes_with_the_next_tidying(operator):
    house = lives(operator)
    order = house.orders.get(status="REJECTED")
    owner = wang().pk
    call_command("erase_user", MOBILES["wang"])
    House.objects.filter(pk=house.pk).update(title="鼓楼边的小院", address="旧鼓楼大街128号")
    User.objects.filter(pk=owner).update(name="wang", avatar="avatars/late.webp")
    Order.objects.filter(pk=order.pk).update(title="鼓楼边的小院")
    House.objects.create(owner_id=owner, title="刚发布的", **copied(house))
    assert erase_what_came_after() == 1
    after = everything()
    late = ["鼓楼边的小院", "旧鼓楼大街128号", "avatars/late.webp", "刚发布的"]
    assert [text for text in late if text in after] == []
    assert User.objects.get(pk=owner).name is None
    assert list(broken_rules()) == []


def test_by_number_after_a_restore(operator):
    lives(operator)
    call_command("erase_user", "--id", str(li().pk))
    assert not User.objects.filter(mobile=MOBILES["li"]).exists()
    with pytest.raises(CommandError, match="name one user"):
        call_command("erase_user")


@pytest.mark.django_db(transaction=True)
def test_texts_of_others_are_searched_before_anything_is_locked(monkeypatch):
    """To read every text of the site takes seconds; others wait for the homes meanwhile."""
    reads = []

    def watched(*args):
        reads.append(connection.in_atomic_block)
        return read(*args)

    read = traces.read
    monkeypatch.setattr(traces, "read", watched)
    house_of_wang()
    call_command("erase_user", MOBILES["wang"])
    assert reads == [False] * len(traces.typed_columns())


def test_what_they_call_themselves_after_the_search_is_looked_for_as_well(operator, monkeypatch):
    house = house_of_wang(owner=chen())
    house.hold(operator, "像 诸葛小明 的房子")

    def renamed_before(pk):
        User.objects.filter(pk=pk).update(name="诸葛小明")
        return lock_houses(pk)

    lock_houses = erasure.lock_houses
    monkeypatch.setattr(erasure, "lock_houses", renamed_before)
    call_command("erase_user", wang().mobile)
    house.refresh_from_db()
    assert house.held_reason == "像 已注销用户 的房子"
