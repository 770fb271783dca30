"""Every gate works on every database, whoever's mobile and address lead to it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as site
from django.test import Client
from django.utils import timezone

from accounts.models import Gate, SmsCode, User
from accounts.throttle import GATES, gate, gate_number
from ihome_site.testing import PASSWORD, solved_captcha

pytestmark = pytest.mark.django_db
NUMBERS = range(1, GATES + 1)
SUBJECTS = {gate_number(text): text for text in map(str, range(5000))}
NEW = "new-tea-and-bread"


def test_every_subject_has_one_of_the_gates():
    assert set(SUBJECTS) == set(NUMBERS)


def test_every_gate_can_be_passed_twice():
    for number in SUBJECTS:
        for _time in range(2):
            with gate(SUBJECTS[number]):
                pass
    assert set(Gate.objects.values_list("pk", flat=True)) == set(NUMBERS)


def mobile_of(number):
    """A mobile whose codes are counted behind this gate.

    Its passwords are behind another, for a CRC is linear: over all 64, each is met as well.
    """
    mobiles = (f"139{n:08d}" for n in range(5000))
    return next(m for m in mobiles if gate_number(m) == number)


def address_of(number):
    addresses = (f"10.1.{n // 256}.{n % 256}" for n in range(5000))
    return next(a for a in addresses if gate_number(f"login {a}") == number)


@pytest.mark.parametrize("number", NUMBERS)
def test_whoever_it_is_can_register_sign_in_and_reset(number, settings):
    mobile, address = mobile_of(number), address_of(number)
    new = {"password": NEW, "password2": NEW}
    pages = [
        ("register", "/accounts/register/", {"password": PASSWORD, "password2": PASSWORD}),
        ("login", "/accounts/login/sms/", {}),
        ("reset", "/accounts/password/reset/", new),
    ]
    for purpose, path, form in pages:
        client = Client(REMOTE_ADDR=address, headers={"accept": "application/json"})
        ask = {"mobile": mobile, "purpose": purpose, **solved_captcha()}
        assert client.post("/accounts/sms-code/", ask).status_code == 200
        code = json.loads(Path(settings.SMS_FILE).read_text().splitlines()[-1])["code"]
        answer = client.post(path, form | {"mobile": mobile, "sms_code": code})
        assert answer.status_code == 302, purpose
        an_hour_passes()
    sign_in = Client(REMOTE_ADDR=address).post
    assert sign_in("/accounts/login/", {"mobile": mobile, "password": "?"}).status_code == 400
    assert sign_in("/accounts/login/", {"mobile": mobile, "password": NEW}).status_code == 302
    assert User.objects.get().mobile == mobile


def an_hour_passes():
    SmsCode.objects.update(created_at=timezone.now() - timedelta(hours=1))


def test_no_fixture_brings_a_row_with_the_key_0():
    """MySQL takes 0 for "the next number", and Django refuses it there."""
    for path in Path(site.BASE_DIR / "fixtures").rglob("*.json"):
        rows = json.loads(path.read_text())
        assert not [row for row in rows if isinstance(row, dict) and row.get("pk", 1) == 0], path
