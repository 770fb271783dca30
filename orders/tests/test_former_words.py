"""What people called themselves and their homes before they changed it by a form of their own."""

import json

import pytest
from django.contrib import admin
from django.core.management import call_command

from accounts import former_words
from accounts.models import FormerWord, User
from houses.models import House
from ihome_site.testing import MOBILES, chen, client_of, house_of_wang, li, order_of_li, wang
from orders.models import Order, OrderMove
from orders.tests.test_forgetting import desk_form, everything

pytestmark = pytest.mark.django_db
NAMES = ["端木青瓷甲", "林小满"]
PLACES = ["窗外有三棵银杏的房子", "五道营胡同四十七号"]


@pytest.fixture
def operator():
    return User.objects.create_superuser("13900000009", "x", name="值班的人")


def renamed(user, name):
    assert client_of(user).post("/accounts/name/", {"name": name}).status_code == 302


def edited(house, **words):
    form = {**desk_form(house), **words}
    answer = client_of(house.owner).post(f"/houses/{house.pk}/edit/", form)
    assert answer.status_code == 302


def test_a_name_they_changed_themselves_goes_from_what_others_wrote():
    renamed(li(), NAMES[0])
    order = order_of_li(house_of_wang())
    order.reject(wang(), f"{NAMES[0]}您好，这几天修屋顶")
    renamed(li(), NAMES[1])
    call_command("erase_user", MOBILES["li"])
    order.refresh_from_db()
    assert order.reason == "已注销用户您好，这几天修屋顶"
    assert OrderMove.objects.get(order=order, action="reject").note == order.reason
    assert [name for name in NAMES if name in everything()] == []


def test_so_do_titles_and_addresses_that_an_owner_edited():
    house = house_of_wang(title=PLACES[0], address=PLACES[1])
    order = order_of_li(house)
    order.cancel(li(), f"找不到{PLACES[0]}，{PLACES[1]}也没有门牌")
    edited(house, title="城里的家", address="地安门外")
    Order.objects.update(title="城里的家")
    call_command("erase_user", MOBILES["wang"])
    order.refresh_from_db()
    gone = "已注销房东的房源"
    assert order.reason == f"找不到{gone}，{gone}也没有门牌"
    assert [place for place in PLACES if place in everything()] == []


@pytest.mark.parametrize("way", ["given away", "deleted"])
def test_so_do_those_of_a_home_that_is_no_longer_theirs(way, operator):
    """Also when the log that knows of it is too old to be kept."""
    house = house_of_wang(title=PLACES[0], address=PLACES[1])
    other = house_of_wang(owner=chen(), title="别人的家", address="别处")
    other.hold(operator, f"和{PLACES[0]}、{PLACES[1]}用同一组照片")
    if way == "deleted":
        house.delete()
    else:
        form = {**desk_form(house), "owner": chen().pk, "title": "陈家", "address": "东直门"}
        client_of(operator).post(f"/admin/houses/house/{house.pk}/change/", form)
        assert House.objects.get(pk=house.pk).owner == chen()
    kept = FormerWord.objects.filter(user=wang())
    assert set(kept.values_list("text", flat=True)) == set(PLACES)
    call_command("erase_user", MOBILES["wang"])
    other.refresh_from_db()
    assert other.held_reason == "和已注销房东的房源、已注销房东的房源用同一组照片"
    assert not FormerWord.objects.filter(user__mobile__startswith="x").exists()


def test_what_operators_change_is_kept_longer_than_their_log(operator):
    User.objects.filter(pk=li().pk).update(name=NAMES[0])
    form = {"name": NAMES[1], "is_staff": "", "is_superuser": ""}
    client_of(operator).post(f"/admin/accounts/user/{li().pk}/change/", form)
    assert list(li().former_words.values_list("kind", "text")) == [("name", NAMES[0])]


def test_each_is_kept_once_and_the_newest_of_one_person_alone(monkeypatch):
    monkeypatch.setattr(former_words, "MOST", 3)
    kind = FormerWord.Kind.PLACE
    for text in ["", "甲", "乙", "甲", "丙", "丁"]:
        FormerWord.objects.keep(li().pk, kind, text)
    FormerWord.objects.keep(chen().pk, kind, "甲", "甲")
    assert list(li().former_words.order_by("pk").values_list("text", flat=True)) == [*"乙丙丁"]
    assert chen().former_words.get().text == "甲"


def test_a_form_that_changes_no_word_keeps_none():
    house = house_of_wang()
    edited(house, price="400")
    renamed(li(), "li")
    User.objects.filter(pk=chen().pk).update(name=None)
    renamed(chen(), "陈家的人")
    assert not FormerWord.objects.exists()


def test_the_person_reads_them_and_no_page_of_the_desk_has_them(capsys):
    renamed(li(), NAMES[0])
    call_command("export_user", MOBILES["li"])
    (page,) = json.loads(capsys.readouterr().out)["曾用的名字、标题和地址"]
    assert (page["种类"], page["内容"]) == ("名字", "li")
    assert not admin.site.is_registered(FormerWord)
