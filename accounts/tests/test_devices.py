"""Sessions as people see them: sign-in, the list of devices, ending one, known devices."""

from datetime import timedelta
from importlib import import_module

import pytest
import time_machine
from django.conf import settings as site
from django.core import signing
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts import devices
from accounts.models import Device, LoginAttempt, User
from accounts.tests.test_login import change, code_for, reset, sign_in
from ihome_site.testing import MOBILES, PASSWORD, chen, client_of, li

pytestmark = pytest.mark.django_db
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"


@pytest.fixture(params=["django.contrib.sessions.backends.db", "ihome_site.sessions"], autouse=True)
def session_engine(request, settings):
    """Both profiles' sessions, whichever profile runs the tests."""
    settings.SESSION_ENGINE = request.param


def signed_in(user_agent=SAFARI, mobile=MOBILES["li"]):
    client = Client(headers={"user-agent": user_agent})
    li(), chen()
    assert sign_in(client, mobile=mobile).status_code == 302
    return client


def is_in(client):
    return client.get("/accounts/me/").status_code == 200


def key_of(client):
    return client.cookies[site.SESSION_COOKIE_NAME].value


def test_the_key_changes_at_sign_in_and_the_old_one_is_worth_nothing():
    li()
    client = Client()
    client.get("/accounts/login/")
    session = client.session
    session["planted"] = "yes"
    session.save()
    planted = key_of(client)
    sign_in(client)
    assert key_of(client) != planted
    attacker = Client()
    attacker.cookies[site.SESSION_COOKIE_NAME] = planted
    assert not is_in(attacker)


def test_a_copied_cookie_dies_at_sign_out():
    client, thief = signed_in(), Client()
    thief.cookies[site.SESSION_COOKIE_NAME] = key_of(client)
    assert is_in(thief)
    client.post("/accounts/logout/")
    assert not is_in(thief)
    assert not Device.objects.exists()


def test_the_desks_own_button_signs_out_like_the_sites():
    operator = signed_in()
    User.objects.update(is_staff=True)
    answer = operator.post("/admin/logout/")
    assert (answer.status_code, answer["Clear-Site-Data"]) == (302, '"storage"')
    assert not Device.objects.exists()
    assert not is_in(operator)


def test_the_page_lists_each_device_in_plain_words():
    here, there = signed_in(), signed_in(CHROME)
    page = here.get("/accounts/devices/").content.decode()
    assert page.index("Safari · iPhone") < page.index("这台设备") < page.index("Chrome · Windows")
    assert page.count("这台设备") == 1
    assert "127.0.0.1" in page
    assert there.get("/accounts/devices/").status_code == 200


def test_ending_one_device_signs_out_that_one_alone():
    here, there, third = signed_in(), signed_in(CHROME), signed_in()
    device = Device.objects.get(session_key=key_of(there))
    assert here.post(f"/accounts/devices/{device.pk}/end/").status_code == 302
    assert [is_in(client) for client in (here, there, third)] == [True, False, True]


def test_ending_all_others_leaves_this_one():
    here, there, third = signed_in(), signed_in(CHROME), signed_in()
    here.post("/accounts/devices/end/")
    assert [is_in(client) for client in (here, there, third)] == [True, False, False]
    assert Device.objects.get().session_key == key_of(here)


@pytest.mark.parametrize("one", [True, False])
def test_an_ended_device_is_a_stranger_when_it_signs_in_again(one):
    """It may be the phone that was lost."""
    here, there = signed_in(), signed_in(CHROME)
    device = Device.objects.get(session_key=key_of(there))
    here.post(f"/accounts/devices/{device.pk}/end/" if one else "/accounts/devices/end/")
    here.post("/accounts/logout/")
    for client in (here, there):
        sign_in(client, password="wrong-password")
    known = LoginAttempt.objects.wrong().order_by("pk").values_list("device", flat=True)
    assert [bool(device) for device in known] == [True, False]


def test_an_ended_session_is_gone_from_database_and_cache():
    here, there = signed_in(), signed_in(CHROME)
    assert is_in(there)
    here.post("/accounts/devices/end/")
    store = import_module(site.SESSION_ENGINE).SessionStore
    assert not store().exists(key_of(there))
    assert cache.get(f"django.contrib.sessions.cached_db{key_of(there)}") is None


def test_somebody_elses_device_cannot_be_ended_nor_this_one():
    mine, hers = signed_in(), signed_in(mobile=MOBILES["chen"])
    for client in (mine, hers):
        device = Device.objects.get(session_key=key_of(mine))
        assert client.post(f"/accounts/devices/{device.pk}/end/").status_code == 404
    assert is_in(mine)


def test_a_session_whose_row_is_gone_is_signed_out_when_it_is_looked_at():
    """A copy may survive in a cache that was out of reach when the device was ended."""
    client = signed_in()
    Device.objects.all().delete()
    assert is_in(client)
    with time_machine.travel(timezone.now() + timedelta(seconds=devices.TOUCH_AFTER + 1)):
        client.get("/accounts/me/")
        assert not is_in(client)


def test_use_is_noted_every_five_minutes_and_not_at_each_request():
    client = signed_in()
    before = Device.objects.get().seen_at
    client.get("/accounts/me/")
    assert Device.objects.get().seen_at == before
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        client.get("/accounts/me/")
    assert Device.objects.get().seen_at > before


def test_changing_the_password_ends_the_others_and_their_rows():
    here, there = signed_in(), signed_in(CHROME)
    assert change(here).status_code == 302
    assert [is_in(client) for client in (here, there)] == [True, False]
    assert Device.objects.get().session_key == key_of(here)


def test_thirty_five_sign_ins_leave_the_thirty_newest():
    began = timezone.now()
    clients = []
    for n in range(35):
        with time_machine.travel(began + timedelta(seconds=n)):
            clients.append(signed_in())
    assert [is_in(client) for client in clients] == [False] * 5 + [True] * 30
    left = Device.objects.order_by("pk").values_list("session_key", flat=True)
    assert list(left) == [key_of(client) for client in clients[5:]]


@pytest.mark.parametrize("powers", [{}, {"is_staff": True}])
def test_the_one_that_signs_in_stays_however_far_its_clock_is_behind(powers):
    """Two servers differ by a little: its row may look older than all others."""
    li()
    User.objects.update(**powers)
    old_ones(devices.MOST, timezone.now() + timedelta(seconds=5))
    assert is_in(signed_in())
    assert Device.objects.count() == devices.MOST


def old_ones(count, seen_at=None):
    """Devices with sessions, from before there was a bound."""
    store = import_module(site.SESSION_ENGINE).SessionStore()
    keys = [f"{n:032x}" for n in range(count)]
    model, over = store.get_model_class(), timezone.now() + timedelta(days=1)
    model.objects.bulk_create(
        model(session_key=key, session_data="", expire_date=over) for key in keys
    )
    Device.objects.bulk_create(
        Device(user=li(), session_key=key, user_agent=CHROME, address="127.0.0.1",
               seen_at=seen_at or timezone.now())
        for key in keys
    )  # fmt: skip
    return model.objects.filter(session_key__in=keys[:-1])


def test_the_page_of_an_account_with_thousands_of_devices_is_small():
    here = signed_in()
    old_ones(5000)
    page = here.get("/accounts/devices/").content.decode()
    assert page.index("这台设备") < page.index("Chrome · Windows")
    assert (page.count('class="device"'), len(page) < 60_000) == (devices.MOST, True)
    assert "退出其他 5000 台设备" in page


def test_one_sign_in_tidies_thousands_of_devices():
    there, before = signed_in(), old_ones(5000)
    assert is_in(signed_in(SAFARI))
    assert Device.objects.count() == devices.MOST
    assert before.count() == devices.MOST - 2
    assert not is_in(there)


def test_ending_thousands_costs_a_few_statements(django_assert_max_num_queries):
    here = signed_in()
    old = old_ones(5000)
    with django_assert_max_num_queries(100):
        here.post("/accounts/devices/end/")
    assert (Device.objects.count(), old.count(), is_in(here)) == (1, 0, True)


def test_a_device_used_while_another_signs_in_is_not_ended(monkeypatch):
    """It is looked at twice: what is newer by then stays."""
    first = signed_in()
    old_ones(devices.MOST)
    end = devices.end

    def used_meanwhile(surplus):
        Device.objects.filter(session_key=key_of(first)).update(seen_at=timezone.now())
        return end(surplus)

    monkeypatch.setattr(devices, "end", used_meanwhile)
    signed_in()
    assert is_in(first)


def test_a_page_without_a_session_does_not_vary_by_cookie(client):
    assert "Cookie" not in client.get("/healthz").get("Vary", "")


# Known devices.


def strangers_use_up(mobile=MOBILES["li"]):
    """All that unknown devices may get wrong, at this address and without a captcha."""
    LoginAttempt.objects.bulk_create(
        LoginAttempt(mobile=mobile, address="127.0.0.1") for n in range(25)
    )


def test_the_cookie_is_signed_out_of_reach_of_scripts_and_without_the_mobile():
    cookie = signed_in().cookies[site.DEVICE_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    content = signing.loads(cookie.value, salt=devices.SALT)
    assert MOBILES["li"] not in str(content)


def test_a_device_that_signed_in_before_gets_in_when_strangers_used_up_the_day():
    client = signed_in()
    client.post("/accounts/logout/")
    strangers_use_up()
    assert sign_in(Client()).status_code == 429
    assert sign_in(client).status_code == 302


@pytest.mark.parametrize("forged", ["", "x", "eyJkZXZpY2UiOiJ4In0:1abc:forged"])
def test_a_forged_cookie_opens_nothing(forged):
    li()
    strangers_use_up()
    client = Client()
    client.cookies[site.DEVICE_COOKIE_NAME] = forged
    assert sign_in(client).status_code == 429


def test_a_cookie_of_half_a_year_ago_is_forgotten():
    client = signed_in()
    client.post("/accounts/logout/")
    with time_machine.travel(timezone.now() + timedelta(days=181)):
        strangers_use_up()
        assert sign_in(client).status_code == 429


def test_a_code_signs_in_when_all_failures_are_used_up(settings):
    li()
    strangers_use_up()
    client = Client()
    form = {"mobile": MOBILES["li"], "sms_code": code_for(client, "login", settings)}
    assert client.post("/accounts/login/sms/", form).status_code == 302
    assert is_in(client)


def test_one_cookie_vouches_for_five_accounts_the_newest_ones(rf):
    request = rf.get("/")
    users = [User.objects.create_user(f"1390000001{n}", "x") for n in range(6)]
    for user in users:
        response = HttpResponse()
        devices.remember(request, user, response)
        request.COOKIES[site.DEVICE_COOKIE_NAME] = response.cookies[site.DEVICE_COOKIE_NAME].value
    known = [bool(devices.known_device(request, user.mobile)) for user in users]
    assert known == [False, *[True] * 5]


def is_known(client):
    """Whether the browser gets in although strangers used up all there is."""
    client.post("/accounts/logout/")
    LoginAttempt.objects.all().delete()
    strangers_use_up()
    status = sign_in(client, password=client.password).status_code
    assert status in {302, 429}
    return status == 302


def two_known_browsers():
    browsers = [signed_in(), signed_in(CHROME)]
    for browser in browsers:
        browser.password = PASSWORD
    return browsers


def test_a_reset_forgets_the_devices_known_before(settings):
    """Whoever lost a phone or a password resets it, and what was copied is worth nothing."""
    here, there = two_known_browsers()
    here.post("/accounts/logout/")
    assert reset(here, code_for(here, "reset", settings)).status_code == 302
    here.password = there.password = "new-tea-2026"
    assert [is_known(here), is_known(there)] == [False, False]
    LoginAttempt.objects.all().delete()
    assert sign_in(here, password=here.password).status_code == 302
    assert [is_known(here), is_known(there)] == [True, False]


def test_a_changed_password_forgets_all_but_the_browser_it_was_changed_in():
    here, there = two_known_browsers()
    assert change(here).status_code == 302
    here.password = there.password = "new-tea-2026"
    assert [is_known(here), is_known(there)] == [True, False]


def test_a_disabling_forgets_them_too():
    here, _there = two_known_browsers()
    boss = User.objects.create_superuser("13900000009", "x")
    li().disable(boss, "试一试")
    li().enable(boss)
    assert not is_known(here)


def test_a_cookie_from_before_passwords_were_part_of_it_is_forgotten():
    li()
    client = Client()
    client.password = PASSWORD
    old = salted_hmac(devices.SALT, MOBILES["li"]).hexdigest()[:16]
    content = {"device": "a" * 16, "accounts": [old]}
    client.cookies[site.DEVICE_COOKIE_NAME] = signing.dumps(content, salt=devices.SALT)
    assert not is_known(client)


def test_a_cookie_says_nothing_about_who_has_an_account(rf):
    request = rf.get("/")
    response = HttpResponse()
    devices.remember(request, li(), response)
    request.COOKIES[site.DEVICE_COOKIE_NAME] = response.cookies[site.DEVICE_COOKIE_NAME].value
    assert devices.known_device(request, MOBILES["li"])
    assert [devices.known_device(request, chen().mobile)] == [""]
    assert [devices.known_device(request, "13900000099")] == [""]


# Admin.


def test_operators_sign_in_on_the_sites_page(client):
    answer = client.get("/admin/login/?next=/admin/orders/order/")
    assert answer["Location"] == "/accounts/login/?next=/admin/orders/order/"
    assert client.post("/admin/login/", {"username": "x", "password": "y"}).status_code == 405


def test_a_signed_in_guest_is_told_no_and_not_sent_round_in_circles():
    assert client_of(li()).get("/admin/", follow=True).status_code == 403
