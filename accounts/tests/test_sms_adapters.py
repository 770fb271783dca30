import json
import socket
import threading
import time
from datetime import timedelta

import pytest

from accounts import sms
from accounts.tests.sms_fakes import (
    ALIYUN_SECRET,
    MISCHIEF,
    YUNTONGXUN_TOKEN,
    FakeAliyun,
    FakeYuntongxun,
    serving,
)

MOBILE, CODE = "13812345678", "730164"
SENTENCE = "短信暂时发不出去，请稍后再试"
PRIVATE = [MOBILE, CODE, ALIYUN_SECRET, YUNTONGXUN_TOKEN, "sig="]


@pytest.fixture
def aliyun(settings):
    with serving(FakeAliyun) as server:
        settings.SMS_BACKEND = "aliyun"
        settings.ALIYUN_SMS_ENDPOINT = server.url
        settings.ALIYUN_ACCESS_KEY_ID = "aliyun-id"
        settings.ALIYUN_ACCESS_KEY_SECRET = ALIYUN_SECRET
        # Space, star, tilde and plus are where percent-encodings differ.
        settings.ALIYUN_SMS_SIGN = "爱家 租房*~+"
        settings.ALIYUN_SMS_TEMPLATE = "SMS_1"
        yield server


@pytest.fixture
def yuntongxun(settings):
    with serving(FakeYuntongxun) as server:
        settings.SMS_BACKEND = "yuntongxun"
        settings.YUNTONGXUN_ENDPOINT = server.url
        settings.YUNTONGXUN_ACCOUNT_SID = "yun-sid"
        settings.YUNTONGXUN_AUTH_TOKEN = YUNTONGXUN_TOKEN
        settings.YUNTONGXUN_APP_ID = "yun-app"
        settings.YUNTONGXUN_TEMPLATE = "1"
        yield server


@pytest.fixture(params=["aliyun", "yuntongxun"])
def provider(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(autouse=True)
def nothing_private_is_logged(caplog):
    caplog.set_level("DEBUG")
    yield
    records = caplog.get_records("call")
    said = "".join(record.getMessage() + repr(vars(record)) for record in records)
    assert [secret for secret in PRIVATE if secret in said] == []


def refused(certainly=False):
    """`certainly`: the provider has not taken the message, so that it cannot arrive."""
    with pytest.raises(sms.SmsError) as caught:
        sms.send(MOBILE, CODE, "register")
    assert isinstance(caught.value, sms.NotTaken) is certainly
    assert str(caught.value) == SENTENCE
    # What the network said may hold the URL or the message: nothing is chained.
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_console_prints_one_line(settings, capsys):
    settings.SMS_BACKEND = "console"
    sms.send(MOBILE, CODE, "register")
    assert capsys.readouterr().out == f"SMS {MOBILE} register {CODE}\n"


def test_file_gets_a_json_line_in_a_new_folder(settings, tmp_path):
    settings.SMS_BACKEND, settings.SMS_FILE = "file", str(tmp_path / "a" / "b.jsonl")
    sms.send(MOBILE, CODE, "reset")
    line = json.loads((tmp_path / "a" / "b.jsonl").read_text())
    assert set(line) == {"mobile", "code", "purpose", "time"}
    assert (line["mobile"], line["code"], line["purpose"]) == (MOBILE, CODE, "reset")


def test_file_lines_of_parallel_writers_do_not_mix(settings, tmp_path):
    settings.SMS_BACKEND, settings.SMS_FILE = "file", str(tmp_path / "sms.jsonl")
    threads = [
        threading.Thread(target=sms.send, args=(MOBILE, f"{n:06}", "login")) for n in range(20)
    ]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    lines = (tmp_path / "sms.jsonl").read_text().splitlines()
    assert {json.loads(line)["code"] for line in lines} == {f"{n:06}" for n in range(20)}


def test_a_file_that_cannot_be_written_is_a_sentence(settings, tmp_path):
    settings.SMS_BACKEND, settings.SMS_FILE = "file", str(tmp_path)
    refused(certainly=True)


def test_aliyun_signature_is_the_one_worked_out_in_its_sendsms_document():
    parameters = {
        "AccessKeyId": "testId",
        "Action": "SendSms",
        "Format": "XML",
        "OutId": "123",
        "PhoneNumbers": "15300000001",
        "RegionId": "cn-hangzhou",
        "SignName": "阿里云短信测试专用",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "45e25e9b-0a6f-4070-8c85-2956eda1b466",
        "SignatureVersion": "1.0",
        "TemplateCode": "SMS_71390007",
        "TemplateParam": '{"customer":"test"}',
        "Timestamp": "2017-07-12T02:42:19Z",
        "Version": "2017-05-25",
    }
    unsorted = dict(reversed(parameters.items()))
    signature = sms.aliyun_signature("GET", unsorted, "testSecret")
    assert signature == "zJDF+Lrzhj/ThnlvIToysFRq6t4="


def test_aliyun_accepts_the_message(aliyun):
    sms.send(MOBILE, CODE, "register")
    sms.send(MOBILE, CODE, "register")
    assert aliyun.sent == [(MOBILE, {"code": CODE})] * 2


def test_yuntongxun_accepts_the_message(yuntongxun):
    sms.send(MOBILE, CODE, "register")
    assert yuntongxun.sent == [(MOBILE, [CODE, "5"])]


@pytest.mark.parametrize(
    "name", ["ALIYUN_ACCESS_KEY_SECRET", "ALIYUN_ACCESS_KEY_ID", "ALIYUN_SMS_TEMPLATE"]
)
def test_a_wrong_aliyun_setting_is_refused(aliyun, settings, name):
    setattr(settings, name, "wrong")
    refused(certainly=True)
    assert (aliyun.hits, aliyun.sent) == (1, [])


@pytest.mark.parametrize(
    "name", ["YUNTONGXUN_AUTH_TOKEN", "YUNTONGXUN_ACCOUNT_SID", "YUNTONGXUN_APP_ID"]
)
def test_a_wrong_yuntongxun_setting_is_refused(yuntongxun, settings, name):
    setattr(settings, name, "wrong")
    refused(certainly=True)
    assert (yuntongxun.hits, yuntongxun.sent) == (1, [])


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_time_stamp_from_another_hour_is_refused(provider, hours):
    provider.ahead = timedelta(hours=hours)
    refused(certainly=True)
    assert (provider.hits, provider.sent) == (1, [])


@pytest.mark.parametrize("mode", MISCHIEF)
def test_a_bad_answer_is_a_sentence(provider, mode):
    provider.mode = mode
    refused(certainly=mode == "refuse")
    assert provider.hits == 1


def test_the_providers_own_code_is_logged(provider, caplog):
    provider.mode = "refuse"
    refused(certainly=True)
    [record] = [record for record in caplog.records if record.name == "ihome.sms"]
    assert record.getMessage().endswith(("5678: isv.AMOUNT_NOT_ENOUGH", "5678: 160042"))


def test_a_provider_that_repeats_our_message_gets_nothing_into_the_log(provider, caplog):
    provider.mode = "echo"
    refused()
    assert caplog.messages[-1].endswith("unreadable")


@pytest.mark.parametrize("value", [MOBILE, CODE, f"isv.{CODE}"])
def test_an_error_code_with_our_numbers_in_it_is_not_kept(value):
    assert sms.provider_code(value, MOBILE, CODE) == "unreadable"


def test_a_redirect_is_not_followed(provider):
    provider.mode = "redirect"
    refused()
    assert provider.hits == 1


@pytest.mark.parametrize("mode", ["hang", "trickle"])
def test_a_provider_that_hangs_is_given_up(provider, monkeypatch, mode):
    monkeypatch.setattr(sms, "READ_SECONDS", 0.2)
    provider.mode, began = mode, time.monotonic()
    refused()
    assert time.monotonic() - began < 1


def test_nobody_listening_is_a_sentence(provider):
    provider.shutdown()
    provider.server_close()
    refused(certainly=True)


def test_a_name_that_dns_does_not_know_is_certain(aliyun, settings, monkeypatch):
    def unknown(*args):
        raise socket.gaierror(-2, "Name or service not known")

    settings.ALIYUN_SMS_ENDPOINT = "https://sms.example"
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    refused(certainly=True)


def test_a_connection_that_never_came_about_is_certain(provider, monkeypatch):
    def too_slow(*args, **kwargs):
        raise sms.requests.ConnectTimeout

    monkeypatch.setattr(sms.requests, "post", too_slow)
    refused(certainly=True)


def test_a_connection_that_broke_off_is_not(provider):
    provider.mode = "hang up"
    refused()
    assert provider.hits == 1


def test_without_a_free_line_nothing_leaves(provider, monkeypatch):
    monkeypatch.setattr(sms, "LINES", threading.Semaphore(0))
    refused(certainly=True)
    assert provider.hits == 0


@pytest.mark.parametrize("endpoint", ["http://sms.example", "ftp://sms.example", "sms.example"])
def test_an_endpoint_without_tls_is_not_used(aliyun, settings, monkeypatch, endpoint):
    settings.ALIYUN_SMS_ENDPOINT = endpoint
    monkeypatch.setattr(sms.requests, "post", None)
    refused(certainly=True)


def test_the_waits_stay_below_eight_seconds():
    assert sms.CONNECT_SECONDS + sms.READ_SECONDS < 8
