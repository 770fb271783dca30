"""Who may have how many texts when others have used them up, and what counts at all."""

import json
import logging
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import codes, sms, sms_limits
from accounts.models import SmsCode, network_of
from accounts.tests.test_codes import ADDRESS, HERE, MOBILE, sent_before
from ihome_site.refusals import TooMany
from ihome_site.testing import MOBILES, PASSWORD, client_of, li, solved_captcha
from ihome_site.tests.test_operators_desk import operator

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}
KNOWN = "d" * 16
ELSEWHERE = "198.51.100.7"
HOUR = 3600


def send(purpose="login", mobile=MOBILE, device="", address=ADDRESS):
    codes.send_code(mobile, purpose, address, HERE, device)


def is_sent(*args, **kwargs):
    try:
        send(*args, **kwargs)
    except TooMany:
        return False
    return True


def after(seconds):
    return time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=False)


def test_strangers_do_not_use_up_the_texts_of_a_known_device():
    sent_before(10, 600)
    assert not is_sent()
    assert is_sent(device=KNOWN)


def test_nor_its_minute():
    sent_before(1, 5)
    assert not is_sent()
    assert is_sent(device=KNOWN)
    assert not is_sent(device=KNOWN)


def test_nor_the_texts_of_its_address():
    sent_before(30, 600, mobile="13900000000")
    assert not is_sent()
    assert is_sent(device=KNOWN)


def test_known_devices_have_three_an_hour_and_five_a_day_of_their_own():
    """… all of one mobile together, so that a mobile gets fifteen a day at most."""
    sent_before(10, 60)
    sent = []
    for n in range(12):
        with after(n * 1000):
            sent.append(is_sent(device=f"{n:016x}"))
            assert not is_sent()
    assert (sent[:4], sum(sent)) == ([True, True, True, False], 5)
    assert SmsCode.objects.filter(mobile=MOBILE).count() == 15


def test_texts_of_known_devices_count_for_strangers_too():
    for n in range(5):
        with after(n * 61):
            assert is_sent(device=KNOWN)
    with after(5 * 61):
        assert not is_sent()


def asked_every(seconds, span, purpose="login", addresses=(ADDRESS,)):
    """When texts went out, in seconds from now, to who asked from each address in turn."""
    begin, sent = timezone.now(), []
    for n, moment in enumerate(range(0, span, seconds)):
        with time_machine.travel(begin + timedelta(seconds=moment), tick=False):
            if is_sent(purpose, address=addresses[n % len(addresses)]):
                sent.append(moment)
    return sent


def ask_from(address, purpose):
    form = {"mobile": MOBILE, "purpose": purpose, **solved_captcha()}
    return Client(REMOTE_ADDR=address).post("/accounts/sms-code/", form, headers=JSON)


@pytest.mark.parametrize("purpose", SmsCode.Purpose.values)
@pytest.mark.parametrize(
    ("every", "span", "most"), [(61, HOUR, 3), (600, 20 * HOUR, 6)], ids=["hour", "day"]
)
def test_a_stranger_on_one_network_leaves_two_texts_for_the_right_person(
    purpose, every, span, most
):
    assert len(asked_every(every, span, purpose)) == most
    for seconds in (span - 70, span):
        with after(seconds):
            assert ask_from(ELSEWHERE, purpose).status_code == 200
            assert ask_from(ADDRESS, purpose).status_code == 429


@pytest.mark.parametrize("purpose", SmsCode.Purpose.values)
def test_each_asker_is_told_their_own_wait(purpose):
    sent_before(3, 600)
    sent_before(1, 600, address="192.0.2.8")
    answer = ask_from(ADDRESS, purpose)
    assert (answer.status_code, answer["Retry-After"]) == (429, str(answer.json()["wait"]))
    assert answer.json()["wait"] == pytest.approx(3000, abs=5)
    assert "50 分钟" in answer.json()["errors"]["sms_code"][0]
    assert ask_from(ELSEWHERE, purpose).status_code == 200
    answer = ask_from("192.0.2.77", purpose)
    assert int(answer["Retry-After"]) == pytest.approx(3000, abs=5)
    with after(3005):
        assert ask_from(ADDRESS, purpose).status_code == 200


def test_two_networks_together_never_get_more_than_one_did():
    """Counted from each text on, for the limits know no full hours."""
    sent = asked_every(241, 36 * HOUR, addresses=(ADDRESS, ELSEWHERE))
    for most, span in sms_limits.PER_MOBILE:
        assert max(sum(a <= b < a + span for b in sent) for a in sent) == most


def test_a_whole_ipv6_64_is_one_network_here_too():
    addresses = [f"2001:db8::{n:x}" for n in range(1, 8)]
    assert len(asked_every(61, HOUR, addresses=addresses)) == 3


def test_texts_of_a_known_device_leave_its_neighbours_their_share():
    for n in range(4):
        with after(n * 61):
            assert is_sent(device=KNOWN)
    with after(4 * 61):
        assert is_sent()


def test_over_http_a_device_is_known_by_its_cookie():
    li()
    client, form = Client(), {"mobile": MOBILES["li"], "purpose": "login"}
    client.post("/accounts/login/", {"mobile": MOBILES["li"], "password": PASSWORD})
    client.post("/accounts/logout/")
    sent_before(10, 5, mobile=MOBILES["li"])
    for who, status in ((Client(), 429), (client, 200)):
        form |= solved_captcha()
        assert who.post("/accounts/sms-code/", form, headers=JSON).status_code == status
    assert SmsCode.objects.exclude(device="").count() == 1


@pytest.mark.parametrize(("count", "seconds"), [(350, 600), (2100, 80000)])
def test_registering_stops_at_seventy_percent_and_signing_in_goes_on(count, seconds):
    sent_before(count, seconds, "13900000000", "::1")
    assert [is_sent("register"), is_sent("login")] == [False, True]
    assert is_sent("reset", mobile="13912345679")


@pytest.mark.parametrize(
    ("count", "seconds", "more"), [(500, 600, 50), (3000, 80000, 300)], ids=["hour", "day"]
)
def test_known_devices_go_on_when_the_purse_is_empty_and_have_an_end(count, seconds, more):
    sent_before(count, seconds, "13900000000", "::1")
    assert [is_sent(), is_sent(device=KNOWN)] == [False, True]
    sent_before(more - 1, seconds, "13900000000", "::1")
    rows = SmsCode.objects.filter(device="").values_list("pk", flat=True)[: more - 1]
    SmsCode.objects.filter(pk__in=list(rows)).update(device=KNOWN)
    assert not is_sent(device=KNOWN, mobile="13912345679")


def fail_with(kind):
    def fail(*args):
        raise kind("短信暂时发不出去")

    return fail


def test_a_text_that_was_certainly_not_taken_counts_for_nobody(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(sms, "send", fail_with(sms.NotTaken))
        for _n in range(29):
            with pytest.raises(sms.NotTaken):
                send("register")
    assert sms_limits.purse()[0][1] == 0
    assert is_sent("register")


def test_a_text_that_may_arrive_still_counts(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(sms, "send", fail_with(sms.SmsError))
        for address in [ADDRESS] * 3 + [ELSEWHERE] * 2:
            with pytest.raises(sms.SmsError):
                send("register", address=address)
    assert sms_limits.purse()[0][1] == 5
    assert not is_sent("register")


def test_an_address_does_not_hammer_at_a_provider_that_is_down(monkeypatch):
    monkeypatch.setattr(sms, "send", fail_with(sms.NotTaken))
    for n in range(30):
        with pytest.raises(sms.NotTaken):
            send(mobile=f"139{n:08d}")
    with pytest.raises(TooMany) as refusal:
        send()
    assert 0 < refusal.value.wait <= 600
    with pytest.raises(sms.NotTaken):
        send(address="203.0.113.10")


def test_a_known_device_minds_its_own_refused_texts_alone(monkeypatch):
    """Neighbours can have as many refused as they like: those count for nobody else."""
    with monkeypatch.context() as patch:
        patch.setattr(sms, "send", fail_with(sms.NotTaken))
        for n in range(30):
            with pytest.raises(sms.NotTaken):
                send(mobile=f"139{n:08d}")
    assert [is_sent(), is_sent(device=KNOWN)] == [False, True]
    SmsCode.objects.all().delete()
    monkeypatch.setattr(sms, "send", fail_with(sms.NotTaken))
    for _n in range(30):
        with pytest.raises(sms.NotTaken):
            send(device=KNOWN)
    with pytest.raises(TooMany):
        send(device=KNOWN)
    with pytest.raises(sms.NotTaken):
        send()


def test_a_text_on_its_way_counts_until_it_has_failed(monkeypatch):
    """Reserved before it is sent: fifty at once find one place, whatever becomes of it."""
    seen = []
    monkeypatch.setattr(sms, "send", lambda *args: seen.append(is_sent()))
    codes.send_code(MOBILE, "login", ADDRESS, HERE)
    assert seen == [False]


@pytest.fixture
def warnings():
    """The lines that operators' monitoring looks for."""
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record)
    sms_limits.logger.addHandler(handler)
    yield lambda: [line.fields for line in lines if line.getMessage() == "texts run low"]
    sms_limits.logger.removeHandler(handler)


def test_a_purse_half_empty_is_said_once_an_hour(warnings):
    sent_before(248, 60, "13900000000", "::1")
    send()
    assert warnings() == []
    send(mobile="13912345679")
    send(mobile="13912345670")
    assert warnings() == [{"span": HOUR, "sent": 250, "limit": 500}]


def test_it_is_said_without_a_cache_as_well(warnings, monkeypatch):
    monkeypatch.setattr(sms_limits, "cache", SimpleNamespace(add=lambda *args: None))
    sent_before(260, 60, "13900000000", "::1")
    send()
    assert len(warnings()) == 1


def test_the_warning_names_nobody(caplog):
    sent_before(260, 60, "13900000000", "::1")
    with caplog.at_level("WARNING"):
        send()
    assert MOBILE not in json.dumps([vars(record) for record in caplog.records], default=str)


def test_operators_see_on_their_first_page_that_texts_run_low():
    client = client_of(operator("客服"))
    sent_before(249, 60, "13900000000", "::1")
    assert "条短信" not in client.get("/admin/").content.decode()
    sent_before(1, 60, "13900000000", "::1")
    page = client.get("/admin/").content.decode()
    assert "<b>250</b> 条短信在最近一小时里，上限 500" in page
    assert "最近一天里" not in page


def test_the_network_is_what_counts():
    sent_before(30, 600, mobile="13900000000", address=network_of("2001:db8::1"))
    assert not is_sent(address="2001:db8::ffff")
