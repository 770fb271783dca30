import re

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import User
from accounts.tests.test_profile import picture
from houses.listing import ListingError
from houses.models import Area, Facility, House
from ihome_site.models import OperationLog
from ihome_site.testing import chen, client_of, house_of_wang, wang

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator():
    return User.objects.create_superuser("13900000009", "x")


def waiting_house():
    return house_of_wang(check_state="waiting", is_listed=False)


def state_of(house):
    house = House.objects.get(pk=house.pk)
    return house.is_listed, house.check_state, house.held_reason


def last_line():
    line = OperationLog.objects.latest("pk")
    return line.actor.mobile, line.verb, line.subject_text, line.before, line.after, line.reason


def form_of(house):
    names = ["title", "price", "address", "room_count", "acreage", "unit", "capacity", "beds"]
    return {name: getattr(house, name) for name in names} | {"area": house.area_id}


@pytest.mark.parametrize(("checks", "listed"), [(True, False), (False, True)])
def test_a_new_home_waits_where_homes_are_checked(settings, checks, listed):
    settings.HOUSE_REVIEW = checks
    form = form_of(house_of_wang()) | {"title": "新的家"}
    client_of(wang()).post("/houses/new/", form)
    house = House.objects.get(title="新的家")
    assert (house.is_listed, house.check_state == "approved") == (listed, listed)


def test_approving_lists_the_home(operator):
    house = waiting_house()
    house.approve(operator)
    assert state_of(house) == (True, "approved", "")
    after = "已上架 · 已通过"
    assert last_line() == (operator.mobile, "通过审核", house.title, "已下架 · 待审核", after, "")


def test_the_owner_reads_why_a_home_was_refused(operator):
    house = waiting_house()
    house.refuse(operator, "照片里看不到房间")
    assert state_of(house) == (False, "refused", "")
    assert "照片里看不到房间" in client_of(wang()).get("/houses/mine/").content.decode()


def test_a_refused_home_that_was_changed_asks_again(operator):
    house = waiting_house()
    house.refuse(operator, "标题里有电话")
    client_of(wang()).post(f"/houses/{house.pk}/edit/", form_of(house) | {"title": "胡同里的家"})
    assert state_of(house) == (False, "waiting", "")


def test_so_does_one_that_lost_a_photo_or_changed_in_anything_else(operator):
    """Whatever it was refused for: a photo that did not fit, say, or too many guests."""
    house = waiting_house()
    photo = house.images.create(file="houses/1.webp", width=300, height=240)
    house.refuse(operator, "照片不合适")
    owner = client_of(wang())
    owner.post(f"/houses/images/{photo.pk}/delete/")
    assert state_of(house) == (False, "waiting", "")
    house.refuse(operator, "住不下这么多人")
    owner.post(f"/houses/{house.pk}/edit/", form_of(house) | {"capacity": 1})
    assert state_of(house) == (False, "waiting", "")


def test_an_approved_home_in_another_district_is_looked_at_again():
    house = house_of_wang()
    other = Area.objects.exclude(pk=house.area_id).first() or Area.objects.create(name="别处")
    client_of(wang()).post(f"/houses/{house.pk}/edit/", form_of(house) | {"area": other.pk})
    house.refresh_from_db()
    assert (house.area, house.changed_since_check) == (other, True)


@pytest.mark.parametrize(
    ("field", "value", "flagged"), [("title", "新标题", True), ("price", 9, False)]
)
def test_an_approved_home_stays_and_is_looked_at_again(field, value, flagged):
    house = house_of_wang()
    client_of(wang()).post(f"/houses/{house.pk}/edit/", form_of(house) | {field: value})
    house.refresh_from_db()
    assert (house.is_listed, house.changed_since_check) == (True, flagged)


def test_looking_again_does_not_list_what_the_owner_took_off(operator):
    house = house_of_wang(is_listed=False, changed_since_check=True)
    house.approve(operator)
    assert state_of(house) == (False, "approved", "")


def test_a_check_does_not_list_what_the_owner_had_taken_off(operator):
    """Before it was refused, or while it waits."""
    owner = client_of(wang())
    for off_first in (True, False):
        house = house_of_wang()
        if off_first:
            owner.post(f"/houses/{house.pk}/unlist/")
        House.objects.get(pk=house.pk).refuse(operator, "标题里有电话")
        owner.post(f"/houses/{house.pk}/edit/", form_of(house) | {"title": "胡同里的家"})
        if not off_first:
            owner.post(f"/houses/{house.pk}/unlist/")
        assert "通过后要上架请您自己来" in owner.get("/houses/mine/").content.decode()
        House.objects.get(pk=house.pk).approve(operator)
        assert state_of(house) == (False, "approved", "")
        owner.post(f"/houses/{house.pk}/list/")
        assert state_of(house)[0]


def test_who_changes_their_mind_while_it_waits_has_it_listed(operator):
    house, owner = waiting_house(), client_of(wang())
    owner.post(f"/houses/{house.pk}/unlist/")
    page = owner.post(f"/houses/{house.pk}/list/", follow=True)
    assert "正在审核，通过后自动上架" in page.content.decode()
    House.objects.get(pk=house.pk).approve(operator)
    assert state_of(house)[0]


def test_a_home_of_an_owner_disabled_and_enabled_is_not_listed_by_a_check(operator):
    house = waiting_house()
    wang().disable(operator, "投诉")
    wang().enable(operator)
    House.objects.get(pk=house.pk).approve(operator)
    assert not state_of(house)[0]


@pytest.mark.parametrize("home", [{"check_state": "waiting"}, {"held_reason": "有人投诉"}])
def test_the_owner_cannot_list_it_over_the_operators(home):
    house = house_of_wang(is_listed=False, **home)
    page = client_of(wang()).post(f"/houses/{house.pk}/list/", follow=True).content.decode()
    assert not state_of(house)[0]
    assert "正在审核" in page or "运营已下架：有人投诉" in page


def test_a_hold_takes_off_and_letting_go_gives_the_choice_back(operator):
    house = house_of_wang()
    house.hold(operator, "有人投诉")
    assert state_of(house) == (False, "approved", "有人投诉")
    house.let_go(operator)
    assert state_of(house) == (False, "approved", "")
    client_of(wang()).post(f"/houses/{house.pk}/list/")
    assert state_of(house)[0]


def test_approving_a_held_home_does_not_list_it(operator):
    house = house_of_wang(is_listed=False, held_reason="有人投诉", check_state="waiting")
    house.approve(operator)
    assert state_of(house) == (False, "approved", "有人投诉")


def test_the_same_verb_twice_is_refused_and_leaves_one_line(operator):
    house = house_of_wang()
    house.hold(operator, "有人投诉")
    with pytest.raises(ListingError):
        house.hold(operator, "又有人投诉")
    assert OperationLog.objects.count() == 1


@pytest.mark.parametrize("unfit", [{"check_state": "waiting"}, {"held_reason": "有人投诉"}])
def test_the_database_lists_no_home_that_is_unfit(unfit):
    house = house_of_wang()
    with pytest.raises(IntegrityError), transaction.atomic():
        House.objects.filter(pk=house.pk).update(**unfit)


@pytest.mark.parametrize("query", ["", "?sd=2030-01-01&ed=2030-01-02"])
def test_only_owner_and_operators_see_an_unfit_home(operator, query):
    house = waiting_house()
    url = f"/houses/{house.pk}/{query}"
    visitors = [Client(), client_of(wang()), client_of(operator)]
    assert [visitor.get(url).status_code for visitor in visitors] == [404, 200, 200]
    house.approve(operator)
    assert Client().get(url).status_code == 200


def test_a_hold_is_seen_at_the_next_request(operator):
    house = house_of_wang()
    assert house.title in Client().get("/houses/").content.decode()
    house.hold(operator, "有人投诉")
    assert house.title not in Client().get("/houses/").content.decode()
    assert Client().get(f"/houses/{house.pk}/").status_code == 404


def version_in(html, house):
    return dict([re.search(rf'name="(seen_{house.pk})" value="([0-9]{{16}})"', html).groups()])


@pytest.mark.parametrize("page", ["list", "its own"])
@pytest.mark.parametrize("change", ["words", "photo", "facilities"])
def test_nobody_approves_what_they_have_not_seen(operator, page, change):
    """The owner of a waiting home changes it while an operator reads the page."""
    house, desk, owner = waiting_house(), client_of(operator), client_of(wang())
    url = {"list": "/admin/houses/house/", "its own": f"/admin/houses/house/{house.pk}/change/"}
    html = desk.get(url[page]).content.decode()
    seen = version_in(html, house)
    if change == "words":
        owner.post(f"/houses/{house.pk}/edit/", form_of(house) | {"title": "加微信详谈"})
    elif change == "facilities":
        lift = Facility.objects.create(name="直升机坪", order=99)
        rest = {name: getattr(house, name) for name in ("deposit", "min_days", "max_days")}
        form = form_of(house) | rest | {"facilities": [lift.pk]}
        owner.post(f"/houses/{house.pk}/edit/", form)
        assert lift in house.facilities.all()
    else:
        owner.post(f"/houses/{house.pk}/images/", {"house_image": picture()})
    chosen = {"action": "do_approve", "_selected_action": house.pk}
    answer = desk.post("/admin/houses/house/", chosen | seen, follow=True)
    assert "刚刚改过，请再看一遍" in answer.content.decode()
    assert state_of(house) == (False, "waiting", "")
    seen = version_in(desk.get(url[page]).content.decode(), house)
    desk.post("/admin/houses/house/", chosen | seen)
    assert state_of(house) == (True, "approved", "")


def test_nobody_refuses_what_changed_while_they_wrote_why(operator):
    house, desk = waiting_house(), client_of(operator)
    chosen = {"action": "do_refuse", "_selected_action": house.pk}
    seen = version_in(desk.get("/admin/houses/house/").content.decode(), house)
    asked = desk.post("/admin/houses/house/", chosen | seen).content.decode()
    assert version_in(asked, house) == seen
    client_of(wang()).post(f"/houses/{house.pk}/edit/", form_of(house) | {"title": "改好了的家"})
    why = chosen | {"reason": "标题里有电话"}
    answer = desk.post("/admin/houses/house/", why | seen, follow=True).content.decode()
    assert "刚刚改过，请再看一遍" in answer
    assert state_of(house) == (False, "waiting", "")
    seen = version_in(desk.get("/admin/houses/house/").content.decode(), house)
    desk.post("/admin/houses/house/", why | seen)
    assert state_of(house) == (False, "refused", "")


def button_of(html):
    """Of the only home on its owner's page: where its 上架 or 下架 leads, and what stands on it."""
    return re.search(
        r'action="/houses/\d+/(list|unlist)/">.*?<button[^>]*>(.*?)</button>', html, re.S
    )


@pytest.mark.parametrize("state", ["waiting", "refused"])
def test_the_owner_may_change_their_mind_before_a_check(operator, state):
    house, owner = waiting_house(), client_of(wang())
    House.objects.update(check_state=state)
    page = owner.get("/houses/mine/").content.decode()
    for verb, words, said, wanted in [
        ("unlist", "下架", "好的，通过审核后先不上架", False),
        ("list", "上架", "好的，通过审核后自动上架", True),
        ("unlist", "下架", "好的，通过审核后先不上架", False),
    ]:
        assert button_of(page).groups() == (verb, words)
        page = owner.post(f"/houses/{house.pk}/{verb}/", follow=True).content.decode()
        assert said in page
        assert House.objects.get().is_wanted == wanted
    House.objects.get().approve(operator)
    assert state_of(house) == (False, "approved", "")


def test_a_held_home_has_nothing_to_wish_for():
    house = house_of_wang(check_state="approved", is_listed=False, held_reason="有人投诉")
    assert not button_of(client_of(wang()).get("/houses/mine/").content.decode())
    said = client_of(wang()).post(f"/houses/{house.pk}/list/", follow=True).content.decode()
    assert "运营已下架：有人投诉" in said


def test_a_home_with_another_owner_does_not_keep_the_wish_of_the_last(operator):
    house = waiting_house()
    names = ["title", "price", "address", "room_count", "acreage", "unit", "capacity", "beds"]
    form = {name: getattr(house, name) for name in names} | {"area": house.area_id}
    form |= {"owner": chen().pk, "images-TOTAL_FORMS": "0", "images-INITIAL_FORMS": "0"}
    url = f"/admin/houses/house/{house.pk}/change/"
    assert client_of(operator).post(url, form).status_code == 302
    now = House.objects.get()
    assert (now.owner, now.is_wanted) == (chen(), False)
    now.approve(operator)
    assert state_of(house) == (False, "approved", "")


def test_all_of_a_long_list_are_not_approved_by_who_saw_its_first_page(operator):
    seen, unseen = waiting_house(), waiting_house()
    desk = client_of(operator)
    version = version_in(desk.get("/admin/houses/house/").content.decode(), seen)
    chosen = {"action": "do_approve", "_selected_action": seen.pk, "select_across": "1"}
    answer = desk.post("/admin/houses/house/", chosen | version, follow=True).content.decode()
    assert "不在您看的这一页上" in answer
    assert (state_of(seen)[1], state_of(unseen)[1]) == ("approved", "waiting")


def test_an_odd_moment_is_as_good_as_none(operator):
    for text in ("", "x", "9" * 99, "１" * 16, "-1", "\x00"):
        house = waiting_house()
        chosen = {"action": "do_approve", "_selected_action": house.pk, f"seen_{house.pk}": text}
        assert client_of(operator).post("/admin/houses/house/", chosen).status_code == 302
        assert state_of(house) == (True, "approved", "")


def test_the_log_says_what_was_before_whoever_acted_meanwhile(operator):
    house = house_of_wang()
    seen_by_other = House.objects.get(pk=house.pk)
    House.objects.get(pk=house.pk).hold(operator, "有人投诉")
    seen_by_other.refuse(operator, "标题里有电话")
    assert last_line()[3] == "已下架 · 已通过 · 运营下架"
