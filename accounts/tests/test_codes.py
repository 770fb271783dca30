import json
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import codes, sms
from accounts.models import CodeError, SmsCode
from ihome_site.refusals import TooMany
from ihome_site.testing import solved_captcha

pytestmark = pytest.mark.django_db
MOBILE, ADDRESS = "13912345678", "203.0.113.9"
HERE, THERE = "a" * 16, "b" * 16


def send_code(mobile, purpose, address=ADDRESS, browser=HERE, device=""):
    codes.send_code(mobile, purpose, address, browser, device)


def spend_code(mobile, purpose, code, address=ADDRESS, browser=HERE, device=""):
    codes.spend_code(mobile, purpose, code, address, browser, device)


@pytest.fixture
def last_code(settings):
    def read():
        with open(settings.SMS_FILE) as lines:
            return json.loads(lines.readlines()[-1])["code"]

    return read


def after(seconds):
    return time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=False)


def test_a_code_is_spent_once(last_code):
    send_code(MOBILE, "register", ADDRESS)
    spend_code(MOBILE, "register", last_code())
    with pytest.raises(CodeError):
        spend_code(MOBILE, "register", last_code())


def test_a_code_is_bound_to_its_purpose_and_mobile(last_code):
    send_code(MOBILE, "register", ADDRESS)
    for mobile, purpose in [(MOBILE, "reset"), ("13912345679", "register")]:
        with pytest.raises(CodeError):
            spend_code(mobile, purpose, last_code())


def test_a_code_dies_after_five_minutes(last_code):
    send_code(MOBILE, "register", ADDRESS)
    with after(301), pytest.raises(CodeError, match="失效"):
        spend_code(MOBILE, "register", last_code())


def test_a_new_code_kills_the_old(last_code):
    send_code(MOBILE, "register", ADDRESS)
    old = last_code()
    with after(61):
        send_code(MOBILE, "register", ADDRESS)
        assert last_code() != old
        with pytest.raises(CodeError):
            spend_code(MOBILE, "register", old)


def test_the_sixth_guess_is_not_even_compared(last_code):
    send_code(MOBILE, "register", ADDRESS)
    code = last_code()
    wrong = "000000" if code != "000000" else "111111"
    for _n in range(SmsCode.TRIES):
        with pytest.raises(CodeError, match="不对"):
            spend_code(MOBILE, "register", wrong)
    with pytest.raises(CodeError, match="失效"):
        spend_code(MOBILE, "register", code)


def test_guesses_a_day_are_counted_over_all_codes(last_code):
    send_code(MOBILE, "register", ADDRESS)
    SmsCode.objects.update(tries=SmsCode.TRIES_A_DAY, used_at=timezone.now())
    with after(61):
        send_code(MOBILE, "register", ADDRESS)
        with pytest.raises(CodeError):
            spend_code(MOBILE, "register", last_code())


def test_the_code_is_not_in_the_database_in_clear(last_code):
    send_code(MOBILE, "register", ADDRESS)
    assert last_code() not in str(SmsCode.objects.values_list().get()[3:])


def sent_before(count, seconds, mobile=MOBILE, address=ADDRESS):
    """Rows of the ledger, `seconds` old."""
    rows = SmsCode.objects.bulk_create(
        SmsCode(mobile=mobile, purpose="register", address=address, expires_at=timezone.now())
        for _n in range(count)
    )
    moment = timezone.now() - timedelta(seconds=seconds)
    SmsCode.objects.filter(pk__in=[row.pk for row in rows]).update(created_at=moment)


@pytest.mark.parametrize(
    ("count", "seconds", "mobile", "address", "wait"),
    [
        (1, 10, MOBILE, "::1", 50),
        (5, 3000, MOBILE, "::1", 600),
        (10, 80000, MOBILE, "::1", 6400),
        (3, 3000, MOBILE, ADDRESS, 600),
        (6, 80000, MOBILE, ADDRESS, 6400),
        (30, 3000, "13900000000", ADDRESS, 600),
        (100, 80000, "13900000000", ADDRESS, 6400),
        (500, 3000, "13900000000", "::1", 600),
        (3000, 80000, "13900000000", "::1", 6400),
    ],
)
def test_each_limit_says_how_long_to_wait(count, seconds, mobile, address, wait):
    sent_before(count, seconds, mobile, address)
    with pytest.raises(TooMany) as refusal:
        send_code(MOBILE, "register", ADDRESS)
    assert refusal.value.wait == pytest.approx(wait, abs=2)
    with after(wait + 2):
        send_code(MOBILE, "register", ADDRESS)


def test_one_message_less_than_the_limit_is_sent():
    sent_before(2, 3000)
    sent_before(2, 3000, address="::1")
    send_code(MOBILE, "register", ADDRESS)


def test_a_failing_provider_does_not_burn_the_minute(monkeypatch, last_code):
    def fail(*args):
        raise sms.SmsError("短信暂时发不出去")

    with monkeypatch.context() as patch:
        patch.setattr(sms, "send", fail)
        with pytest.raises(sms.SmsError):
            send_code(MOBILE, "register", ADDRESS)
    send_code(MOBILE, "register", ADDRESS)
    spend_code(MOBILE, "register", last_code())


def test_a_message_that_failed_still_counts_by_the_hour():
    """A provider that did not answer in time may have delivered it."""
    sent_before(5, 600, address="::1")
    SmsCode.objects.update(failed_at=timezone.now())
    with pytest.raises(TooMany):
        send_code(MOBILE, "register", ADDRESS)


def test_a_failed_message_does_not_say_to_wait_a_minute(client, monkeypatch):
    def fail(*args):
        raise sms.SmsError("短信暂时发不出去")

    monkeypatch.setattr(sms, "send", fail)
    form = {"mobile": MOBILE, "purpose": "register", **solved_captcha()}
    answer = client.post("/accounts/sms-code/", form, headers={"accept": "application/json"})
    assert (answer.status_code, int(answer["Retry-After"]) < 60) == (503, True)
    assert answer.json()["errors"] == {"sms_code": ["短信暂时发不出去"]}
