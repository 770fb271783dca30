"""A home, a district or a facility is deleted while somebody books, lists, judges or saves one."""

import pytest
from django.db import IntegrityError, connection
from django.test import Client

from accounts.limits import Limit
from accounts.models import User
from houses import search_page
from houses.forms import HouseForm
from houses.models import Area, Facility, House, HouseImage
from houses.tests.test_owner_pages import form, picture
from houses.views import HouseCreateView, HouseEditView
from ihome_site.models import OperationLog
from ihome_site.testing import client_of, house_of_wang, li, wang
from ihome_site.tests.test_gone_meanwhile import deleted_before, gone
from orders.models import Order
from orders.tests.test_pages import book

pytestmark = pytest.mark.django_db
GONE = "这套房源已经不在了"


@pytest.fixture
def operator():
    return client_of(User.objects.create_superuser("13800000099", "x"))


@pytest.fixture
def house():
    return house_of_wang()


# Guests and owners, while an operator deletes the home.


def test_a_home_deleted_while_it_is_booked(house, monkeypatch):
    deleted_before(monkeypatch, Order, "place", house)
    answer = book(client_of(li()), house)
    assert (answer.status_code, GONE in answer.content.decode()) == (409, True)
    assert not Order.objects.exists()


def test_a_home_deleted_with_its_district_while_a_search_is_drawn(house, monkeypatch):
    draw_all = search_page.draw_all

    def gone_before(found, areas, *args):
        found = list(found)
        district = house.area
        gone(house)
        district.delete()
        return draw_all(found, {}, *args)

    monkeypatch.setattr(search_page, "draw_all", gone_before)
    answer = Client().get("/houses/")
    assert (answer.status_code, house.title in answer.content.decode()) == (200, False)


@pytest.mark.parametrize("verb", ["list", "unlist"])
def test_a_home_deleted_while_its_owner_lists_or_unlists_it(verb, house, monkeypatch):
    deleted_before(monkeypatch, Limit, "take", house)
    answer = client_of(wang()).post(f"/houses/{house.pk}/{verb}/", follow=True)
    assert (answer.status_code, GONE in answer.content.decode()) == (200, True)


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_home_deleted_while_a_photo_of_it_is_added(accept, house, monkeypatch):
    deleted_before(monkeypatch, House, "content_changed", house)
    url, form = f"/houses/{house.pk}/images/", {"house_image": picture()}
    answer = client_of(wang()).post(url, form, headers={"accept": accept})
    text = str(answer.json()) if "json" in accept else answer.content.decode()
    assert (answer.status_code, GONE in text) == (400, True)
    assert not HouseImage.objects.exists()


# Operators, while another one deletes the home.


@pytest.mark.parametrize("verb", ["approve", "refuse", "hold", "let_go"])
def test_a_home_deleted_while_operators_judge_it(verb, operator, monkeypatch):
    house = house_of_wang(check_state="waiting", is_listed=False)
    if verb == "let_go":
        House.objects.update(held_reason="照片不符")
    deleted_before(monkeypatch, House, "_change", house)
    form = {"action": f"do_{verb}", "_selected_action": [house.pk], "reason": "地址不清"}
    answer = operator.post("/admin/houses/house/", form, follow=True)
    assert (answer.status_code, GONE in answer.content.decode()) == (200, True)
    assert not OperationLog.objects.exists()


def delete_while_saving(monkeypatch, view, row):
    """`row` is deleted when the form is judged and not yet saved.

    The deletion is another's: it stays when the saving is rolled back. SQLite looks at foreign
    keys when it commits, which no test does; here, right after the rows are written.
    """
    answer, save = view.answer, HouseForm.save
    deleted_before(monkeypatch, Limit, "take", row)

    def answer_and_stay_deleted(*args, **kwargs):
        try:
            return answer(*args, **kwargs)
        except IntegrityError:
            gone(row)
            raise

    def save_and_look(*args, **kwargs):
        house = save(*args, **kwargs)
        connection.check_constraints()
        return house

    monkeypatch.setattr(view, "answer", answer_and_stay_deleted)
    monkeypatch.setattr(HouseForm, "save", save_and_look)


SAVING = pytest.mark.parametrize("view", [HouseCreateView, HouseEditView])


def save_with(view, monkeypatch, field, row):
    """The answer to a form that chooses `row`, which is deleted meanwhile."""
    page = f"{house_of_wang().pk}/edit" if view is HouseEditView else "new"
    delete_while_saving(monkeypatch, view, row)
    typed = form(title="写了很久的标题", **{field: row.pk})
    return client_of(wang()).post(f"/houses/{page}/", typed)


@SAVING
def test_a_district_deleted_while_a_home_is_saved(view, monkeypatch):
    row = Area.objects.create(name="不久了")
    answer = save_with(view, monkeypatch, "area", row)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert ("没有这个城区，请再选" in page, "写了很久的标题" in page) == (True, True)
    assert not House.objects.filter(title="写了很久的标题").exists()


@SAVING
def test_a_facility_deleted_while_a_home_is_saved(view, monkeypatch):
    """Django adds facilities by INSERT IGNORE: MySQL leaves out the one that is gone."""
    answer = save_with(view, monkeypatch, "facilities", Facility.objects.create(name="不久了"))
    says_so = "有个设施已经没有了，请再选" in answer.content.decode()
    left_out = connection.vendor == "mysql"
    assert (answer.status_code, says_so) == ((302, False) if left_out else (400, True))
    assert not House.facilities.through.objects.exists()
