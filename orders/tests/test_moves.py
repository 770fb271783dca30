from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from houses.models import House
from ihome_site.testing import chen, client_of, day, house_of_wang, li, order_of_li, stay_over, wang
from orders.models import Order, OrderError, Review
from orders.moves import MOVES

pytestmark = pytest.mark.django_db
STATES = Order.Status.values


def boss():
    return User.objects.create_superuser("13900000009", "gulou-clock-1420")


def act(order, action):
    return {
        "accept": lambda: order.accept(wang()),
        "reject": lambda: order.reject(wang(), "那两天要修屋顶"),
        "cancel": lambda: order.cancel(li()),
        "stop": lambda: order.stop(chen(), "有人投诉"),
        "review": lambda: order.write_review(li(), 5, "住得很好"),
        "expire": lambda: order.expire() or pytest.fail("refused"),
    }[action]()


def order_in(status, begin, end, expires_in):
    """An order as if it had come to `status`, holding its nights when that status does."""
    order = order_of_li(house_of_wang(), 1, 3)
    order.begin_date, order.end_date, order.status = day(begin), day(end), status
    order.expires_at = timezone.now() + timedelta(hours=expires_in)
    order.save(update_fields=["begin_date", "end_date", "status", "expires_at"])
    if status not in Order.HOLDING:
        order.house.release(order.number)
    return order


WHEN = {"future": (1, 3, 5), "check-in day": (0, 2, 5), "over": (-2, 0, 5), "late": (1, 3, -1)}
ALLOWED = {
    ("WAIT_ACCEPT", "future"): {"accept", "reject", "cancel", "stop"},
    ("WAIT_ACCEPT", "check-in day"): {"accept", "reject", "cancel", "stop"},
    ("WAIT_ACCEPT", "over"): {"accept", "reject", "cancel", "stop"},
    ("WAIT_ACCEPT", "late"): {"expire"},
    ("WAIT_COMMENT", "future"): {"cancel", "stop"},
    ("WAIT_COMMENT", "check-in day"): {"stop"},
    ("WAIT_COMMENT", "late"): {"cancel", "stop"},
    ("WAIT_COMMENT", "over"): {"review"},
}


@pytest.mark.parametrize("action", MOVES)
@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("status", STATES)
def test_exactly_the_moves_of_the_table_are_possible(status, when, action):
    order = order_in(status, *WHEN[when])
    before = (order.status, order.house.nights.count())
    if action in ALLOWED.get((status, when), set()):
        act(order, action)
        assert order.status == MOVES[action].target
        assert order.house.nights.exists() == (order.status in Order.HOLDING)
        assert order.moves.last().action == action
        return
    refused = pytest.fail.Exception if action == "expire" else OrderError
    with pytest.raises(refused):
        act(order, action)
    order.refresh_from_db()
    assert (order.status, order.house.nights.count()) == before
    assert order.moves.count() == 1


def test_accepting_keeps_the_nights_for_good():
    order = order_of_li(house_of_wang())
    order.accept(wang())
    assert set(order.house.nights.values_list("expires_at", flat=True)) == {None}
    assert order.accepted_at


def test_an_order_that_lost_its_nights_cannot_be_accepted():
    order = order_of_li(house_of_wang())
    order.house.nights.all().delete()
    with pytest.raises(OrderError, match="超时"):
        order.accept(wang())
    order.refresh_from_db()
    assert order.status == "WAIT_ACCEPT"


def test_a_move_says_who_when_and_why():
    order = order_of_li(house_of_wang())
    order.reject(wang(), "那两天要修屋顶")
    move = order.moves.last()
    assert (move.actor, move.before, move.after, move.note) == (
        wang(),
        "WAIT_ACCEPT",
        "REJECTED",
        "那两天要修屋顶",
    )
    assert (order.reason, order.rejected_at is not None) == ("那两天要修屋顶", True)


def test_an_expired_request_is_canceled_for_every_reader_at_once():
    order = order_in("WAIT_ACCEPT", *WHEN["late"])
    assert (order.state, order.shown_reason) == ("CANCELED", "超时未接单")
    assert [order.can_accept, order.can_cancel, order.can_review] == [False] * 3
    assert not Order.objects.waiting().exists()


def test_a_review_counts_once_and_completes_the_order():
    house = house_of_wang()
    order = stay_over(house)
    order.write_review(li(), 4, "安静")
    with pytest.raises(OrderError):
        order.write_review(li(), 1, "again")
    house.refresh_from_db()
    assert (house.order_count, house.review_count, house.star_total) == (1, 1, 4)
    assert (order.status, Review.objects.get().text) == ("COMPLETE", "安静")


def test_the_owner_answers_once():
    order = stay_over(house_of_wang())
    review = order.write_review(li(), 4, "安静")
    review.give_answer("欢迎再来")
    with pytest.raises(OrderError, match="已经回复"):
        review.give_answer("改一下")
    assert Review.objects.get().answer == "欢迎再来"


def test_editing_or_unlisting_the_house_leaves_a_placed_order_alone():
    order = order_of_li(house_of_wang())
    House.objects.update(price=1, min_days=30, capacity=1, is_listed=False, title="new")
    order.accept(wang())
    assert (str(order.amount), order.title) == ("796.00", "鼓楼边的小院")


def refused_and_edited(order):
    order.house.refuse(boss(), "照片是别处的")
    order.house.content_changed()


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (lambda order: order.house.hold(boss(), "诈骗房源"), "运营人员已下架这套房源"),
        (lambda order: order.house.refuse(boss(), "照片是别处的"), "没有通过审核"),
        (refused_and_edited, "正在等待审核"),
        (lambda order: order.guest.disable(boss(), "有人投诉"), "房客的账号已停用"),
    ],
)
def test_nothing_is_agreed_on_with_whom_operators_shut_out(trouble, sentence):
    order = order_of_li(house_of_wang(), 1, 3)
    trouble(order)
    with pytest.raises(OrderError, match=sentence):
        order.accept(wang())
    order.refresh_from_db()
    assert order.status == Order.Status.WAIT_ACCEPT
    owner = client_of(wang())
    for path in (
        f"/orders/{order.number}/",
        "/orders/received/",
        f"/houses/{order.house_id}/calendar/",
    ):
        html = owner.get(path).content.decode()
        assert (sentence in html, f"/orders/{order.number}/accept/" in html) == (True, False), path
        assert f"/orders/{order.number}/reject/" in html
    order.reject(wang(), "运营下架了")
    assert not order.house.nights.exists()


def test_a_home_edited_since_its_check_still_takes_its_requests(settings):
    settings.HOUSE_REVIEW = True
    order = order_of_li(house_of_wang(), 1, 3)
    order.house.content_changed()
    assert order.house.changed_since_check
    assert "/accept/" in client_of(wang()).get(f"/orders/{order.number}/").content.decode()
    order.accept(wang())
    assert order.status == Order.Status.WAIT_COMMENT


def test_a_home_its_owner_took_off_still_takes_its_requests():
    order = order_of_li(house_of_wang(), 1, 3)
    order.house.take_off()
    order.accept(wang())
    assert order.status == Order.Status.WAIT_COMMENT
