import json
import re

import pytest
from django.test import Client

from accounts.models import LoginAttempt, User
from ihome_site.testing import MOBILES, PASSWORD, client_of, li, solved_captcha

pytestmark = pytest.mark.django_db


def sign_in(client, mobile=MOBILES["li"], password=PASSWORD, **more):
    return client.post("/accounts/login/", {"mobile": mobile, "password": password, **more})


def test_mobile_and_password_sign_in(client):
    li()
    key = client.session.session_key
    assert sign_in(client)["Location"] == "/"
    assert client.session.session_key != key
    assert LoginAttempt.objects.get().succeeded


def test_one_answer_for_every_wrong_pair(client):
    li()
    pages = [
        sign_in(client, password="wrong-password"),
        sign_in(client, mobile="13900000099"),
        sign_in(client, mobile="13900000098", password=PASSWORD),
    ]
    assert {page.status_code for page in pages} == {400}
    assert {str(page.context_data["form"].errors) for page in pages} == {
        str(pages[0].context_data["form"].errors)
    }
    assert "手机号或密码不对" in pages[0].content.decode()


def test_a_disabled_user_is_refused_like_a_wrong_pair(client):
    li()
    User.objects.update(is_active=False)
    assert "手机号或密码不对" in sign_in(client).content.decode()


def test_successes_do_not_count_against_the_account(client):
    li()
    for _n in range(30):
        assert sign_in(Client()).status_code == 302


@pytest.mark.parametrize("method", LoginAttempt.Method.values)
def test_the_right_password_is_taken_sixty_times_an_hour(method, client):
    """Each time costs a hash and a row, whoever has it."""
    user = li()
    row = {"mobile": user.mobile, "address": "192.0.2.1", "succeeded": True, "method": method}
    LoginAttempt.objects.bulk_create(LoginAttempt(**row) for _n in range(60))
    ways = {"password": sign_in(client), "change": change(client_of(user))}
    refused = {way for way, answer in ways.items() if answer.status_code == 429}
    assert refused == {method} & set(ways)
    assert all("密码用得太频繁了" in ways[way].content.decode() for way in refused)


HOSTILE = [
    "//evil.example",
    "https://evil.example/",
    "http:evil.example",
    "///evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    " //evil.example",
    "\t//evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "//evil.example\\@127.0.0.1",
    "http://127.0.0.1@evil.example/",
    "http://testserver.evil.example/",
    "//testserver@evil.example",
    "/%0d%0aLocation: //evil.example/..//",
    "ftp://testserver/",
    "\x00//evil.example",
    "htTps://evil.example",
]


@pytest.mark.parametrize("url", HOSTILE)
def test_next_never_leaves_the_site(client, url):
    li()
    place = sign_in(client, next=url)["Location"]
    assert place == "/" or (place.startswith("/%0d") and "\n" not in place)


def test_next_leads_back(client):
    li()
    assert sign_in(client, next="/orders/?p=2")["Location"] == "/orders/?p=2"


def test_logging_out_is_a_post_and_ends_the_session():
    client = client_of(li())
    assert client.get("/accounts/logout/").status_code == 405
    assert client.post("/accounts/logout/").status_code == 302
    assert client.get("/accounts/me/").status_code == 302


def code_for(client, purpose, settings):
    form = {"mobile": MOBILES["li"], "purpose": purpose, **solved_captcha()}
    client.post("/accounts/sms-code/", form, headers={"accept": "application/json"})
    with open(settings.SMS_FILE) as lines:
        return json.loads(lines.readlines()[-1])["code"]


def test_a_code_signs_in_as_well(client, settings):
    li()
    form = {"mobile": MOBILES["li"], "sms_code": code_for(client, "login", settings)}
    assert client.post("/accounts/login/sms/", form).status_code == 302
    assert client.get("/accounts/me/").status_code == 200


def reset(client, code, mobile=MOBILES["li"]):
    form = {"mobile": mobile, "sms_code": code, "password": "new-tea-2026"}
    return client.post("/accounts/password/reset/", form | {"password2": "new-tea-2026"})


def test_a_code_resets_the_password_and_ends_other_sessions(client, settings):
    other = client_of(li())
    assert reset(client, code_for(client, "reset", settings)).status_code == 302
    assert sign_in(client, password="new-tea-2026").status_code == 302
    assert other.get("/accounts/me/").status_code == 302


def test_asking_for_a_reset_answers_alike_for_known_and_unknown(client):
    li()
    answers = []
    for mobile in (MOBILES["li"], "13900000099"):
        form = {"mobile": mobile, "purpose": "reset", **solved_captcha()}
        answer = client.post("/accounts/sms-code/", form, headers={"accept": "application/json"})
        answers.append((answer.status_code, answer.content))
    assert answers[0] == answers[1]


UNKNOWN = "13900000099"


@pytest.mark.parametrize("purpose", ["login", "reset"])
def test_known_and_unknown_mobiles_both_get_a_text_and_the_same_bytes(client, settings, purpose):
    """A text that does not come tells as much as a sentence; see accounts/codes.py."""
    li()
    pages = []
    for mobile in (MOBILES["li"], UNKNOWN):
        form = {"mobile": mobile, "purpose": purpose, **solved_captcha()}
        answer = client.post("/accounts/sms-code/", form, headers={"accept": "application/json"})
        pages.append((answer.status_code, answer.content, set(answer.headers)))
    assert pages[0] == pages[1]
    with open(settings.SMS_FILE) as lines:
        sent = [json.loads(line)["mobile"] for line in lines]
    assert sent == [MOBILES["li"], UNKNOWN]


def page_with(client, path, form):
    """The refused page without what differs by itself: mobile, captcha, CSRF token."""
    page = client.post(path, form).content.decode()
    page = re.sub('value="[0-9a-zA-Z]{40,64}"|image/[0-9a-f]{40}/', "", page)
    return page.replace(form["mobile"], "")


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/accounts/login/", {"password": "wrong-password"}),
        ("/accounts/login/sms/", {"sms_code": "123456"}),
        (
            "/accounts/password/reset/",
            {"sms_code": "123456", "password": "new-tea-2026", "password2": "new-tea-2026"},
        ),
    ],
)
def test_a_refused_page_is_the_same_for_known_and_unknown(client, path, form):
    li()
    pages = {page_with(client, path, {**form, "mobile": m}) for m in (MOBILES["li"], UNKNOWN)}
    assert len(pages) == 1


@pytest.mark.parametrize("purpose", ["login", "reset"])
def test_who_holds_the_mobile_is_told_that_it_is_not_registered(client, settings, purpose):
    form = {"mobile": UNKNOWN, "purpose": purpose, **solved_captcha()}
    client.post("/accounts/sms-code/", form, headers={"accept": "application/json"})
    with open(settings.SMS_FILE) as lines:
        code = json.loads(lines.readlines()[-1])["code"]
    path = {"login": "/accounts/login/sms/", "reset": "/accounts/password/reset/"}[purpose]
    new = {"password": "new-tea-2026", "password2": "new-tea-2026"}
    answer = client.post(path, {"mobile": UNKNOWN, "sms_code": code, **new})
    assert answer.context_data["form"].errors == {"mobile": ["这个手机号还没有注册，请先注册"]}


def test_a_code_does_not_sign_in_a_disabled_user(client, settings):
    li()
    code = code_for(client, "login", settings)
    User.objects.update(is_active=False)
    answer = client.post("/accounts/login/sms/", {"mobile": MOBILES["li"], "sms_code": code})
    assert "已停用" in answer.content.decode()
    assert client.get("/accounts/me/").status_code == 302


def test_the_login_log_names_way_and_browser(client, settings):
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Mobile Safari/604.1" + "x" * 300
    client.defaults["HTTP_USER_AGENT"] = agent
    li()
    sign_in(client, password="wrong")
    code = code_for(client, "login", settings)
    client.post("/accounts/login/sms/", {"mobile": MOBILES["li"], "sms_code": code})
    refused, signed_in = LoginAttempt.objects.order_by("pk")
    assert (refused.method, refused.succeeded, refused.browser) == (
        "password",
        False,
        "Safari · iPhone",
    )
    assert (signed_in.method, signed_in.succeeded) == ("code", True)
    assert signed_in.user_agent == agent[:255]
    assert LoginAttempt(mobile=MOBILES["li"]).browser == ""


def change(client, **changes):
    form = {"old_password": PASSWORD, "password": "new-tea-2026", "password2": "new-tea-2026"}
    return client.post("/accounts/password/", form | changes)


def test_changing_the_password_keeps_me_and_ends_the_others():
    me, other = client_of(li()), client_of(li())
    assert change(me).status_code == 302
    assert me.get("/accounts/me/").status_code == 200
    assert other.get("/accounts/me/").status_code == 302


def test_changing_needs_the_old_password():
    client = client_of(li())
    answer = change(client, old_password="wrong")
    assert list(answer.context_data["form"].errors) == ["old_password"]
    assert li().check_password(PASSWORD)
