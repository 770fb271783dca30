"""Pictures are given out without end; their rows are not, and each is good in one browser."""

from datetime import timedelta
from itertools import count

import pytest
import time_machine
from captcha.models import CaptchaStore
from django.test import Client
from django.utils import timezone

from accounts import captcha
from ihome_site.testing import solved_captcha

pytestmark = pytest.mark.django_db
AJAX = {"x-requested-with": "XMLHttpRequest"}
JSON = {"accept": "application/json"}
HERE, THERE, ADDRESS = "a" * 16, "b" * 16, "203.0.113.9"
numbers = count(13900000100)


def answer_of(key):
    return CaptchaStore.objects.get(hashkey=key).response


def in_minutes(minutes):
    return time_machine.travel(timezone.now() + timedelta(minutes=minutes))


def ask(client, fields):
    """Whether a code is sent for a captcha."""
    form = {"mobile": next(numbers), "purpose": "register", **fields}
    return client.post("/accounts/sms-code/", form, headers=JSON).status_code == 200


def shown(client):
    """The hidden fields of a register page, with the captcha solved."""
    context = client.get("/accounts/register/").context_data
    key = context["captcha_key"]
    return {"browser": context["browser"], "captcha_0": key, "captcha_1": answer_of(key)}


def test_a_browser_that_reloads_without_end_keeps_sixty_rows(client):
    for _n in range(captcha.PER_BROWSER + 30):
        client.get("/accounts/register/")
    assert CaptchaStore.objects.count() == captcha.PER_BROWSER


def test_the_newest_picture_of_a_reloading_browser_still_counts():
    keys = [captcha.new_key(HERE, ADDRESS) for _n in range(captcha.PER_BROWSER + 1)]
    assert captcha.claim(keys[-1], answer_of(keys[-1]), [HERE])
    assert not CaptchaStore.objects.filter(hashkey=keys[0]).exists()


def test_a_neighbour_who_reloads_does_not_push_out_anothers_picture(client):
    """Sixty-one views from one address once killed all captchas of that address."""
    fields, neighbour = shown(client), Client()
    for _n in range(captcha.PER_BROWSER + 1):
        neighbour.get("/accounts/register/")
        Client().get("/accounts/register/")
    assert ask(client, fields)


def test_a_form_kept_open_while_other_tabs_reload_still_counts(client):
    fields = shown(client)
    for _n in range(10):
        client.get("/accounts/register/")
        client.get("/captcha/refresh/", headers=AJAX)
    assert ask(client, fields)


def test_two_tabs_opened_at_once_both_count(client):
    """Neither had a cookie when it was asked for, so that the second cookie replaced the first."""
    first = shown(Client())
    second = shown(client)
    assert ask(client, first)
    assert ask(client, second)


def test_a_picture_changed_by_the_script_counts_in_a_tab_whose_cookie_was_replaced(client):
    first = shown(Client())
    shown(client)
    key = client.get("/captcha/refresh/", headers=AJAX).json()["key"]
    assert ask(client, first | {"captcha_0": key, "captcha_1": answer_of(key)})


@pytest.mark.parametrize("with_cookie", [True, False])
def test_the_right_answer_from_another_browser_fails_and_kills_nothing(client, with_cookie):
    fields, stranger = shown(client), Client()
    if with_cookie:
        stranger.get("/accounts/register/")
    stolen = {name: fields[name] for name in ("captcha_0", "captcha_1")}
    assert not ask(stranger, stolen)
    assert not ask(stranger, stolen | {"captcha_1": "????"})
    assert ask(client, fields)


@pytest.mark.parametrize("forged", ["", "x", "a" * 16, f"{'a' * 16}:{'A' * 43}", "\x00", "号" * 60])
def test_a_browser_that_is_not_signed_is_nobodys(client, forged):
    key = captcha.new_key(HERE, "127.0.0.1")
    client.cookies["browser"] = forged.encode("ascii", "ignore").decode().replace("\x00", "")
    fields = {"browser": forged, "captcha_0": key, "captcha_1": answer_of(key)}
    assert not ask(client, fields)


def test_the_cookie_is_out_of_reach_of_scripts_and_lasts_a_day(client):
    cookie = client.get("/accounts/register/").cookies["browser"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["max-age"] == 86400


def test_a_network_has_a_ceiling_and_loses_its_oldest(monkeypatch):
    monkeypatch.setattr(captcha, "PER_NETWORK", 100)
    keys = [captcha.new_key(f"{n:016x}", ADDRESS) for n in range(120)]
    other = captcha.new_key(HERE, "203.0.113.10")
    left = set(CaptchaStore.objects.values_list("hashkey", flat=True))
    assert left == {*keys[20:], other}


def test_the_ceiling_leaves_neighbours_the_time_to_answer():
    """nginx lets 30 requests a second through; a picture is answered within a minute."""
    assert captcha.PER_NETWORK / 30 > 60


def test_addresses_of_one_ipv6_64_are_one_network(monkeypatch):
    monkeypatch.setattr(captcha, "PER_NETWORK", 10)
    for n in range(20):
        captcha.new_key(f"{n:016x}", f"2001:db8::{n:x}")
    assert CaptchaStore.objects.count() == 10


def test_expired_rows_go_without_a_cron_job():
    for n in range(20):
        captcha.new_key(f"{n:016x}", f"203.0.113.{n}")
    with in_minutes(6):
        for n in range(4):
            captcha.new_key(f"{n:016x}", f"198.51.100.{n}")
    assert CaptchaStore.objects.count() == 4


def test_neither_address_nor_browser_can_be_read_from_the_key():
    key = captcha.new_key(HERE, ADDRESS)
    assert (len(key), HERE[:6] in key) == (40, False)
    assert key[:20] == captcha.new_key(HERE, ADDRESS)[:20]
    assert key[:8] != captcha.new_key(HERE, "203.0.113.10")[:8]
    assert key[8:20] != captcha.new_key(THERE, ADDRESS)[8:20]


def test_the_script_gets_another_picture_of_the_same_kind(client):
    answer = client.get("/captcha/refresh/", headers=AJAX).json()
    assert client.get(answer["image_url"])["Content-Type"] == "image/png"
    fields = {"captcha_0": answer["key"], "captcha_1": answer_of(answer["key"])}
    assert ask(client, fields)
    for _n in range(captcha.PER_BROWSER + 5):
        client.get("/captcha/refresh/", headers=AJAX)
    assert CaptchaStore.objects.count() == captcha.PER_BROWSER


def test_a_captcha_passes_once():
    key = captcha.new_key(HERE, ADDRESS)
    answer = answer_of(key)
    tries = [captcha.claim(key, f" {answer.upper()} ", [HERE]), captcha.claim(key, answer, [HERE])]
    assert tries == [True, False]


def test_wrong_then_right_is_refused():
    key = captcha.new_key(HERE, ADDRESS)
    answer = answer_of(key)
    assert [captcha.claim(key, "????", [HERE]), captcha.claim(key, answer, [HERE])] == [False] * 2


def test_letters_a_database_takes_for_others_are_refused():
    key = captcha.new_key(HERE, ADDRESS)
    CaptchaStore.objects.filter(hashkey=key).update(response="aeio")
    assert not captcha.claim(key, "áëíö", [HERE])


def test_an_old_captcha_is_refused():
    key = captcha.new_key(HERE, ADDRESS)
    answer = answer_of(key)
    with in_minutes(6):
        assert not captcha.claim(key, answer, [HERE])


def test_programs_without_the_field_use_their_cookies(client):
    fields = solved_captcha(HERE)
    client.cookies["browser"] = fields.pop("browser")
    assert ask(client, fields)
