"""Somebody deletes a row while somebody else works on it: both get an answer, and a sentence."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import IntegrityError
from django.db.models.deletion import ProtectedError

from accounts.models import User
from houses.admin import HouseAdmin
from houses.models import Area, House, HouseImage
from ihome_site.forms import PartialModelForm
from ihome_site.models import HelpArticle, OperationLog
from ihome_site.testing import client_of, house_of_wang, order_of_li
from ihome_site.tests.markup import form_with
from ihome_site.tests.test_concurrent_edits import PHOTO, stale_form

pytestmark = pytest.mark.django_db
IN_USE = "刚有别的内容用上了它，没有删除"
HOUSES = "/admin/houses/house/"


@pytest.fixture
def operator():
    return client_of(User.objects.create_superuser("13800000099", "x"))


@pytest.fixture
def house():
    return house_of_wang()


def gone(row):
    type(row).objects.filter(pk=row.pk).delete()


def deleted_before(monkeypatch, holder, name, row):
    """`row` is deleted in the moment when the method `name` is called."""
    method = getattr(holder, name)

    def late(*args, **kwargs):
        gone(row)
        return method(*args, **kwargs)

    monkeypatch.setattr(holder, name, late)


# Deleting what somebody else begins to use.


def book_after_the_look(monkeypatch, house):
    """A guest books when the operator's page has found nothing that protects the home."""
    look = HouseAdmin.get_deleted_objects

    def look_and_book(modeladmin, rows, request):
        found = look(modeladmin, rows, request)
        order_of_li(house)
        return found

    monkeypatch.setattr(HouseAdmin, "get_deleted_objects", look_and_book)


def delete_both(operator, *houses):
    form = {"action": "delete_selected", "post": "yes"}
    form["_selected_action"] = [house.pk for house in houses]
    return operator.post(HOUSES, form, follow=True).content.decode()


def lines():
    """What both logs say of deletions."""
    names = OperationLog.objects.filter(verb="删除").values_list("subject_text", flat=True)
    return sorted(names), sorted(LogEntry.objects.values_list("object_repr", flat=True))


def test_a_home_booked_while_it_is_deleted_stays_and_the_log_does_not_say_otherwise(
    house, operator, monkeypatch
):
    other = house_of_wang(title="另一套")
    book_after_the_look(monkeypatch, house)
    page = delete_both(operator, house, other)
    assert (f"鼓楼边的小院：{IN_USE}" in page, "删除：完成 1 个" in page) == (True, True)
    assert House.objects.get() == house
    assert lines() == (["另一套"], [f"已删除的房源 {other.pk}"])


def test_a_home_two_operators_delete_is_logged_once(house, operator, monkeypatch):
    look = HouseAdmin.get_deleted_objects

    def look_and_delete(modeladmin, rows, request):
        found = look(modeladmin, rows, request)
        gone(house)
        return found

    monkeypatch.setattr(HouseAdmin, "get_deleted_objects", look_and_delete)
    assert "鼓楼边的小院：已经不在了" in delete_both(operator, house)
    assert lines() == ([], [])


@pytest.mark.parametrize(
    "form",
    [
        {"action": "delete_selected", "post": "yes"},
        {"action": "delete_selected"},
        {"action": "do_hold"},
        {"action": "do_hold", "reason": "有人投诉"},
        {"action": "do_hold", "reason": "有人投诉", "one": "1"},
    ],
)
def test_an_action_on_a_home_that_is_gone_says_so(form, house, operator):
    gone(house)
    answer = operator.post(HOUSES, form | {"_selected_action": [house.pk]}, follow=True)
    assert "选中的有 1 条已经不在这里了" in answer.content.decode()
    assert answer.redirect_chain == [(HOUSES, 302)]


def test_a_deletion_confirmed_twice_says_what_became_of_it(house, operator):
    url = f"{HOUSES}{house.pk}/delete/"
    assert "成功删除" in operator.post(url, {"post": "yes"}, follow=True).content.decode()
    assert "可能已经被删除了" in operator.post(url, {"post": "yes"}, follow=True).content.decode()


def test_of_several_homes_those_still_there_are_deleted(house, operator):
    other = house_of_wang(title="另一套")
    gone(house)
    page = delete_both(operator, house, other)
    assert ("选中的有 1 条已经不在" in page, "删除：完成 1 个" in page) == (True, True)
    assert not House.objects.exists()


@pytest.mark.parametrize("action", ["delete_selected", "do_hold"])
def test_who_loses_the_right_between_two_rows_reads_what_was_done(action, house, monkeypatch):
    house_of_wang(title="另一套")
    rights = ["view_house", "change_house", "delete_house", "delete_houseimage", "hold_house"]
    actor = User.objects.create_user("13800000098", "x", is_staff=True)
    actor.user_permissions.set(Permission.objects.filter(codename__in=rights))
    keep = OperationLog.objects.record

    def keep_and_lose(*args, **kwargs):
        keep(*args, **kwargs)
        actor.user_permissions.set(Permission.objects.filter(codename="view_house"))

    monkeypatch.setattr(OperationLog.objects, "record", keep_and_lose)
    form = {"action": action, "post": "yes", "reason": "有人投诉"}
    form["_selected_action"] = list(House.objects.values_list("pk", flat=True))
    page = client_of(actor).post(HOUSES, form, follow=True).content.decode()
    assert ("：完成 1 个" in page, "鼓楼边的小院：您现在没有权限" in page) == (True, True)
    assert House.objects.filter(held_reason="").count() == 1


@pytest.mark.parametrize(
    "error", [ProtectedError("", set()), IntegrityError(1451, "a foreign key constraint fails")]
)
@pytest.mark.parametrize("page", ["", "delete/"])
def test_a_database_that_refuses_a_deletion_leaves_no_line(
    page, error, house, operator, monkeypatch
):
    def refuse(_house):
        raise error

    monkeypatch.setattr(House, "delete", refuse)
    form = {"action": "delete_selected", "_selected_action": [house.pk], "post": "yes"}
    url = f"{HOUSES}{house.pk}/delete/" if page else HOUSES
    answer = operator.post(url, form, follow=True)
    assert (answer.status_code, IN_USE in answer.content.decode()) == (200, True)
    assert (House.objects.count(), lines()) == (1, ([], []))


# Forms, while somebody deletes a row they are about.


@pytest.mark.parametrize("photos", [1, 2])
@pytest.mark.parametrize("sent", ["as shown", "999999", "x", ""])
def test_a_photo_deleted_while_an_operator_edits_its_home(photos, sent, house, operator):
    first, *others = (
        HouseImage.objects.create(house=house, file=f"houses/{n}.webp", order=n, **PHOTO)
        for n in range(photos)
    )
    url = f"{HOUSES}{house.pk}/change/"
    typed = stale_form(operator, url, "title", title="新的标题")
    if others:
        typed["images-1-order"] = ["7"]
    if sent == "as shown":
        House.remove_image(first)
    else:
        typed["images-0-id"] = [sent]
    answer = operator.post(url, typed, follow=True)
    assert "有照片刚被房东删除了" in answer.content.decode()
    house.refresh_from_db()
    assert house.title == "新的标题"
    for photo in others:
        photo.refresh_from_db()
        assert photo.order == 7


def test_a_slip_in_a_form_whose_photo_is_gone_is_shown_and_can_be_mended(house, operator):
    image = HouseImage.objects.create(house=house, file="houses/a.webp", **PHOTO)
    url = f"{HOUSES}{house.pk}/change/"
    typed = stale_form(operator, url, "title", title="新的标题", price="abc")
    gone(image)
    page = operator.post(url, typed).content.decode()
    assert "errornote" in page
    assert operator.post(url, form_with(page, "title") | {"price": ["299"]}).status_code == 302
    house.refresh_from_db()
    assert (house.title, house.price) == ("新的标题", 299)


def test_a_photo_that_is_none_is_not_drawn_on_the_page_of_a_new_home(operator):
    form = {"images-TOTAL_FORMS": "1", "images-INITIAL_FORMS": "0", "title": "新"}
    assert operator.post(f"{HOUSES}add/", form).status_code == 200


LISTS = [
    (Area, "/admin/houses/area/", {"name": "西城区"}),
    (HelpArticle, "/admin/ihome_site/helparticle/", {"slug": "x", "title": "新"}),
]


@pytest.mark.parametrize("when", ["before", "while"])
@pytest.mark.parametrize(("model", "url", "fields"), LISTS)
def test_a_row_deleted_while_its_list_is_edited(when, model, url, fields, operator, monkeypatch):
    row, typed = model.objects.create(**fields), {"_save": ["保存"]}
    typed |= stale_form(operator, url, "form-0-order")
    typed |= {name: ["7"] for name in typed if name.endswith("-order") and name[0] == "f"}
    if when == "before":
        gone(row)
    else:
        deleted_before(monkeypatch, PartialModelForm, "_post_clean", row)
    answer = operator.post(url, typed, follow=True)
    assert (answer.status_code, "刚被别人删除了" in answer.content.decode()) == (200, True)
    assert not OperationLog.objects.exists()
