import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from accounts.models import AccountError, User
from houses.listing import ListingError
from houses.models import House, StayError
from ihome_site.models import OperationLog
from ihome_site.testing import (
    chen,
    client_of,
    day,
    house_of_wang,
    li,
    move_to_past,
    order_of_li,
    stay_over,
    wang,
)
from orders.invariants import broken_rules
from orders.models import Order, OrderError, OrderMove

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator():
    return User.objects.create_superuser("13900000009", "x")


def accepted(begin=1, end=3):
    order = order_of_li(house_of_wang(), begin=begin, end=end)
    order.accept(wang())
    return order


def counts(order):
    house = House.objects.get(pk=order.house_id)
    return house.order_count, house.review_count, house.star_total


def test_a_stopped_order_frees_its_nights_and_both_sides_read_why(operator):
    order = accepted()
    order.stop(operator, "房源被投诉")
    assert not order.house.nights.exists()
    for person in (li(), wang()):
        page = client_of(person).get(order.get_absolute_url()).content.decode()
        assert "房源被投诉" in page
        assert person.notices.filter(kind="canceled").count() == 1
    assert list(broken_rules()) == []


def test_operators_may_stop_a_stay_that_has_begun(operator):
    order = move_to_past(accepted(begin=1, end=4), days=2)
    with pytest.raises(OrderError):
        order.cancel(li())
    order.stop(operator, "水管爆了")
    assert order.status == "CANCELED"


def test_what_is_over_cannot_be_stopped(operator):
    order = stay_over(house_of_wang())
    with pytest.raises(OrderError):
        order.stop(operator, "太晚了")
    assert not OperationLog.objects.exists()


def test_stopping_leaves_a_line(operator):
    order = accepted()
    order.stop(operator, "房源被投诉")
    line = OperationLog.objects.get()
    found = line.actor, line.verb, line.before, line.after, line.reason
    assert found == (operator, "取消订单", "已接单", "已取消", "房源被投诉")


def test_a_hidden_review_is_gone_from_the_page_and_the_stars(operator):
    order = stay_over(house_of_wang())
    review = order.write_review(li(), 2, "楼下很吵")
    assert counts(order) == (1, 1, 2)
    review.hide(operator, "人身攻击")
    assert counts(order) == (1, 0, 0)
    assert "楼下很吵" not in Client().get(f"/houses/{order.house_id}/").content.decode()
    assert list(broken_rules()) == []


def test_its_writer_reads_that_it_is_hidden(operator):
    order = stay_over(house_of_wang())
    order.write_review(li(), 2, "楼下很吵").hide(operator, "人身攻击")
    page = client_of(li()).get(order.get_absolute_url()).content.decode()
    assert "楼下很吵" in page
    assert "人身攻击" in page


def test_a_review_comes_back_as_it_was(operator):
    order = stay_over(house_of_wang())
    review = order.write_review(li(), 2, "楼下很吵")
    review.hide(operator, "人身攻击")
    review.show(operator)
    assert counts(order) == (1, 1, 2)
    assert "楼下很吵" in Client().get(f"/houses/{order.house_id}/").content.decode()
    verbs = OperationLog.objects.order_by("pk").values_list("verb", "before", "after")
    assert list(verbs) == [("隐藏评价", "显示", "隐藏"), ("恢复评价", "隐藏", "显示")]


def test_hiding_or_showing_twice_counts_once(operator):
    order = stay_over(house_of_wang())
    review = order.write_review(li(), 2, "楼下很吵")
    with pytest.raises(OrderError):
        review.show(operator)
    review.hide(operator, "人身攻击")
    again = type(review).objects.get(pk=review.pk)
    again.hidden_reason = ""  # as read before the first one hid it
    with pytest.raises(OrderError):
        again.hide(operator, "重复")
    assert counts(order) == (1, 0, 0)


def test_a_disabled_user_is_out_at_once_and_old_sessions_stay_dead(operator):
    browser, user = client_of(chen()), chen()
    assert browser.get("/accounts/me/").status_code == 200
    user.disable(operator, "冒用他人照片")
    assert browser.get("/accounts/me/").status_code == 302
    user.enable(operator)
    assert browser.get("/accounts/me/").status_code == 302
    assert client_of(chen()).get("/accounts/me/").status_code == 200
    lines = OperationLog.objects.order_by("pk").values_list("before", "after", "reason")
    assert list(lines) == [("可登录", "停用", "冒用他人照片"), ("停用", "可登录", "")]


def test_a_disabled_owners_homes_are_off_the_site_and_their_browsers_forgotten(operator, client):
    house, kept = house_of_wang(), house_of_wang(title="早就下架", is_listed=False)
    wang().devices.create(session_key="k", address="127.0.0.1", seen_at=timezone.now())
    assert client.get(f"/houses/{house.pk}/").status_code == 200
    wang().disable(operator, "冒用他人照片")
    assert house.title not in client.get("/houses/").content.decode()
    with pytest.raises(StayError):
        order_of_li(house)
    assert not wang().devices.exists()
    wang().enable(operator)
    house.refresh_from_db()
    assert not house.is_listed  # the owner lists it again when they are ready
    house.put_on()
    assert not type(house).objects.get(pk=kept.pk).is_listed


def test_approving_a_disabled_owners_home_does_not_list_it(operator):
    house = house_of_wang(check_state="waiting", is_listed=False)
    wang().disable(operator, "冒用他人照片")
    House.objects.get(pk=house.pk).approve(operator)
    house.refresh_from_db()
    assert (house.check_state, house.is_listed) == ("approved", False)


def test_a_home_is_judged_and_listed_as_it_stands_now(operator):
    """Whoever acts may have read the home, and its owner, before others changed them."""
    house = house_of_wang(check_state="waiting", is_listed=False)
    read_before = House.objects.select_related("owner").get(pk=house.pk)
    house.hold(operator, "照片不符")
    read_before.approve(operator)
    house.refresh_from_db()
    assert (house.check_state, house.is_listed) == ("approved", False)
    house.let_go(operator)
    read_before = House.objects.select_related("owner").get(pk=house.pk)
    wang().disable(operator, "冒用他人照片")
    with pytest.raises(PermissionDenied):
        read_before.put_on()
    House.objects.filter(pk=house.pk).update(check_state="waiting")
    read_before.approve(operator)
    house.refresh_from_db()
    assert (house.check_state, house.is_listed) == ("approved", False)


@pytest.mark.parametrize("judge", [House.put_on, lambda home: home.approve(chen())])
def test_a_home_that_was_deleted_meanwhile_is_refused_in_words(judge):
    home = house_of_wang(check_state="waiting", is_listed=False)
    House.objects.filter(pk=home.pk).delete()
    with pytest.raises(ListingError, match="不在了"):
        judge(home)


def test_nobody_disables_themselves_or_twice(operator):
    with pytest.raises(AccountError):
        operator.disable(operator, "手滑")
    chen().disable(operator, "冒用")
    with pytest.raises(AccountError):
        chen().disable(operator, "冒用")


def test_the_log_stars_mobiles_and_survives_long_texts(operator):
    line = OperationLog.objects.record(
        operator, "修改", chen(), before="13900000003", after="长" * 9000
    )
    assert (line.before, len(line.after)) == ("139****0003", OperationLog.LONGEST)


def test_a_stay_of_today_is_not_over(operator):
    order = move_to_past(accepted(begin=1, end=2), days=1)
    assert order.begin_date == day(0)
    order.stop(operator, "水管爆了")
    assert order.status == "CANCELED"


def test_the_log_says_what_the_order_was_when_it_was_stopped(operator):
    order = order_of_li(house_of_wang())
    seen_by_operator = Order.objects.get(pk=order.pk)
    order.accept(wang())
    seen_by_operator.stop(operator, "水管爆了")
    line, move = OperationLog.objects.get(), OrderMove.objects.get(action="stop")
    assert line.before == Order.Status(move.before).label == "已接单"
