"""Operators are people as well: their own homes, stays and reviews are for other operators."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from accounts.models import User
from houses.listing import ListingError
from houses.models import House
from ihome_site.models import OperationLog
from ihome_site.testing import client_of, house_of_wang, li, order_of_li, stay_over, wang
from ihome_site.tests.test_operators_desk import act, operator
from orders.models import Order, OrderError, Review

pytestmark = pytest.mark.django_db
VERBS = {"approve": [], "refuse": ["照片不清楚"], "hold": ["有人投诉"], "let_go": []}
STATES = {
    "approve": {"check_state": "waiting", "is_listed": False},
    "let_go": {"held_reason": "有人投诉", "is_listed": False},
}
EMPTY = {"images-TOTAL_FORMS": "0", "images-INITIAL_FORMS": "0"}


def made_operator(user, is_superuser):
    """The same person, who works here from now on."""
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=is_superuser)
    user.groups.add(Group.objects.get(name="审核"), Group.objects.get(name="客服"))
    return User.objects.get(pk=user.pk)


def stored(*rows):
    now = [type(row).objects.filter(pk=row.pk).values().get() for row in rows]
    return now, OperationLog.objects.count()


@pytest.mark.parametrize("is_superuser", [False, True])
@pytest.mark.parametrize("verb", VERBS)
def test_nobody_judges_their_own_home(verb, is_superuser):
    house = house_of_wang(**STATES.get(verb, {}))
    before = stored(house)
    with pytest.raises(ListingError, match="您自己的房源"):
        getattr(house, verb)(made_operator(wang(), is_superuser), *VERBS[verb])
    assert stored(house) == before
    getattr(house, verb)(operator("审核"), *VERBS[verb])
    assert OperationLog.objects.count() == 1


def test_nor_one_that_became_theirs_after_they_read_it():
    house, me = house_of_wang(), made_operator(li(), is_superuser=False)
    House.objects.update(owner=me)
    with pytest.raises(ListingError, match="您自己的房源"):
        house.hold(me, "有人投诉")


@pytest.mark.parametrize("is_superuser", [False, True])
@pytest.mark.parametrize("side", [wang, li])
def test_nobody_hides_or_shows_a_review_of_their_home_or_stay(side, is_superuser):
    review = stay_over(house_of_wang()).write_review(li(), 1, "很吵")
    me = made_operator(side(), is_superuser)
    before = stored(review, review.order.house)
    with pytest.raises(OrderError, match="别的运营人员"):
        review.hide(me, "不实")
    assert stored(review, review.order.house) == before
    review.hide(operator("审核"), "人身攻击")
    with pytest.raises(OrderError, match="别的运营人员"):
        review.show(me)
    assert Review.objects.get().is_hidden


@pytest.mark.parametrize("is_superuser", [False, True])
@pytest.mark.parametrize("side", [wang, li])
def test_nobody_stops_an_order_of_their_own(side, is_superuser):
    order = order_of_li(house_of_wang())
    before = stored(order)
    with pytest.raises(OrderError, match="您自己的"):
        order.stop(made_operator(side(), is_superuser), "不想接了")
    assert stored(order) == before
    order.stop(operator("客服"), "房东失联")
    assert Order.objects.get().status == "CANCELED"


def test_the_desk_says_so_and_does_the_rest():
    own = house_of_wang(owner=operator("审核"))
    other = house_of_wang(title="别人的")
    page = act("审核", House, "hold", own, other, reason="有人投诉").content.decode()
    assert "您自己的房源" in page
    assert "完成 1 个" in page
    assert not House.objects.get(pk=own.pk).held_reason


@pytest.mark.parametrize("page", ["change", "delete"])
def test_nor_do_they_edit_or_delete_it_on_the_desk(page):
    """Its owner's own page asks operators to look at what was changed."""
    house = house_of_wang(owner=operator("管理员"))
    url = reverse(f"admin:houses_house_{page}", args=[house.pk])
    form = {"title": "改了", "post": "yes", **EMPTY}
    assert client_of(operator("管理员")).post(url, form).status_code == 403
    assert House.objects.get().title == house.title
    chosen = {"action": "delete_selected", "_selected_action": [house.pk], "post": "yes"}
    client_of(operator("管理员")).post(reverse("admin:houses_house_changelist"), chosen)
    assert House.objects.exists()
