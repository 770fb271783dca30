import json

import pytest
from captcha.models import CaptchaStore
from django.test import Client

from accounts.models import SmsCode, User
from ihome_site.testing import MOBILES, PASSWORD, client_of, li, solved_captcha

pytestmark = pytest.mark.django_db
MOBILE = "13912345678"
JSON = {"accept": "application/json"}


def ask(client, headers=JSON, **changes):
    form = {"mobile": MOBILE, "purpose": "register", **solved_captcha()}
    return client.post("/accounts/sms-code/", form | changes, headers=headers)


@pytest.fixture
def code(settings):
    """The code just sent to MOBILE."""

    def read():
        with open(settings.SMS_FILE) as lines:
            return json.loads(lines.readlines()[-1])["code"]

    return read


def register(client, code, **changes):
    form = {"mobile": MOBILE, "sms_code": code, "password": PASSWORD, "password2": PASSWORD}
    return client.post("/accounts/register/", form | changes)


def errors(answer):
    return {name: list(texts) for name, texts in answer.context_data["form"].errors.items()}


def test_registering_signs_in(client, code):
    ask(client)
    assert register(client, code())["Location"] == "/"
    assert client.get("/accounts/me/").status_code == 200
    assert User.objects.get().check_password(PASSWORD)


def test_spaces_in_the_mobile_are_forgiven(client, code):
    ask(client, mobile="139 1234 5678")
    register(client, code(), mobile="139 1234 5678")
    assert User.objects.get().mobile == MOBILE


def test_the_page_shows_a_captcha_that_has_a_picture(client):
    page = client.get("/accounts/register/")
    key = page.context_data["captcha_key"]
    assert f'value="{key}"' in page.content.decode()
    assert client.get(f"/captcha/image/{key}/").status_code == 200


def test_a_wrong_captcha_sends_nothing_and_is_dead(client):
    fields = solved_captcha()
    answer = ask(client, **(fields | {"captcha_1": "????"}))
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["captcha_1"]
    assert ask(client, **fields).status_code == 400
    assert not SmsCode.objects.exists()


def test_a_bad_mobile_does_not_use_up_the_captcha(client):
    fields = solved_captcha()
    answer = ask(client, mobile="12345678901", **fields)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["mobile"])
    assert ask(client, **fields).json() == {"ok": True, "wait": 60}


def test_registered_is_said_only_after_a_good_captcha(client):
    li()
    assert "captcha_1" in ask(client, mobile=MOBILES["li"], captcha_1="no").json()["errors"]
    answer = ask(client, mobile=MOBILES["li"]).json()
    assert "已经注册" in answer["errors"]["mobile"][0]


def test_the_second_code_within_a_minute_is_refused_with_the_wait(client):
    ask(client)
    answer = ask(client)
    assert answer.status_code == 429
    assert answer.json()["ok"] is False
    assert 0 < int(answer["Retry-After"]) <= 60


def test_without_javascript_the_page_comes_back_with_what_was_typed(client, code):
    typed = {"sms_code": "12", "password": "half-typed", "password2": ""}
    page = ask(client, headers={"accept": "text/html"}, **typed)
    assert page.status_code == 200
    html = page.content.decode()
    assert f'value="{MOBILE}"' in html
    assert 'value="half-typed"' in html
    assert "验证码已发出" in html
    assert errors(page) == {}
    assert register(client, code()).status_code == 302


def test_without_javascript_a_wrong_captcha_is_shown_beside_its_field(client):
    page = ask(client, headers={"accept": "text/html"}, captcha_1="no")
    assert page.status_code == 400
    assert list(errors(page)) == ["captcha_1"]


def test_an_unknown_purpose_is_refused(client):
    assert ask(client, purpose="party").status_code == 400


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"password2": "something else"}, "password2"),
        ({"password": "1234567", "password2": "1234567"}, "password"),
        ({"password": "password1", "password2": "password1"}, "password"),
        ({"password": "x" * 129}, "password"),
        ({"password": MOBILE, "password2": MOBILE}, "password"),
        ({"sms_code": "１２３４５６"}, "sms_code"),
        ({"sms_code": "12345"}, "sms_code"),
        ({"mobile": "23912345678"}, "mobile"),
        ({"sms_code": ""}, "sms_code"),
    ],
)
def test_each_slip_has_its_own_error_and_costs_no_code(client, code, changes, field):
    ask(client)
    answer = register(client, code(), **changes)
    assert (answer.status_code, list(errors(answer))) == (400, [field])
    assert SmsCode.objects.get().used_at is None
    assert register(client, code()).status_code == 302


def test_a_wrong_code_is_refused(client, code):
    ask(client)
    wrong = "000000" if code() != "000000" else "111111"
    assert errors(register(client, wrong)) == {"sms_code": ["短信验证码不对"]}


def test_one_code_makes_one_user(client, code):
    ask(client)
    register(client, code())
    assert list(errors(register(Client(), code()))) == ["sms_code"]


def test_a_mobile_registered_meanwhile_is_refused(client, code):
    ask(client)
    User.objects.create_user(MOBILE, PASSWORD)
    assert list(errors(register(client, code()))) == ["mobile"]


def test_signed_in_people_do_not_register(client):
    assert client_of(li()).get("/accounts/register/").status_code == 302


def test_captchas_are_drawn_from_clear_letters(client):
    client.get("/accounts/register/")
    assert not set(CaptchaStore.objects.get().challenge) & set("0O1IL2Z5S8B")
