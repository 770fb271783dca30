"""Two names that look alike are one, and nobody but operators is called like the site."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from accounts.models import User
from accounts.names import LONGEST
from ihome_site.testing import MOBILES, chen, client_of, li
from ihome_site.tests.markup import form_with

pytestmark = pytest.mark.django_db
OFFICIAL = [
    "爱家租房官方客服",
    "爱家租房",
    "爱家-租房",
    "愛家租房2",
    "官 方",
    "官\u200b方",
    "客．服小爱",
    *(
        "运营",
        "運營小爱",
        "管理員",
        "系统通知",
        "繫統消息",
        "系统",
        "aijia官网",
        "官網",
        "爱傢租房",
    ),
    *("客户服务", "爱家平台", "工作人员小李", "客㊙服", "客丨服", "客ー服", "客ㆍ服", "運🈺"),
    *("Admin", "li admin", "adm1n", "ádmin", "аdmin", "АDМIN", "ᴀᴅᴍɪɴ", "🅰🅳🅼🅸🅽"),
    *("平台通知", "平台", "爱家小助手", "艾佳租房", "安全中心", "退款专员", "審核員", "消息通知"),
    *("超级用户", "已注销用户", "匿名用户", "official", "Li Official", "staff", "Support", "k3fu"),
    *("k.e.f.u", "K E F U", "kefu小爱", "ⓚⓔⓕⓤ", "кеfu", "Aijia Kefu", "aijiazufang"),
]
ORDINARY = [
    *("水平台球", "平台山人", "小助手", "妈妈的小助手", "家中心", "Officially", "Staffan", "艾佳"),
    *("上官方圆", "上官网", "爱家", "租房小李", "官家", "方官", "运气", "小运", "幸运营地", "营营"),
    *("系花", "家明", "员外", "网友", "通知", "图书管理员", "お客さん服", "艾佳", "aijia"),
    *("badminton", "Kefu Chai", "Kefuyang", "Guan Fang", "Yun Ying", "Li Aijia"),
    *("Анна", "Сергей", "Владимир", "Иван Ivan", "Νίκος", "Κωνσταντίνος", "Ελένη", "ᠰᠠᠷᠠᠨ\u180eᠠ"),
    *(
        "春天🌸",
        "👨\u200d👩\u200d👧",
        "👩🏽\u200d❤️\u200d👨🏻",
        "小李🏳️\u200d🌈",
        "🏃🏽\u200d♀️\u200d➡",
    ),
    *("👩\u200d🍳", "🐈\u200d⬛", "🧑🏻\u200d🤝\u200d🧑🏿"),
]


def rename(user, name):
    """The name they have afterwards, and what the form said."""
    answer = client_of(user).post("/accounts/name/", {"name": name})
    form = answer.context_data["name_form"] if answer.status_code == 400 else None
    return User.objects.get(pk=user.pk).name, form and form.errors.get("name")


@pytest.fixture
def boss():
    return User.objects.create_superuser("13900000009", "x", name="boss")


def desk_rename(boss, user, **changes):
    """The same by the desk's page of the user."""
    path, client = reverse("admin:accounts_user_change", args=[user.pk]), client_of(boss)
    sent = form_with(client.get(path).content.decode(), "name") | changes
    answer = client.post(path, sent)
    form = answer.context_data["adminform"].form if answer.status_code == 200 else None
    return User.objects.get(pk=user.pk).name, form and form.errors.get("name")


@pytest.mark.parametrize(
    "like",
    [
        *("ch\u200ben", "chen\u202e", "\u2066chen\u2069", "chen\ufe0f", "ch\u00aden"),
        *(
            "ch\u034fen",
            "chen\u3164",
            "chen\x01",
            "ch\x7fen",
            "ｃｈｅｎ",
            "\u2800chen",
            "chen\u2028",
            "ch\U0001d159en",
        ),
        *("сhen", "chеn", "сһеn"),  # with Cyrillic letters
    ],
    ids=ascii,
)
def test_a_name_that_looks_like_anothers_is_taken(like):
    assert chen().name == "chen"
    assert rename(li(), like) == ("li", ["这个名字已经有人用了，换一个吧"])


@pytest.mark.parametrize("like", ["小  满", "小\u3000满", "小\n满", "\u00a0小\u2009满"], ids=ascii)
def test_blanks_of_any_kind_are_one(like):
    User.objects.filter(mobile=chen().mobile).update(name="小 满")
    assert rename(li(), like) == ("li", ["这个名字已经有人用了，换一个吧"])


def test_an_emoji_and_its_sign_are_the_same_emoji():
    User.objects.filter(mobile=chen().mobile).update(name="😀")
    assert rename(li(), "😀\ufe0f")[0] == "li"


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("🌸🌸", "🌸\u200d🌸"),
        ("👨👩", "👨\u200d👩"),
        ("👨\u200d👩\u200d👧", "👨\ufe0f\u200d👩\u200d👧\u200d"),
        ("❤\ufe0f\u200d🔥", "❤\u200d🔥"),
        ("ᠮᠣᠩᠭᠣᠯ", "ᠮ\u180bᠣᠩ\u180f\u180eᠭᠣᠯ"),
        ("cop", "сор"),
        ("Жсо", "Жco"),
        ("Νίκο", "Nίκo"),
    ],
    ids=ascii,
)
def test_what_joins_or_shapes_nothing_makes_no_other_name(name, like):
    """… nor do letters of another alphabet that look the same."""
    assert rename(chen(), name) == (name, None)
    assert rename(li(), like)[0] == "li"


@pytest.mark.parametrize("name", OFFICIAL)
def test_nobody_is_called_like_the_site(name, boss):
    for kept, errors in (rename(li(), name), desk_rename(boss, li(), name=name)):
        assert kept == "li"
        assert "会让人以为您是平台的工作人员" in errors[0]


@pytest.mark.parametrize("name", ORDINARY)
def test_other_people_are_called_as_they_are(name):
    assert rename(li(), name) == (name, None)


def test_operators_may_be_called_so(boss):
    assert rename(boss, "官方小爱") == ("官方小爱", None)
    assert desk_rename(boss, li(), name="客服小李", is_staff="on")[0] == "客服小李"


def test_who_is_no_operator_any_more_is_not_called_so(boss):
    user = User.objects.create_user("13700000066", "x", name="爱家租房官方客服", is_staff=True)
    name, errors = desk_rename(boss, user, is_staff=[])
    assert (name, len(errors)) == ("爱家租房官方客服", 1)
    assert "请在这里一起改掉" in errors[0]
    assert User.objects.get(pk=user.pk).is_staff
    name, errors = desk_rename(boss, user, is_staff=[], name="官方小爱")
    assert "会让人以为您是平台的工作人员" in errors[0]
    assert desk_rename(boss, user, is_staff=[], name="小爱") == ("小爱", None)
    assert not User.objects.get(pk=user.pk).is_staff


@pytest.mark.parametrize("is_staff", [True, False])
def test_nor_who_renames_themselves_while_they_become_none(monkeypatch, is_staff):
    user = User.objects.create_user("13700000066", "x", name="小爱", is_staff=True)
    lock = User.lock_to_change

    def lock_late(locked):
        User.objects.filter(pk=locked.pk).update(is_staff=is_staff)
        lock(locked)

    monkeypatch.setattr(User, "lock_to_change", lock_late)
    assert rename(user, "官方小爱")[0] == ("官方小爱" if is_staff else "小爱")


def test_who_is_called_so_from_before_may_change_other_things(boss):
    li()
    for name in ("爱家租房官方客服", "客\u202e服\u200b", "\u200b"):
        User.objects.filter(mobile=MOBILES["li"]).update(name=name, is_staff=False)
        user = User.objects.get(mobile=MOBILES["li"])
        role = Group.objects.create(name=f"角色{len(name)}")
        assert desk_rename(boss, user, groups=[role.pk]) == (name, None)
        assert user.groups.get() == role
        assert desk_rename(boss, user, is_staff="on") == (name, None)
        assert User.objects.get(pk=user.pk).is_staff
    User.objects.filter(mobile=MOBILES["li"]).update(name="官方小李", is_staff=False)
    user = User.objects.get(mobile=MOBILES["li"])
    assert rename(user, "官方小李") == ("官方小李", None)
    assert rename(user, "官方老李")[0] == "官方小李"
    assert rename(user, "老李") == ("老李", None)


def test_a_name_of_countless_marks_is_refused_before_they_are_put_in_order(monkeypatch):
    """Of 230,000 they kept a worker from all else for minutes."""

    def normalize(form, text):
        assert len(text) <= LONGEST
        return text

    monkeypatch.setattr("accounts.names.unicodedata.normalize", normalize)
    client = client_of(li())
    answer = client.post("/accounts/name/", {"name": "a" + "\u0300\u0316" * 1000})
    assert answer.status_code == 400
