from functools import partial

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from ihome_site import admin as site_admin
from ihome_site import parameters
from ihome_site.models import OperationLog, SiteParameter
from ihome_site.testing import client_of, house_of_wang, li, order_of_li
from ihome_site.tests.threads import at_once
from orders.models import ANSWER_WITHIN, MAX_WAITING, OrderError, Rules
from orders.waiting import WAITING_NIGHTS

pytestmark = pytest.mark.django_db
PAGE = "/admin/ihome_site/siteparameter/"
ROUNDS = 15


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


# Several operators at once.


@pytest.mark.parametrize("has_row", [True, False])
def test_the_log_says_what_a_parameter_was_when_it_was_changed(monkeypatch, has_row):
    """Another operator's change is saved after this form was read, before it is written."""
    client, lock = operator(), site_admin.lock_actor
    if has_row:
        SiteParameter.objects.create(name="page_size", value="30")

    def lock_late(request):
        SiteParameter.objects.update_or_create(name="page_size", defaults={"value": "12"})
        lock(request)

    sent = form(page_size="6")
    monkeypatch.setattr(site_admin, "lock_actor", lock_late)
    client.post(PAGE, sent)
    line = OperationLog.objects.get()
    assert (line.before, line.after) == ("12", "6")


def test_who_saves_what_another_saved_already_leaves_no_line(monkeypatch):
    client, lock = operator(), site_admin.lock_actor

    def lock_late(request):
        SiteParameter.objects.create(name="page_size", value="6")
        lock(request)

    sent = form(page_size="6")
    monkeypatch.setattr(site_admin, "lock_actor", lock_late)
    assert client.post(PAGE, sent).status_code == 302
    assert not OperationLog.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_each_line_begins_where_the_one_before_it_ended(figure):
    boss = [User.objects.create_superuser(f"1390000000{n}", "x") for n in (7, 8)]
    clients = [client_of(user) for user in boss]
    clients[0].get(PAGE)
    statuses = []

    def save(client, size):
        statuses.append(client.post(PAGE, form(page_size=str(size))).status_code)

    for n in range(ROUNDS):
        sizes = (10 + n, 40 + n)
        assert at_once(*map(partial, [save] * 2, clients, sizes)) == []
    lines = list(OperationLog.objects.order_by("pk").values_list("before", "after"))
    ends = [str(parameters.registry["page_size"].default), *(after for _before, after in lines)]
    broken = [line for line, end in zip(lines, ends, strict=False) if line[0] != end]
    figure(f"lines of {len(lines)} that say it was something else before", len(broken), 0)
    assert (broken, set(statuses), len(lines)) == ([], {302}, 2 * ROUNDS)
