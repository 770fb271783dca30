"""Operators are signed out after 30 minutes without a page, and 12 hours after the sign-in."""

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import operator_sessions
from accounts.models import User
from accounts.operator_sessions import IDLE, LONGEST
from ihome_site.testing import PASSWORD, chen, li

pytestmark = pytest.mark.django_db
ENGINES = ["django.contrib.sessions.backends.db", "ihome_site.sessions"]
PAGE = "/accounts/me/"
ADMIN = "/admin/"


class Clock:
    def __init__(self):
        self.now = 1_800_000_000

    def time(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("accounts.operator_sessions.time", clock)
    monkeypatch.setattr("accounts.devices.time", clock)
    return clock


@pytest.fixture(params=ENGINES, autouse=True)
def engine(request, settings):
    settings.SESSION_ENGINE = request.param


def signed_in(user):
    client = Client()
    form = {"mobile": user.mobile, "password": PASSWORD}
    assert client.post(reverse("accounts:login"), form).status_code == 302
    return client


def operator(**powers):
    return User.objects.create_user("13900000008", PASSWORD, **(powers or {"is_staff": True}))


def is_in(client, page=PAGE, **headers):
    return client.get(page, headers=headers).status_code == 200


@pytest.mark.parametrize("powers", [{"is_staff": True}, {"is_superuser": True}])
def test_thirty_minutes_without_a_page_are_the_most(clock, powers):
    client = signed_in(operator(**powers))
    for _page in range(5):
        clock.now += IDLE
        assert is_in(client)
    clock.now += IDLE + 1
    assert not is_in(client)


def test_twelve_hours_are_the_most_however_busy(clock):
    client, began = signed_in(operator()), clock.now
    while clock.now + IDLE <= began + LONGEST:
        clock.now += IDLE
        assert is_in(client)
    assert clock.now == began + LONGEST
    clock.now += 1
    assert not is_in(client)


def test_the_bounds_hold_in_admin_as_well(clock):
    client = signed_in(operator())
    clock.now += IDLE
    assert is_in(client, ADMIN)
    clock.now += IDLE + 1
    assert client.get(ADMIN).status_code == 302


@pytest.mark.parametrize("page", [ADMIN, PAGE, "/admin/accounts/user/?is_staff__exact=1"])
def test_a_sentence_on_the_sign_in_page_leads_back(clock, page):
    user = User.objects.create_superuser("13900000009", PASSWORD)
    client = signed_in(user)
    clock.now += IDLE + 1
    answer = client.get(page, follow=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("accounts:login"))
    assert "有 30 分钟没有操作，请重新登录" in answer.content.decode()
    form = {"mobile": user.mobile, "password": PASSWORD, "next": answer.context_data["next"]}
    assert client.post(reverse("accounts:login"), form)["Location"] == page
    clock.now += IDLE
    assert is_in(client, page)


def test_after_twelve_hours_the_sentence_says_so(clock):
    client = signed_in(operator())
    client.cookies[settings.OPERATOR_COOKIE_NAME] = ""
    clock.now += LONGEST + 1
    assert "登录满 12 小时" in client.get(PAGE, follow=True).content.decode()


def test_the_session_is_gone_with_its_device_and_its_copy(clock):
    user = operator()
    client = signed_in(user)
    copy = Client(cookies=client.cookies)
    clock.now += IDLE + 1
    client.get(PAGE)
    assert not Session.objects.exists()
    assert not user.devices.exists()
    clock.now -= IDLE
    assert not is_in(copy)


def test_what_is_posted_too_late_changes_nothing(clock):
    client = signed_in(operator())
    clock.now += IDLE + 1
    client.post(reverse("accounts:name"), {"name": "改名"})
    assert not User.objects.filter(name="改名").exists()


def test_others_keep_their_fourteen_days(clock):
    client = signed_in(li())
    clock.now += LONGEST + IDLE
    assert is_in(client)
    assert settings.OPERATOR_COOKIE_NAME not in client.cookies


def test_who_is_made_an_operator_is_bound_by_it_in_an_older_session(clock):
    client = signed_in(chen())
    clock.now += LONGEST + 1
    assert is_in(client)
    User.objects.filter(pk=chen().pk).update(is_staff=True)
    assert not is_in(client)


def test_a_session_from_before_this_was_counted_has_twelve_hours_more(clock):
    client = Client()
    client.force_login(operator())
    assert is_in(client)
    assert client.session[operator_sessions.SIGNED_IN_AT] == clock.now
    clock.now += IDLE + 1
    assert not is_in(client)


@pytest.mark.parametrize("header", ["HX-Request", "X-Requested-With"])
def test_what_a_page_asks_for_by_itself_keeps_nobody_signed_in(clock, header):
    client = signed_in(operator())
    clock.now += IDLE - 1
    assert is_in(client, **{header: "true"})
    clock.now += 2
    assert not is_in(client, **{header: "true"})


def test_a_post_by_a_script_is_somebodys_doing(clock):
    client = signed_in(operator())
    clock.now += IDLE
    client.post(reverse("accounts:notices"), headers={"HX-Request": "true"})
    clock.now += IDLE
    assert is_in(client)


@pytest.mark.parametrize("value", ["", "x", "1800009999", "MTgwMDAwOTk5OQ:1tXyZ:abc"])
def test_a_cookie_that_is_not_ours_is_worth_nothing(clock, value):
    client = signed_in(operator())
    clock.now += IDLE
    assert is_in(client)
    client.cookies[settings.OPERATOR_COOKIE_NAME] = value
    clock.now += IDLE
    assert not is_in(client)


def test_another_sessions_cookie_is_worth_nothing(clock):
    first = signed_in(operator())
    second = signed_in(User.objects.get(mobile="13900000008"))
    clock.now += IDLE
    for client in (first, second):
        assert is_in(client)
    clock.now += IDLE
    assert is_in(second)
    first.cookies[settings.OPERATOR_COOKIE_NAME] = second.cookies[settings.OPERATOR_COOKIE_NAME]
    clock.now += 1
    assert not is_in(first)


def test_a_new_password_does_not_end_the_session_it_was_set_in(clock):
    client = signed_in(operator())
    clock.now += IDLE
    form = {"old_password": PASSWORD, "password": "fresh-clock-77", "password2": "fresh-clock-77"}
    assert client.post(reverse("accounts:password_change"), form).status_code == 302
    clock.now += IDLE
    assert is_in(client)


def test_a_page_that_asks_for_nobody_leaves_the_session_alone(clock, django_assert_num_queries):
    client = signed_in(operator())
    with django_assert_num_queries(0):
        answer = client.get("/robots.txt")
    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")


def test_it_costs_no_query(clock, monkeypatch):
    client, counts = signed_in(operator()), []
    for guard in (operator_sessions.why_over, lambda request: None):
        monkeypatch.setattr(operator_sessions, "why_over", guard)
        client.get(ADMIN)
        with CaptureQueriesContext(connection) as queries:
            client.get(ADMIN)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_cookie_is_kept_from_scripts():
    client = signed_in(operator())
    client.get(PAGE)
    cookie = client.cookies[settings.OPERATOR_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
