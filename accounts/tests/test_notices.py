"""News of orders: who is told what, once, and until it is read."""

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import Notice
from accounts.notices import has_news
from ihome_site.testing import chen, client_of, house_of_wang, li, order_of_li, stay_over, wang
from orders.models import Order, OrderError

pytestmark = pytest.mark.django_db


def told(user):
    return list(user.notices.order_by("pk").values_list("kind", flat=True))


def unread_mark(user):
    return "data-news" in client_of(user).get("/").content.decode()


def test_the_owner_is_told_of_a_request():
    order = order_of_li(house_of_wang())
    notice = wang().notices.get()
    assert (notice.kind, notice.url) == ("requested", f"/orders/{order.number}/")
    assert notice.text.startswith("鼓楼边的小院\n")
    assert told(li()) == []


@pytest.mark.parametrize(
    ("move", "kind"),
    [
        (lambda order: order.accept(wang()), "accepted"),
        (lambda order: order.reject(wang(), "要修屋顶"), "rejected"),
    ],
)
def test_the_guest_is_told_of_the_answer(move, kind):
    move(order_of_li(house_of_wang()))
    assert (told(li()), told(wang())) == ([kind], ["requested"])


def test_the_owner_is_told_when_the_guest_cancels():
    order_of_li(house_of_wang()).cancel(li())
    assert (told(li()), told(wang())) == ([], ["requested", "canceled"])


def test_both_are_told_when_an_operator_cancels():
    order_of_li(house_of_wang()).cancel(chen())
    assert (told(li()), told(wang())) == (["canceled"], ["requested", "canceled"])


def test_both_are_told_of_a_request_that_died():
    order = order_of_li(house_of_wang())
    Order.objects.update(expires_at=order.created_at)
    order.refresh_from_db()
    assert order.expire()
    assert (told(li()), told(wang())) == (["expired"], ["requested", "expired"])


def test_reviews_and_their_answers_are_told():
    order = stay_over(house_of_wang())
    order.write_review(li(), 5, "好")
    order.review.give_answer("谢谢")
    assert told(wang()) == ["requested", "reviewed"]
    assert told(li()) == ["accepted", "answered"]


def test_a_move_that_is_refused_tells_nobody():
    order = order_of_li(house_of_wang())
    order.cancel(li())
    before = Notice.objects.count()
    with pytest.raises(OrderError):
        order.accept(wang())
    assert Notice.objects.count() == before


def test_the_mark_stays_until_the_notices_are_read():
    order_of_li(house_of_wang())
    client = client_of(wang())
    assert unread_mark(wang())
    assert client.get("/accounts/notices/").status_code == 200
    assert unread_mark(wang())  # a GET changes nothing
    client.post("/accounts/notices/")
    assert not unread_mark(wang())


def test_a_stranger_neither_sees_nor_reads_them():
    order_of_li(house_of_wang())
    client = client_of(chen())
    assert "收到新订单" not in client.get("/accounts/notices/").content.decode()
    client.post("/accounts/notices/")
    assert unread_mark(wang())
    assert not unread_mark(chen())


def test_visitors_who_are_not_signed_in_cost_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert not has_news(AnonymousUser())


@pytest.mark.parametrize("count", [1, 30])
def test_the_same_queries_for_one_notice_and_thirty(count, django_assert_max_num_queries):
    user = li()
    Notice.objects.bulk_create(
        Notice(user=user, kind="accepted", text="x", url="/") for _n in range(count)
    )
    client = client_of(user)
    client.get("/accounts/notices/")  # what stands round every page is remembered from here on
    with django_assert_max_num_queries(4):
        client.get("/accounts/notices/")
