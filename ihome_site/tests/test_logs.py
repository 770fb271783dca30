"""Logs as JSON lines, and nothing in them, in mails, in URLs or in the database that is secret."""

import io
import json
import logging

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils.log import AdminEmailHandler

from accounts.models import RealName, User
from ihome_site.logs import JsonLines, event, request_id
from ihome_site.masking import masked
from ihome_site.testing import client_of, id_card_of, li, solved_captcha, wang
from orders.models import Order

pytestmark = pytest.mark.django_db
MOBILE, PASSWORD, ID_CARD = "13955550077", "planted-Passw0rd-9", id_card_of(77)


@pytest.fixture
def lines():
    """Everything that is logged, at any level, as production writes it."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(JsonLines())
    loggers = [logging.getLogger(name) for name in ("", "django", "ihome", "gunicorn.error")]
    for logger in loggers:
        logger.addHandler(handler)
    yield lambda: [json.loads(line) for line in text.getvalue().splitlines()]
    for logger in loggers:
        logger.removeHandler(handler)


def messages(lines):
    return [line["message"] for line in lines()]


def register(settings, mobile=MOBILE):
    """Registers over HTTP: (client, the code that was sent)."""
    client = Client()
    form = {"mobile": mobile, "purpose": "register", **solved_captcha()}
    client.post("/accounts/sms-code/", form)
    with open(settings.SMS_FILE) as texts:
        code = json.loads(texts.readlines()[-1])["code"]
    form = {"mobile": mobile, "sms_code": code, "password": PASSWORD, "password2": PASSWORD}
    assert client.post("/accounts/register/", form).status_code == 302
    return client, code


def test_a_line_is_json_with_the_request_it_belongs_to(lines):
    answer = Client().post("/accounts/login/", {"mobile": "1", "password": "x"})
    (line,) = [line for line in lines() if line["message"] == "POST /accounts/login/"]
    assert line["request_id"] == answer["X-Request-ID"]
    assert (line["status"], line["user"]) == (400, None)
    assert set(line) >= {"time", "level", "logger", "address"}


def test_a_proxys_id_is_taken_over_when_there_is_a_proxy(settings):
    given = {"x-request-id": "ab" * 16}
    assert Client().get("/healthz", headers=given)["X-Request-ID"] != "ab" * 16
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    assert Client().get("/healthz", headers=given)["X-Request-ID"] == "ab" * 16
    odd = {"x-request-id": "a\\nb" * 8}
    assert Client().get("/healthz", headers=odd)["X-Request-ID"] != odd["x-request-id"]


def test_a_message_cannot_make_a_second_line(lines):
    event('a\n{"level": "forged"}', note="b\r\nc\u2028")
    assert [line["level"] for line in lines()] == ["info"]


def test_sign_ins_codes_and_passwords_are_events(lines, settings):
    client, _code = register(settings)
    client.post("/accounts/logout/")
    client.post("/accounts/login/", {"mobile": MOBILE, "password": "wrong-one-1"})
    client.post("/accounts/login/", {"mobile": MOBILE, "password": PASSWORD})
    form = {"old_password": PASSWORD, "password": PASSWORD + "2", "password2": PASSWORD + "2"}
    assert client.post("/accounts/password/", form).status_code == 302
    wanted = ["code sent", "signed in", "sign-in refused", "signed in", "password changed"]
    assert [text for text in messages(lines) if "/" not in text] == wanted


def test_what_operators_change_is_an_event(lines):
    operator = User.objects.create_superuser("13900000009", "x")
    client_of(operator).post("/admin/houses/area/add/", {"name": "西城区", "order": "1"})
    line = lines()[-1]
    assert (line["message"], line["status"]) == ("POST /admin/houses/area/add/", 302)
    assert line["user"] == str(operator.pk)


def test_an_error_is_logged_with_its_traceback(lines, monkeypatch):
    break_orders(monkeypatch, ZeroDivisionError("oops"))
    client = client_of(li())
    client.raise_request_exception = False
    answer = client.get("/orders/")
    (line,) = [line for line in lines() if "traceback" in line]
    assert line["request_id"] == answer["X-Request-ID"]
    assert "ZeroDivisionError: oops" in line["traceback"]


def break_orders(monkeypatch, error):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(Order.objects.all().__class__, "with_cards", fail)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Duplicate entry '13955550077' for key", "Duplicate entry '139****0077' for key"),
        ("+8613955550077,", "+86139****0077,"),
        (f"id {id_card_of(77)}", f"id 1{'*' * 16}{id_card_of(77)[-1]}"),
        ("order 139555500771", "order 139555500771"),
        ("/houses/123/", "/houses/123/"),
    ],
)
def test_mobiles_and_id_numbers_are_starred(text, shown):
    assert masked(text) == shown


def plant(settings):
    """Type a mobile, a password, an ID number and a code wherever people can; the secrets."""
    client, code = register(settings)
    proof = {"real_name": "苏禾", "id_card": ID_CARD, "consent": "on"}
    assert client.post("/accounts/real-name/", proof).status_code == 302
    client.post("/accounts/real-name/", proof)
    other = client_of(wang())
    other.post("/accounts/real-name/", proof)
    wrong = {"mobile": MOBILE, "password": PASSWORD + "x"}
    Client().post("/accounts/login/", wrong)
    Client().post("/accounts/login/", {"mobile": MOBILE, "password": PASSWORD}, follow=True)
    register_again = {"mobile": MOBILE, "sms_code": code, "password": PASSWORD}
    Client().post("/accounts/register/", register_again | {"password2": PASSWORD})
    Client().get(f"/nowhere/{MOBILE}/{ID_CARD}")
    client.post("/houses/new/", {"title": "x", "address": ID_CARD})
    return client, [MOBILE, PASSWORD, ID_CARD, code]


def break_a_page(client, secrets, monkeypatch):
    """An error whose own text and request hold the secrets."""
    break_orders(monkeypatch, ValueError(f"Duplicate entry '{MOBILE}' {ID_CARD}"))
    client.raise_request_exception = False
    assert client.get("/orders/", {"secret": secrets}).status_code == 500


def found(secrets, text):
    return [secret for secret in secrets if secret in text]


def test_no_secret_in_any_log(lines, settings, monkeypatch):
    client, secrets = plant(settings)
    break_a_page(client, secrets, monkeypatch)
    text = json.dumps(lines(), ensure_ascii=False)
    assert "139****0077" in text
    assert found(secrets, text) == []


def test_no_secret_in_an_error_mail(settings, monkeypatch):
    settings.ADMINS = [("Ops", "ops@example.com")]
    settings.DEFAULT_EXCEPTION_REPORTER = "ihome_site.reporting.TracebackAlone"
    handlers = [AdminEmailHandler(), AdminEmailHandler(include_html=True)]
    for handler in handlers:
        handler.setLevel(logging.ERROR)
        logging.getLogger("django").addHandler(handler)
    try:
        client, secrets = plant(settings)
        break_a_page(client, secrets, monkeypatch)
    finally:
        for handler in handlers:
            logging.getLogger("django").removeHandler(handler)
    assert len(mail.outbox) == 2
    for message in mail.outbox:
        assert "ValueError" in str(message.message().as_string())
        bodies = [message.body, message.subject, *(part[0] for part in message.alternatives)]
        assert found(secrets, "\n".join(bodies)) == []


def test_no_secret_in_the_database(settings):
    _client, (_mobile, *secrets, code) = plant(settings)
    values = set(everything_stored())
    assert found(secrets, "\n".join(values)) == []
    assert code not in values  # six digits may stand within a fingerprint by chance


def everything_stored():
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            for row in cursor.fetchall():
                yield from map(str, row)


def test_a_dump_by_django_keeps_id_numbers_sealed_and_can_be_loaded(
    settings, monkeypatch, tmp_path
):
    plant(settings)
    call_command("dumpdata", "accounts.realname", output=str(tmp_path / "dump.json"))
    assert ID_CARD not in (tmp_path / "dump.json").read_text()
    call_command("loaddata", str(tmp_path / "dump.json"))
    assert RealName.objects.get(user__mobile=MOBILE).id_card == ID_CARD


PAGES = ["/", "/accounts/me/", "/accounts/profile/", "/accounts/real-name/", "/houses/mine/"]
PAGES += ["/houses/new/", "/accounts/devices/", "/accounts/notices/", "/accounts/password/"]


def test_no_secret_on_any_page(settings):
    client, secrets = plant(settings)
    for path in PAGES:  # the owner of a mobile may read it
        assert found(secrets[1:], client.get(path).content.decode()) == [], path
        assert found(secrets, client_of(wang()).get(path).content.decode()) == [], path
    operator = client_of(User.objects.create_superuser("13900000009", "x"))
    for model in ("realname", "smscode", "loginattempt"):
        page = operator.get(f"/admin/accounts/{model}/").content.decode()
        assert found(secrets, page) == [], model


def test_no_secret_in_a_url(settings):
    client = Client()
    seen = []
    for path in ("/accounts/register/", "/accounts/login/"):
        form = {"mobile": MOBILE, "password": PASSWORD, "sms_code": "123456"}
        answer = client.post(path, form, follow=True)
        seen += [url for url, _status in answer.redirect_chain]
    answer = client.get("/orders/", {"mobile": "x"})
    assert found([MOBILE, PASSWORD], " ".join([*seen, answer.headers["Location"]])) == []


def test_no_id_outside_a_request():
    request_id.set("")
    record = logging.LogRecord("ihome", logging.INFO, "", 0, "hello", (), None)
    assert "request_id" not in json.loads(JsonLines().format(record))
