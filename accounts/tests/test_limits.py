"""What one person may do a day: exact numbers, fewer for a new account, nothing beyond them."""

from datetime import datetime, timedelta
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.urls import reverse
from django.utils import timezone

from accounts import limits
from accounts.limits import BOOKINGS, CANCELLATIONS, HOMES, NEWCOMER, DayCount
from accounts.models import Notice, UploadDay, User
from houses.models import House, StayError
from ihome_site.models import SiteParameter
from ihome_site.refusals import TooMany
from ihome_site.testing import chen, client_of, day, house_of_wang, li, order_of_li, stay_over, wang
from ihome_site.tests import test_writes
from ihome_site.tests.test_roles import MATRIX, clients
from orders.models import Order, OrderError, OrderMove

pytestmark = pytest.mark.django_db
ALL = [limit for limit in vars(limits).values() if isinstance(limit, limits.Limit)]
scene = test_writes.scene


def newcomer(name="新来的"):
    return User.objects.create_user("13711110001", name=name)


def used_up(user, limit=None, left=0):
    for each in [limit] if limit else ALL:
        count = each.most_of(user) - left
        DayCount.objects.update_or_create(
            user=user, action=each.action, defaults={"day": timezone.localdate(), "count": count}
        )


def place(guest, begin=1, end=2, **changes):
    house = house_of_wang(**changes)
    return Order.place(house.pk, guest, day(begin), day(end), 1, f"t{house.pk}")


# Counting.


@pytest.mark.parametrize("limit", ALL, ids=lambda limit: limit.action)
def test_each_limit_takes_exactly_what_it_says_and_fewer_of_a_newcomer(limit):
    for user in (li(), newcomer()):
        used_up(user, limit, left=1)
        limit.take(user)
        with pytest.raises(TooMany, match=str(limit.most_of(user))):
            limit.take(user)
    assert limit.most_of(User(created_at=timezone.now())) <= limit.most_of(li())


def test_the_first_of_all_counts_as_one():
    BOOKINGS.take(li())
    assert list(DayCount.objects.values_list("user", "action", "count")) == [(li().pk, "book", 1)]


def test_users_and_actions_have_counts_of_their_own():
    used_up(li(), BOOKINGS)
    BOOKINGS.take(chen())
    CANCELLATIONS.take(li())


def test_the_day_ends_at_midnight_in_shanghai():
    user, shanghai = li(), timezone.get_default_timezone()
    with time_machine.travel(datetime(2026, 12, 20, 23, 59, tzinfo=shanghai), tick=False):
        used_up(user, BOOKINGS)
        with pytest.raises(TooMany) as refusal:
            BOOKINGS.take(user)
        assert refusal.value.wait == 60
    with time_machine.travel(datetime(2026, 12, 21, 0, 0, 1, tzinfo=shanghai), tick=False):
        BOOKINGS.take(user)
        assert DayCount.objects.get().count == 1


def test_a_machine_whose_clock_is_behind_does_not_begin_the_day_anew():
    used_up(li(), BOOKINGS)
    with time_machine.travel(timezone.now() - timedelta(days=1)), pytest.raises(TooMany):
        BOOKINGS.take(li())


def test_an_account_is_new_for_a_week():
    user = newcomer()
    assert BOOKINGS.most_of(user) == 5
    with time_machine.travel(timezone.now() + NEWCOMER + timedelta(seconds=1)):
        assert BOOKINGS.most_of(user) == 20


def test_a_newcomer_reads_that_it_gets_better():
    user = newcomer()
    used_up(user, BOOKINGS)
    with pytest.raises(TooMany, match="满 7 天后放宽"):
        BOOKINGS.take(user)


def test_operators_may_set_the_numbers():
    SiteParameter.objects.create(name="bookings_a_day", value="1")
    place(li())
    with pytest.raises(TooMany, match="1 个订单"):
        place(li())


def test_what_was_uploaded_before_the_upgrade_counts_on():
    today = timezone.localdate()
    UploadDay.objects.create(user=li(), day=today, count=199)
    import_module("accounts.migrations.0009_day_counts").take_over_uploads(apps, None)
    assert list(DayCount.objects.values_list("action", "day", "count")) == [("upload", today, 199)]


# What reaches the limit is said in the form, and changes nothing.


def test_with_every_count_used_up_nobody_changes_anything(scene):
    """Every URL of the site by every role: one that is added needs a limit, or a reason here."""
    free = {
        "accounts:password_change",  # compared passwords have limits of their own
        "accounts:notices",  # reading one's own
        "accounts:devices_end",  # ending one's own
    }
    house, _order = scene
    people = clients()
    for user in User.objects.all():
        used_up(user)
    for name in set(test_writes.WRITERS) - free:
        url, before = test_writes.url_of(name, scene), test_writes.rows()
        refused = set()
        for role, client in people.items():
            answer = client.post(url, test_writes.form(house))
            if answer.status_code == 429:
                assert 0 < int(answer["Retry-After"]) <= 86400
                assert "请明天再来" in answer.content.decode(), name
                refused.add(role)
        assert test_writes.rows() == before, name
        assert refused == test_writes.WRITERS[name], name


def test_all_urls_are_known_to_that_test():
    assert set(test_writes.WRITERS) <= set(MATRIX)


def test_a_booking_beyond_the_limit_leaves_no_row_and_no_notice():
    used_up(li(), BOOKINGS)
    with pytest.raises(TooMany):
        place(li())
    assert not Order.objects.exists()
    assert not OrderMove.objects.exists()
    assert not Notice.objects.exists()
    assert not House.objects.get().nights.exists()


def test_a_booking_that_is_refused_does_not_count():
    house = house_of_wang()
    for n in range(30):
        with pytest.raises(StayError, match="过去"):
            Order.place(house.pk, li(), day(-3), day(-1), 1, f"t{n}")
    assert not DayCount.objects.exists()


def test_the_same_form_sent_again_counts_once():
    house = house_of_wang()
    for _n in range(3):
        Order.place(house.pk, li(), day(1), day(2), 1, "t1")
    assert DayCount.objects.get().count == 1


def test_a_cancellation_beyond_the_limit_changes_nothing():
    order = order_of_li(house_of_wang())
    used_up(li(), CANCELLATIONS)
    told = Notice.objects.count()
    answer = client_of(li()).post(f"/orders/{order.number}/cancel/")
    assert (answer.status_code, Notice.objects.count()) == (429, told)
    assert "今天已经取消了 10 个订单" in answer.content.decode()
    order.refresh_from_db()
    assert (order.status, order.house.nights.count()) == ("WAIT_ACCEPT", 2)


def test_booking_and_cancelling_in_a_loop_ends():
    """What made 120 notices to the owner."""
    house, guest = house_of_wang(), li()
    for n in range(60):
        try:
            order = Order.place(house.pk, guest, day(1 + 3 * n), day(2 + 3 * n), 1, f"t{n}")
            order.cancel(guest)
        except (TooMany, OrderError):
            pass
    assert Notice.objects.filter(user=wang()).count() == 11 + 10  # asked, and taken back


def form_of(house, **changes):
    names = ["title", "price", "address", "room_count", "acreage", "unit", "capacity", "beds"]
    return {name: getattr(house, name) for name in names} | {"area": house.area_id} | changes


def test_a_home_beyond_the_limit_keeps_what_was_typed():
    form = form_of(house_of_wang(), title="写了半天的家")
    used_up(wang(), HOMES)
    page = client_of(wang()).post("/houses/new/", form)
    assert page.status_code == 429
    assert "今天已经发布了 10 套房源，请明天再来" in page.content.decode()
    assert 'value="写了半天的家"' in page.content.decode()
    assert House.objects.count() == 1


def test_one_owner_publishes_ten_homes_a_day_a_new_one_three():
    form = form_of(house_of_wang())
    for age, most in ((0, 3), (8, 10)):
        User.objects.update(created_at=timezone.now() - timedelta(days=age))
        limits.new_day(wang())
        House.objects.exclude(pk=House.objects.first().pk).delete()
        statuses = [client_of(wang()).post("/houses/new/", form).status_code for _n in range(12)]
        assert (statuses.count(302), statuses.count(429)) == (most, 12 - most)
        assert House.objects.count() == 1 + most


def test_operators_are_not_counted():
    house = house_of_wang()
    used_up(wang())
    operator = User.objects.create_superuser("13900000009", "x")
    used_up(operator)
    order = order_of_li(house)
    house.hold(operator, "有人投诉")
    order.stop(operator, "房源有问题")
    assert client_of(operator).post(
        reverse("admin:houses_house_change", args=[house.pk]), {}
    ).status_code in {200, 302}


def test_a_review_and_a_reply_beyond_the_limit_stay_unwritten():
    order = stay_over(house_of_wang())
    used_up(li())
    form = {"stars": "5", "text": "写了半天的评价"}
    page = client_of(li()).post(f"/orders/{order.number}/review/", form)
    assert (page.status_code, "写了半天的评价" in page.content.decode()) == (429, True)
    limits.new_day(li())
    order.refresh_from_db()
    review = order.write_review(li(), 5, "好")
    used_up(wang())
    page = client_of(wang()).post(f"/orders/{order.number}/answer/", {"text": "写了半天"})
    assert (page.status_code, "写了半天" in page.content.decode()) == (429, True)
    review.refresh_from_db()
    assert review.answer == ""
