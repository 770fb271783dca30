"""Guessing a password is slowed down, and nobody is shut out by another's guesses."""

import re

import pytest
from captcha.models import CaptchaStore
from django.test import Client

from accounts import sign_in_forms
from accounts.models import LoginAttempt
from accounts.tests.test_login import change, sign_in
from ihome_site.testing import MOBILES, PASSWORD, chen, client_of, li, solved_captcha

pytestmark = pytest.mark.django_db
UNKNOWN = "13900000099"


def guessed(count, mobile=MOBILES["li"], address=None, **traits):
    """Wrong passwords given before, each from an address of its own unless one is named."""
    LoginAttempt.objects.bulk_create(
        LoginAttempt(mobile=mobile, address=address or f"203.0.113.{n}", **traits)
        for n in range(count)
    )


def errors(answer):
    return {name: list(texts) for name, texts in answer.context_data["form"].errors.items()}


def known_client():
    """A browser in which Li has signed in before."""
    client = Client()
    assert sign_in(client).status_code == 302
    client.post("/accounts/logout/")
    return client


def shown_captcha(answer):
    """The fields of the captcha on a refused page, solved."""
    key = re.search(r'name="captcha_0" value="([0-9a-f]{40})"', answer.content.decode())[1]
    return {"captcha_0": key, "captcha_1": CaptchaStore.objects.get(hashkey=key).response}


def test_five_wrong_ones_need_no_captcha_and_then_the_page_asks_for_one(client):
    li()
    pages = [sign_in(client, password="wrong-guess") for _n in range(5)]
    assert {str(errors(page)) for page in pages} == {str(errors(pages[0]))}
    asks = ["captcha_1" in page.content.decode() for page in pages]
    assert asks == [False] * 4 + [True]
    assert "captcha_1" not in client.get("/accounts/login/").content.decode()


def test_without_the_captcha_even_the_right_password_is_not_looked_at(client):
    li()
    guessed(5)
    page = sign_in(client)
    assert (page.status_code, errors(page)) == (400, {"captcha_1": ["请输入图片里的字"]})
    html = page.content.decode()
    assert f'value="{MOBILES["li"]}"' in html
    assert f'value="{PASSWORD}"' in html
    assert LoginAttempt.objects.count() == 5
    assert sign_in(client, **shown_captcha(page)).status_code == 302


def test_a_wrong_captcha_is_said_and_dead_and_nothing_is_looked_at(client):
    li()
    guessed(5)
    fields = shown_captcha(sign_in(client))
    page = sign_in(client, **fields | {"captcha_1": "????"})
    assert errors(page) == {"captcha_1": ["刚才的字不对，换了一张，请再输一次"]}
    assert LoginAttempt.objects.count() == 5
    assert list(errors(sign_in(client, **fields))) == ["captcha_1"]
    assert sign_in(client, **shown_captcha(page)).status_code == 302


def test_a_captcha_is_good_for_one_password(client):
    li()
    guessed(5)
    fields = shown_captcha(sign_in(client))
    assert errors(sign_in(client, password="wrong-guess", **fields)).keys() == {"__all__"}
    assert list(errors(sign_in(client, **fields))) == ["captcha_1"]


def test_guesses_that_come_between_are_noticed(client, monkeypatch):
    """Whether a captcha is needed is decided where the attempt is reserved, not before."""
    li()
    guessed(5)
    monkeypatch.setattr(sign_in_forms, "is_captcha_needed", lambda *args: False)
    assert list(errors(sign_in(client))) == ["captcha_1"]
    assert sign_in(client, **solved_captcha()).status_code == 302


def page_of(client, mobile, **fields):
    page = sign_in(client, mobile=mobile, **fields)
    html = re.sub('value="[0-9a-zA-Z]{40,64}"|image/[0-9a-f]{40}/', "", page.content.decode())
    return page.status_code, html.replace(mobile, ""), set(page.headers)


def test_each_step_is_the_same_for_known_and_unknown_mobiles():
    li()
    seen = []
    for mobile in (MOBILES["li"], UNKNOWN):
        LoginAttempt.objects.all().delete()  # of the address
        client = Client()
        client.get("/accounts/login/")
        browser = client.cookies["browser"].value.split(":")[0]
        fixed = {"browser": "x"}
        steps = [page_of(client, mobile, password="wrong-guess", **fixed) for _n in range(6)]
        for fields in (solved_captcha(browser) | {"captcha_1": "?"}, solved_captcha(browser)):
            steps.append(page_of(client, mobile, password="wrong-guess", **fields | fixed))
        guessed(25, mobile, "127.0.0.1")
        steps.append(page_of(client, mobile, password="wrong-guess", **fixed))
        seen.append([(s, re.sub('name="browser" value="[^"]*"', "", h), k) for s, h, k in steps])
    assert [status for status, _html, _headers in seen[0]] == [400] * 8 + [429]
    assert seen[0] == seen[1]


def test_the_twenty_sixth_failure_from_an_address_is_not_evaluated(client):
    li()
    for _n in range(25):
        assert sign_in(client, password="wrong-guess", **solved_captcha()).status_code == 400
    answer = sign_in(client, **solved_captcha())
    assert (answer.status_code, int(answer["Retry-After"]) > 3600) == (429, True)
    assert "小时后再试" in answer.content.decode()
    assert LoginAttempt.objects.count() == 25


def test_strangers_elsewhere_cost_the_owner_a_captcha_and_nothing_more():
    """No account is locked, however many guess; this is a browser it has never seen."""
    li()
    guessed(200)
    client = Client(REMOTE_ADDR="198.51.100.1")
    assert sign_in(client, **shown_captcha(sign_in(client))).status_code == 302


def test_an_address_that_fails_a_hundred_times_is_stopped(client):
    li(), chen()
    for n in range(20):
        guessed(5, f"138{n:08d}", "127.0.0.1")
    assert sign_in(client).status_code == 429
    assert sign_in(Client(REMOTE_ADDR="198.51.100.1")).status_code == 302


def test_from_the_twenty_first_failure_an_address_needs_captchas(client):
    """Without them anybody could stop their neighbours by a hundred requests."""
    li(), chen()
    guess = {"password": "wrong-guess"}
    pages = [sign_in(client, mobile=f"138{n:08d}", **guess) for n in range(21)]
    assert [errors(page).keys() for page in pages] == [{"__all__"}] * 20 + [{"captcha_1"}]
    page = sign_in(client)
    assert errors(page).keys() == {"captcha_1"}
    assert LoginAttempt.objects.count() == 20
    assert sign_in(client, **shown_captcha(page)).status_code == 302
    assert sign_in(Client(REMOTE_ADDR="198.51.100.1")).status_code == 302


def test_a_known_device_is_stopped_neither_by_its_address_nor_by_strangers():
    li()
    client = known_client()
    guessed(100, address="127.0.0.1")
    assert sign_in(client).status_code == 302


def test_its_own_five_wrong_ones_need_no_captcha_then_it_is_like_any_other():
    li()
    client = known_client()
    guessed(25, address="127.0.0.1")
    statuses = [sign_in(client, password="wrong-guess").status_code for _n in range(6)]
    assert statuses == [400] * 5 + [429]
    client.defaults["REMOTE_ADDR"] = "198.51.100.1"
    page = sign_in(client)
    assert list(errors(page)) == ["captcha_1"]
    assert sign_in(client, **shown_captcha(page)).status_code == 302


def test_what_a_known_device_mistypes_costs_nobody_else_anything():
    li()
    client = known_client()
    for _n in range(5):
        sign_in(client, password="wrong-guess")
    guessed(100, MOBILES["chen"], "127.0.0.1", device="d" * 16)
    assert sign_in(Client()).status_code == 302


def test_a_device_is_known_only_to_the_accounts_it_signed_in_to():
    li(), chen()
    client = known_client()
    guessed(5, MOBILES["chen"])
    assert list(errors(sign_in(client, mobile=MOBILES["chen"]))) == ["captcha_1"]


def test_strangers_do_not_stop_who_is_signed_in_from_changing_the_password():
    client = client_of(li())
    guessed(100, address="127.0.0.1")
    assert change(client).status_code == 302


def test_guessing_the_old_password_has_a_limit_of_its_own():
    """Neither does a session left open stop the owner from signing in elsewhere."""
    client = client_of(li())
    for _n in range(25):
        assert change(client, old_password="wrong-guess").status_code == 400
    answer = change(client)
    assert (answer.status_code, int(answer["Retry-After"]) > 3600) == (429, True)
    assert li().check_password(PASSWORD)
    assert sign_in(Client()).status_code == 302


def test_the_captcha_stands_on_the_page_without_a_script(client):
    li()
    guessed(5)
    html = sign_in(client).content.decode()
    key = shown_captcha(sign_in(client))["captcha_0"]
    assert client.get(f"/captcha/image/{key}/")["Content-Type"] == "image/png"
    assert html.index('name="password"') < html.index('name="captcha_1"') < html.index("忘记密码")
    assert 'name="browser"' in html
