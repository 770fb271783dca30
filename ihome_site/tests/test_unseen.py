"""Texts that show nothing, or another thing than they are, in every form that takes any."""

import sys
import unicodedata

import pytest
from django import forms
from django.contrib import admin

from accounts.models import RealName, User
from houses.models import Area, Facility, House
from ihome_site.exports import harmless
from ihome_site.forms import TYPED, ShownTexts
from ihome_site.masking import masked
from ihome_site.models import HelpArticle, SiteNotice
from ihome_site.testing import client_of, house_of_wang, li, wang
from ihome_site.tests.markup import form_with
from ihome_site.tests.test_hostile_text import send
from ihome_site.unseen import UNSEEN, without_unseen
from orders.models import Order, Review

pytestmark = pytest.mark.django_db
OURS = ("accounts", "houses", "orders", "ihome_site")
STORED = {  # where each text is found
    "name": lambda: li().name,
    "title": lambda: House.objects.latest("pk").title,
    "address": lambda: House.objects.latest("pk").address,
    "unit": lambda: House.objects.latest("pk").unit,
    "beds": lambda: House.objects.latest("pk").beds,
    "reason": lambda: Order.objects.get().reason,
    "review": lambda: Review.objects.get().text,
    "answer": lambda: Review.objects.get().answer,
    "real_name": lambda: RealName.objects.latest("pk").name,
}
NOTHING = [
    "\u200b",
    " \u200b\u3000\ufeff ",
    "\u202e\u2066\u2069\u200f",
    "\u2800\u3164\u115f",
    "\u0301\ufe0f",
    "\x01\x1b",
    "\U000e0041\u200d",
    "\U0001d159\ufffc",
]
FAMILY = "👨‍👩‍👧 👩🏽‍❤️‍👨🏻 🏳️‍🌈 ❤️ 1️⃣"


@pytest.fixture(autouse=True)
def cast():
    house_of_wang().facilities.add(Facility.objects.create(name="空调"))
    User.objects.create_user("13900000007")


@pytest.fixture
def boss():
    return client_of(User.objects.create_superuser("13900000009", "x", name="boss"))


@pytest.mark.parametrize("text", NOTHING, ids=ascii)
@pytest.mark.parametrize("field", STORED)
def test_a_text_that_shows_nothing_is_none(field, text):
    client, path, form = send(field, text)
    answer = client.post(path, form)
    assert answer.status_code == 400
    assert "请填写" in answer.content.decode()


@pytest.mark.parametrize("field", STORED)
def test_what_nobody_sees_is_taken_out_of_a_text(field):
    client, path, form = send(field, "\u202e好\u200b看\u2069的\u00ad家\u2062\u200f\ufe0f")
    assert client.post(path, form).status_code == 302
    assert STORED[field]() == "好看的家"


def test_every_character_of_the_kind_is_one_of_them():
    formats = [chr(n) for n in range(sys.maxunicode) if unicodedata.category(chr(n)) == "Cf"]
    assert len(formats) > 150
    assert without_unseen("a" + "".join(formats) + "b") == "ab"
    assert not set(UNSEEN) & {"\n", "\r", "\t", " "}


EMPTY = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\ufe0f\uffa0\ufffc\U00013441\U00013442"
EMPTY += "\U00016fe4\U0001bca0\U0001d159\U000e0041\U000e0100"


@pytest.mark.parametrize("char", EMPTY, ids=ascii)
def test_what_draws_nothing_is_not_there(char):
    """… whatever Unicode calls it: in a text, in a number to be starred, before a formula."""
    assert without_unseen(f"好{char}看").replace(" ", "") == "好看"
    assert without_unseen(char) == ""
    assert masked(char.join("13955550077")) == "139****0077"
    assert harmless(f"{char}=1+1") == f"'{char}=1+1"


def test_the_mark_between_syllables_of_tibetan_is_seen():
    assert without_unseen("\u0f0b") == "\u0f0b"
    assert harmless("\u0f0b=1+1") == "\u0f0b=1+1"


@pytest.mark.parametrize("field", ["title", "review", "answer"])
def test_joined_emoji_stay_whole(field):
    client, path, form = send(field, FAMILY)
    assert client.post(path, form).status_code == 302
    assert STORED[field]() == FAMILY


def test_a_family_may_be_a_name():
    client_of(li()).post("/accounts/name/", {"name": "👨‍👩‍👧 👩🏽‍❤️‍👨🏻"})
    assert User.objects.filter(name="👨‍👩‍👧 👩🏽‍❤️‍👨🏻").exists()


@pytest.mark.parametrize(
    "text", ["a\u200db", "👨\u200d", "\u200d👨", "a\ufe0f\u200d👨", "好\ufe0f"]
)
def test_elsewhere_nothing_is_joined(text):
    assert not {"\u200d", "\ufe0f"} & set(without_unseen(text))


def test_a_mongolian_letter_keeps_its_form():
    assert without_unseen("\u1820\u180b\u1821\u180e") == "\u1820\u180b\u1821\u180e"


@pytest.mark.parametrize("field", ["review", "answer"])
def test_lines_stay_lines(field):
    client, path, form = send(field, "第一行\n\n\u200b第二行")
    assert client.post(path, form).status_code == 302
    assert STORED[field]() == "第一行\n\n第二行"


def test_a_reason_of_the_desk_is_one(boss):
    form = {"action": "do_hold", "_selected_action": House.objects.get().pk, "reason": "\u200b" * 9}
    answer = boss.post("/admin/houses/house/", form)
    assert list(answer.context_data["form"].errors) == ["reason"]
    assert House.objects.get().held_reason == ""


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("ihome_site/sitenotice", {"text": "\u200b"}),
        ("ihome_site/helparticle", {"slug": "x", "title": "\u202e", "body": "x", "order": "0"}),
        ("houses/area", {"name": "\u3164", "order": "1"}),
        ("auth/group", {"name": "\u200b"}),
    ],
)
def test_nor_do_operators_publish_nothing(path, form, boss):
    counts = [model.objects.count() for model in (SiteNotice, HelpArticle, Area)]
    assert boss.post(f"/admin/{path}/add/", form).status_code == 200
    assert [model.objects.count() for model in (SiteNotice, HelpArticle, Area)] == counts


def all_below(form):
    for below in form.__subclasses__():
        yield below
        yield from all_below(below)


def takes_text(form):
    widgets = [field.widget for field in form.base_fields.values()]
    return any(isinstance(widget, TYPED) for widget in widgets)


def test_every_form_that_takes_a_text_has_the_rule():
    ours = [form for form in all_below(forms.BaseForm) if form.__module__.split(".")[0] in OURS]
    texts = [form for form in ours if hasattr(form, "base_fields") and takes_text(form)]
    assert len(texts) > 15
    assert [form for form in texts if not issubclass(form, ShownTexts)] == []


def test_every_form_of_the_desk_has_it_too():
    desk = list(admin.site._registry.values())
    inlines = [inline for each in desk for inline in each.inlines]
    desk += [each for each in inlines if set(each.fields) - set(each.readonly_fields)]
    assert [each for each in desk if not issubclass(each.form, ShownTexts)] == []


# Texts from before.


def saved_again(client, path, field):
    """What comes of a page that is sent back with another address or permission."""
    sent = form_with(client.get(path).content.decode(), field) | {"address": ["新街口"]}
    assert client.post(path, sent).status_code == 302


def test_a_title_from_before_is_left_alone_until_it_is_changed(boss):
    house = House.objects.get()
    House.objects.update(title="四合\u200b院\u202e", check_state="approved")
    paths = {f"/houses/{house.pk}/edit/": client_of(wang())}
    paths |= {f"/admin/houses/house/{house.pk}/change/": boss}
    for path, client in paths.items():
        House.objects.update(address="旧街口")
        saved_again(client, path, "title")
        house = House.objects.get()
        assert (house.title, house.address) == ("四合\u200b院\u202e", "新街口")
    House.objects.update(title="\u200b", address="旧街口")
    saved_again(client, path, "title")
    assert House.objects.get().address == "新街口"
    House.objects.update(title="四\u200b合院")
    sent = form_with(client.get(path).content.decode(), "title") | {"title": ["四合院"]}
    assert client.post(path, sent).status_code == 302
    assert House.objects.get().title == "四合院"


def test_a_new_home_is_not_let_through_by_what_no_page_had_shown():
    client, path, form = send("title", "\u202e家")
    assert client.post(path, form | {"initial-title": "\u202e家"}).status_code == 302
    assert House.objects.latest("pk").title == "家"


def test_nor_is_a_stored_one_changed_so():
    house = House.objects.get()
    client, path = client_of(wang()), f"/houses/{house.pk}/edit/"
    sent = form_with(client.get(path).content.decode(), "title")
    sent |= {"title": ["\u202e家"], "initial-title": ["\u202e家"]}
    assert client.post(path, sent).status_code == 302
    assert House.objects.get().title == house.title
