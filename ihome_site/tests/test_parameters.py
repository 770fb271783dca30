import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from ihome_site import parameters
from ihome_site.models import OperationLog, SiteParameter
from ihome_site.testing import client_of, house_of_wang, li, order_of_li
from orders.models import ANSWER_WITHIN, MAX_WAITING, OrderError, Rules
from orders.waiting import WAITING_NIGHTS

pytestmark = pytest.mark.django_db
PAGE = "/admin/ihome_site/siteparameter/"


def operator():
    user = User.objects.create_user("13900000009", "x", is_staff=True)
    user.groups.add(Group.objects.get(name="运营"))
    client = client_of(user)
    client.get(PAGE)  # all parameters are known once the URLs are loaded
    return client


def form(**changes):
    now = {name: str(parameter()) for name, parameter in parameters.registry.items()}
    return now | changes


def test_without_a_row_the_constants_count():
    assert Rules.of_now(li()) == (ANSWER_WITHIN, MAX_WAITING, WAITING_NIGHTS, 20)


def test_a_change_counts_at_the_next_order_and_leaves_a_line():
    operator().post(PAGE, form(answer_hours="6", most_waiting="1"))
    order = order_of_li(house_of_wang(), begin=5, end=6)
    hours = (order.expires_at - order.created_at).total_seconds() / 3600
    assert 6 <= hours < 6.1
    with pytest.raises(OrderError, match="1 个待接单"):
        order_of_li(house_of_wang(title="别的家"), token="t2")
    lines = OperationLog.objects.order_by("pk").values_list("subject_text", "before", "after")
    assert list(lines) == [("answer_hours", "24", "6"), ("most_waiting", "5", "1")]
    assert "6 小时内" in Client().get("/").content.decode()


def test_only_what_differs_is_written():
    operator().post(PAGE, form(page_size="12"))
    assert list(SiteParameter.objects.values_list("name", "value")) == [("page_size", "12")]


@pytest.mark.parametrize("value", ["0", "73", "-1", "1.5", "１２", "", "abc", "9" * 50])
def test_values_out_of_bounds_are_refused(value):
    answer = operator().post(PAGE, form(answer_hours=value))
    assert "1 到 72 的整数" in answer.content.decode()
    assert not SiteParameter.objects.exists()


@pytest.mark.parametrize("value", ["javascript:1", "12", "<b>", "400 800 1234"])
def test_a_telephone_has_digits_only(value):
    operator().post(PAGE, form(support_phone=value))
    assert not SiteParameter.objects.exists()


def test_the_page_size_is_seen_at_the_next_request():
    for n in range(8):
        house_of_wang(title=f"第{n}套")
    assert Client().get("/houses/").content.decode().count('class="house-card"') == 8
    operator().post(PAGE, form(page_size="6"))
    assert Client().get("/houses/").content.decode().count('class="house-card"') == 6


def test_the_telephone_stands_in_the_footer():
    operator().post(PAGE, form(support_phone="400-800-1234"))
    assert "tel:400-800-1234" in Client().get("/accounts/login/").content.decode()
