"""A code is good in the browser that asked for it: strangers neither use it nor use it up."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from captcha.models import CaptchaStore
from django.test import Client
from django.utils import timezone

from accounts import sms
from accounts.models import LoginAttempt, SmsCode
from ihome_site.testing import MOBILES, PASSWORD, li, solved_captcha

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}
PAGES = {
    "register": "/accounts/register/",
    "login": "/accounts/login/sms/",
    "reset": "/accounts/password/reset/",
}
NEW = {"password": "new-tea-and-bread", "password2": "new-tea-and-bread"}
UNKNOWN = "13912345678"


def after(**span):
    return time_machine.travel(timezone.now() + timedelta(**span), tick=False)


def from_address(n):
    """A browser of its own, at an address of its own."""
    return Client(REMOTE_ADDR=f"198.51.{n // 256}.{n % 256}")


@pytest.fixture
def texts(settings):
    def read():
        file = Path(settings.SMS_FILE)
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    return read


def mobile_for(purpose):
    return UNKNOWN if purpose == "register" else li().mobile


def ask(client, purpose="login", mobile=MOBILES["li"]):
    form = {"mobile": mobile, "purpose": purpose, **solved_captcha()}
    return client.post("/accounts/sms-code/", form, headers=JSON)


def ask_again(client):
    """From the browser that `client` already is."""
    browser = client.cookies["browser"].value.split(":")[0]
    form = {"mobile": MOBILES["li"], "purpose": "login", **solved_captcha(browser)}
    return client.post("/accounts/sms-code/", form, headers=JSON)


def enter(client, code, purpose="login", mobile=MOBILES["li"], **fields):
    form = {"mobile": mobile, "sms_code": code, **NEW, **fields}
    return client.post(PAGES[purpose], form)


def wrong(code):
    return "000000" if code != "000000" else "111111"


def compared(client, code, *args):
    return "短信验证码不对" in enter(client, code, *args).content.decode()


@pytest.mark.parametrize("purpose", PAGES)
def test_twenty_wrong_codes_of_a_stranger_change_nothing(client, texts, purpose):
    mobile = mobile_for(purpose)
    ask(client, purpose, mobile)
    code = texts()[-1]["code"]
    for n in range(20):
        assert enter(from_address(n), wrong(code), purpose, mobile).status_code == 400
    assert enter(client, code, purpose, mobile).status_code == 302


def test_nor_do_tries_of_codes_that_strangers_asked_for(client, texts):
    li()
    SmsCode.objects.bulk_create(
        SmsCode(mobile=MOBILES["li"], purpose="login", address=f"198.51.100.{n}",
                browser=f"{n:016x}", tries=5, expires_at=timezone.now())
        for n in range(4)
    )  # fmt: skip
    SmsCode.objects.update(created_at=timezone.now() - timedelta(hours=1))
    ask(client)
    assert enter(client, texts()[-1]["code"]).status_code == 302


@pytest.mark.parametrize("purpose", PAGES)
def test_the_right_code_in_another_browser_is_refused_and_lives_on(client, texts, purpose):
    mobile = mobile_for(purpose)
    ask(client, purpose, mobile)
    code = texts()[-1]["code"]
    stranger = from_address(1)
    stranger.get(PAGES[purpose])
    assert list(enter(stranger, code, purpose, mobile).context_data["form"].errors) == ["sms_code"]
    assert enter(client, code, purpose, mobile).status_code == 302


def test_a_code_asked_for_elsewhere_does_not_kill_mine(client, texts):
    li()
    ask(client)
    code = texts()[-1]["code"]
    with after(seconds=61):
        assert ask(from_address(1)).status_code == 200
        assert enter(client, code).status_code == 302


def test_a_new_code_kills_the_old_one_of_the_same_browser(client, texts):
    li()
    fields = solved_captcha()
    form = {"mobile": MOBILES["li"], "purpose": "login"}
    client.post("/accounts/sms-code/", form | fields, headers=JSON)
    old, browser = texts()[-1]["code"], client.cookies["browser"].value
    with after(seconds=61):
        again = solved_captcha(browser.split(":")[0])
        assert client.post("/accounts/sms-code/", form | again, headers=JSON).status_code == 200
        assert enter(client, old).status_code == 400
        assert enter(client, texts()[-1]["code"]).status_code == 302


def test_the_form_carries_the_browser_when_the_cookie_is_lost(client, texts):
    li()
    page = client.get("/accounts/login/sms/")
    browser = page.context_data["browser"]
    assert f'name="browser" value="{browser}"' in page.content.decode()
    fields = solved_captcha(browser.split(":")[0])
    form = {"mobile": MOBILES["li"], "purpose": "login"}
    client.post("/accounts/sms-code/", form | fields, headers={"accept": "text/html"})
    del client.cookies["browser"]
    assert enter(client, texts()[-1]["code"], browser=browser).status_code == 302


def test_one_cookie_jar_is_enough_for_a_program(client, texts):
    """It reads a captcha from the page, asks for a code by JSON and posts the named fields."""
    li()
    key = client.get("/accounts/login/sms/").context_data["captcha_key"]
    answer = CaptchaStore.objects.get(hashkey=key).response
    form = {"mobile": MOBILES["li"], "purpose": "login", "captcha_0": key, "captcha_1": answer}
    assert client.post("/accounts/sms-code/", form, headers=JSON).json() == {"ok": True, "wait": 60}
    assert enter(client, texts()[-1]["code"]).status_code == 302


def test_an_address_compares_sixty_wrong_codes_an_hour(texts):
    """… of whichever mobiles and browsers; the sixty-first is told when to come back."""
    asked_elsewhere = []
    for n in range(13):
        browser, mobile = from_address(n), f"139{n:08d}"
        ask(browser, "register", mobile)
        browser.defaults["REMOTE_ADDR"] = "203.0.113.9"
        asked_elsewhere.append((browser, mobile, texts()[-1]["code"]))
    for browser, mobile, code in asked_elsewhere[:12]:
        assert all(compared(browser, wrong(code), "register", mobile) for _n in range(5))
    browser, mobile, code = asked_elsewhere[12]
    answer = enter(browser, code, "register", mobile)
    assert (answer.status_code, 3000 < int(answer["Retry-After"]) <= 3600) == (429, True)
    assert "分钟后再试" in answer.context_data["form"].errors["sms_code"][0]
    browser.defaults["REMOTE_ADDR"] = "203.0.113.10"
    assert enter(browser, code, "register", mobile).status_code == 302


def test_codes_that_nobody_asked_for_cost_the_neighbours_nothing(client, texts):
    li()
    for _n in range(70):
        enter(Client(), "123456")
    ask(client)
    assert enter(client, texts()[-1]["code"]).status_code == 302
    assert not LoginAttempt.objects.filter(method="code", succeeded=False).exists()


def wrong_codes_from_here(count):
    LoginAttempt.objects.bulk_create(
        LoginAttempt(mobile=f"138{n:08d}", address="127.0.0.1", method="code") for n in range(count)
    )


def test_a_right_code_does_not_count_against_the_address(client, texts):
    li()
    wrong_codes_from_here(59)
    ask(client)
    assert enter(client, texts()[-1]["code"]).status_code == 302
    assert LoginAttempt.objects.filter(method="code", succeeded=False).count() == 59


def test_a_known_device_does_not_mind_its_address(client, texts):
    li()
    client.post("/accounts/login/", {"mobile": MOBILES["li"], "password": PASSWORD})
    client.post("/accounts/logout/")
    wrong_codes_from_here(60)
    ask(client)
    assert enter(client, texts()[-1]["code"]).status_code == 302


def test_wrong_codes_do_not_count_as_wrong_passwords(client):
    li()
    wrong_codes_from_here(60)
    LoginAttempt.objects.update(mobile=MOBILES["li"])
    answer = client.post("/accounts/login/", {"mobile": MOBILES["li"], "password": PASSWORD})
    assert answer.status_code == 302


def test_a_stranger_with_fresh_browsers_guesses_fifty_times_a_day(texts, figure):
    """The total: ten texts a day to a mobile, five tries each, however many browsers and
    addresses there are. One in 20,000 a day, at ten captchas and ten texts that the owner sees."""
    li()
    guesses, asked, begin = 0, 0, timezone.now()
    moments = [*range(0, 14, 2), *range(60, 74, 2), *range(120, 24 * 60, 60)]
    for n, minute in enumerate(moments):
        with time_machine.travel(begin + timedelta(minutes=minute), tick=False):
            browser = from_address(n)
            if ask(browser).status_code == 200:
                asked += 1
                code = texts()[-1]["code"]
                guesses += sum(compared(browser, wrong(code)) for _n in range(6))
    figure("codes compared for a stranger in a day, fresh browsers", guesses, "≤ 50")
    assert (asked, guesses) == (10, 50)
    assert SmsCode.objects.count() == 10


@pytest.fixture
def one_code(monkeypatch):
    monkeypatch.setattr(SmsCode, "new_code", lambda: "123456")
    return "123456"


def provider(monkeypatch, *outcomes):
    """A provider that does each of `outcomes` in turn: raises it, or calls it."""
    left = list(outcomes)

    def send(*_message):
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        outcome()

    monkeypatch.setattr(sms, "send", send)


@pytest.mark.parametrize("purpose", PAGES)
def test_the_code_of_a_text_that_never_left_is_not_there_to_be_guessed(
    client, monkeypatch, one_code, purpose
):
    """It counts for nobody, so that there could be as many as one likes."""
    mobile = mobile_for(purpose)
    provider(monkeypatch, sms.NotTaken("no"))
    assert ask(client, purpose, mobile).status_code == 503
    assert "验证码已失效" in enter(client, one_code, purpose, mobile).content.decode()
    assert not LoginAttempt.objects.exists()


def test_nor_is_one_that_may_never_leave(client, monkeypatch, one_code):
    li()
    early = []
    provider(monkeypatch, lambda: early.append(enter(client, one_code)))
    client.get(PAGES["login"])
    assert ask_again(client).status_code == 200
    assert "验证码已失效" in early[0].content.decode()
    assert enter(client, one_code).status_code == 302


def test_one_that_may_have_arrived_is_good(client, monkeypatch, one_code):
    li()
    provider(monkeypatch, sms.SmsError("timed out"))
    assert ask(client).status_code == 503
    assert enter(client, one_code).status_code == 302


def test_a_text_that_never_left_does_not_kill_the_one_before(client, monkeypatch, one_code):
    li()
    provider(monkeypatch, lambda: None, sms.NotTaken("no"))
    assert ask(client).status_code == 200
    monkeypatch.setattr(SmsCode, "new_code", lambda: "654321")
    with after(seconds=61):
        assert ask_again(client).status_code == 503
        assert enter(client, one_code).status_code == 302
