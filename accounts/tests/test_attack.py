"""Two strangers do what they can to keep people out of their accounts; people get in by SMS."""

import json
import threading
from contextlib import contextmanager
from datetime import timedelta
from itertools import cycle

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.hashers import Argon2
from accounts.models import LoginAttempt, SmsCode, User
from accounts.tests.test_races import JSON
from ihome_site.testing import PASSWORD, solved_captcha
from ihome_site.tests.serving import Visitor, serving

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
VICTIMS = [f"137{n:08d}" for n in range(20)]
CARRIER = "203.0.113.9"  # one address of many people, victims and one attacker among them


class Person(Visitor):
    """Somebody behind an address of their own choosing."""

    def __init__(self, server, address):
        super().__init__(server)
        self.browser.headers["X-Forwarded-For"] = address

    def ask_for_code(self, mobile, captcha):
        form = {"csrfmiddlewaretoken": self.CSRF, "mobile": mobile, "purpose": "login"}
        return self.ask("POST", "/accounts/sms-code/", data=form | captcha, headers=JSON)


@pytest.fixture(params=["ihome_site.wsgi", "accounts.tests.unbound_wsgi"], ids=["bound", "control"])
def arm(request, collected_static):
    with serving(request.param, TRUSTED_PROXIES="127.0.0.1") as server:
        yield server, request.param == "ihome_site.wsgi"


def people_who_signed_in_before(server):
    password = make_password(PASSWORD, hasher=Argon2())
    User.objects.bulk_create(User(mobile=mobile, password=password) for mobile in VICTIMS)
    people = {mobile: Person(server, CARRIER) for mobile in VICTIMS}
    for mobile, person in people.items():
        before = Person(server, CARRIER)
        form = {"mobile": mobile, "password": PASSWORD}
        assert before.post("/accounts/login/", **form).status_code == 302
        person.browser.cookies["known_device"] = before.browser.cookies["known_device"]
    return people


def strangers_used_up_the_day():
    """Tries of codes, texts, and wrong passwords of each victim, and of their common address."""
    for mobile in VICTIMS:
        SmsCode.objects.bulk_create(
            SmsCode(mobile=mobile, purpose="login", address=CARRIER, browser="b" * 16, tries=5,
                    expires_at=timezone.now())
            for _n in range(10)
        )  # fmt: skip
        LoginAttempt.objects.bulk_create(
            LoginAttempt(mobile=mobile, address=CARRIER) for _n in range(25)
        )
    LoginAttempt.objects.bulk_create(
        LoginAttempt(mobile="13800000000", address=CARRIER, method="code") for _n in range(60)
    )
    SmsCode.objects.update(created_at=timezone.now() - timedelta(minutes=30))


@contextmanager
def attack(server):
    """{what was tried: how often}, while two threads do it."""
    over, tried = threading.Event(), {"codes": 0, "passwords": 0, "texts": 0}
    captchas = [[solved_captcha() for _n in range(100)] for _thread in range(2)]

    def run(address, captchas):
        for mobile in cycle(VICTIMS):
            if over.is_set():
                return
            stranger = Person(server, address)
            form = {"mobile": mobile, "sms_code": "123456"}
            assert stranger.post("/accounts/login/sms/", **form).status_code in {400, 429}
            form = {"mobile": mobile, "password": "wrong-guess"}
            assert stranger.post("/accounts/login/", **form).status_code in {400, 429}
            tried["codes"] += 1
            tried["passwords"] += 1
            if captchas:
                stranger.ask_for_code(mobile, captchas.pop())
                tried["texts"] += 1

    addresses = (CARRIER, "198.51.100.7")
    threads = [
        threading.Thread(target=run, args=pair) for pair in zip(addresses, captchas, strict=True)
    ]
    for thread in threads:
        thread.start()
    try:
        yield tried
    finally:
        over.set()
        for thread in threads:
            thread.join()


def codes_texted_to(mobile, settings):
    """Newest first: with a stranger's text among them a person tries one after the other."""
    with open(settings.SMS_FILE) as lines:
        texts = [json.loads(line) for line in lines]
    return [text["code"] for text in reversed(texts) if text["mobile"] == mobile]


def gets_in(person, mobile, settings):
    if person.ask_for_code(mobile, solved_captcha()).status_code != 200:
        return False
    for code in codes_texted_to(mobile, settings)[:5]:
        form = {"mobile": mobile, "sms_code": code}
        if person.post("/accounts/login/sms/", **form).status_code == 302:
            return person.get("/accounts/me/").status_code == 200
    return False


def test_the_owner_gets_in_by_sms_twenty_times_of_twenty(arm, settings, figure):
    server, is_bound = arm
    people = people_who_signed_in_before(server)
    strangers_used_up_the_day()
    with attack(server) as tried:
        let_in = sum(gets_in(person, mobile, settings) for mobile, person in people.items())
    name = f"owners let in by SMS of {len(people)}, under attack ({tried})"
    figure(name if is_bound else f"control arm: {name}", let_in, "20" if is_bound else "< 20")
    assert (let_in == 20) is is_bound
