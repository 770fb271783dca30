"""Many at once at the limits of accounts, over HTTP with two server processes.

Each race runs twice: with the guards, and as its own control arm with the guards off, where
it has to be lost, or it would prove nothing.
"""

import json
import statistics
import time
from contextlib import contextmanager
from functools import partial

import pytest
from captcha.models import CaptchaStore
from django.contrib.auth.hashers import make_password
from django.db import connection, models
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from accounts import devices
from accounts.browser_id import signed
from accounts.codes import send_code
from accounts.hashers import Argon2
from accounts.models import DayCount, Device, LoginAttempt, RealName, SmsCode, User
from accounts.tests.test_profile import picture
from ihome_site.testing import (
    MOBILES,
    PASSWORD,
    house_of_wang,
    id_card_of,
    li,
    solved_captcha,
    wang,
)
from ihome_site.tests.serving import Visitor, all_at_once, serving

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
MOBILE = "13912345678"
JSON = {"accept": "application/json"}
GUARDED, UNGUARDED = "ihome_site.wsgi", "accounts.tests.unguarded_wsgi"


@pytest.fixture(params=[GUARDED, UNGUARDED], ids=["guarded", "control"])
def guarded(request):
    return request.param == GUARDED


@pytest.fixture
def server(request, guarded, collected_static):
    with serving(GUARDED if guarded else UNGUARDED) as running:
        yield running


@pytest.fixture
def judge(figure, guarded):
    """judge(name, count, most): at most so many with the guards on, more with them off."""

    def compare(name, count, most):
        figure(
            name if guarded else f"control arm: {name}", count, f"{'≤' if guarded else '>'} {most}"
        )
        assert (count <= most) is guarded

    return compare


def visitors(server, count, user=None):
    return [Visitor(server, user) for _n in range(count)]


def no_5xx(answers):
    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []


def said(answers, sentence):
    return sum(sentence in answer.text for answer in answers)


def sent_code(settings):
    with open(settings.SMS_FILE) as lines:
        return json.loads(lines.readlines()[-1])["code"]


def ask_for_code(visitor, fields, mobile=MOBILE, purpose="register"):
    form = {"csrfmiddlewaretoken": visitor.CSRF, "mobile": mobile, "purpose": purpose, **fields}
    return visitor.ask("POST", "/accounts/sms-code/", data=form, headers=JSON)


def test_fifty_requests_send_one_text(server, settings, judge):
    people = visitors(server, 50)
    captchas = [solved_captcha() for _n in people]
    answers = all_at_once(
        [partial(ask_for_code, *each) for each in zip(people, captchas, strict=True)]
    )
    with open(settings.SMS_FILE) as lines:
        judge("texts of 50 parallel requests", len(lines.readlines()), 1)
    no_5xx(answers)
    assert SmsCode.objects.exists()


def test_one_captcha_replayed_forty_times_passes_once(server, judge):
    fields = solved_captcha()
    answers = all_at_once(
        [
            partial(ask_for_code, person, fields, f"139{n:08d}")
            for n, person in enumerate(visitors(server, 40))
        ]
    )
    judge("captcha passes of 40 replays", sum(a.status_code == 200 for a in answers), 1)
    no_5xx(answers)
    assert not CaptchaStore.objects.filter(hashkey=fields["captcha_0"]).exists()


def guess(visitor, code, browser):
    """Enter a code as the browser that asked for it, with its signed id in the form."""
    form = {"mobile": MOBILE, "sms_code": code, "password": PASSWORD, "password2": PASSWORD}
    return visitor.post("/accounts/register/", browser=browser, **form)


def wrong(code):
    return "000000" if code != "000000" else "111111"


def test_sixty_guesses_compare_five(server, settings, judge):
    fields = solved_captcha()
    ask_for_code(Visitor(server), fields)
    code = wrong(sent_code(settings))
    answers = all_at_once(
        [partial(guess, each, code, fields["browser"]) for each in visitors(server, 60)]
    )
    judge("codes compared of 60 parallel guesses", said(answers, "短信验证码不对"), 5)
    no_5xx(answers)


def test_twenty_registrations_with_the_right_code_make_one_user(server, settings, judge):
    fields = solved_captcha()
    ask_for_code(Visitor(server), fields)
    code = sent_code(settings)
    answers = all_at_once(
        [partial(guess, each, code, fields["browser"]) for each in visitors(server, 20)]
    )
    past_the_code = sum(answer.status_code == 302 for answer in answers)
    past_the_code += said(answers, "已经注册过了")
    judge("registrations that got past one code", past_the_code, 1)
    no_5xx(answers)
    assert User.objects.filter(mobile=MOBILE).count() == 1


def test_guesses_from_one_address_stop_at_sixty_an_hour(server, settings, judge):
    """Of eight browsers with a code each, asked for elsewhere, five guesses each."""
    LoginAttempt.objects.bulk_create(
        LoginAttempt(mobile=MOBILE, address="127.0.0.1", method="code") for _n in range(55)
    )
    guesses = []
    for n, visitor in enumerate(visitors(server, 8)):
        mobile, browser = f"138{n:08d}", f"{n:016x}"
        send_code(mobile, "login", f"198.51.100.{n}", browser)
        form = {"mobile": mobile, "sms_code": wrong(sent_code(settings))}
        form["browser"] = signed(browser)
        guesses += [partial(visitor.post, "/accounts/login/sms/", **form)] * 5
    answers = all_at_once(guesses)
    judge("codes compared for an address where 5 had room", said(answers, "短信验证码不对"), 5)
    no_5xx(answers)


def passwords_evaluated(people, captchas):
    form = {"mobile": MOBILES["li"], "password": "wrong-guess"}
    answers = all_at_once(
        [
            partial(person.post, "/accounts/login/", **form, **fields)
            for person, fields in zip(people, captchas, strict=True)
        ]
    )
    no_5xx(answers)
    assert LoginAttempt.objects.filter(succeeded=True).count() == 0
    return said(answers, "手机号或密码不对")


@pytest.fixture
def li_with_argon2():
    li()
    User.objects.update(password=make_password(PASSWORD, hasher=Argon2()))


def test_sixty_password_guesses_evaluate_five_without_a_captcha(server, judge, li_with_argon2):
    evaluated = passwords_evaluated(visitors(server, 60), [{}] * 60)
    judge("passwords evaluated of 60 guesses without a captcha", evaluated, 5)


def test_sixty_password_guesses_evaluate_twenty_five(server, judge, li_with_argon2):
    captchas = [solved_captcha() for _n in range(60)]
    evaluated = passwords_evaluated(visitors(server, 60), captchas)
    judge("passwords evaluated of 60 guesses with captchas, from one address", evaluated, 25)


def test_forty_sign_ins_at_once_leave_thirty_devices(server, judge, li_with_argon2):
    form = {"mobile": MOBILES["li"], "password": PASSWORD}
    answers = all_at_once(
        [
            partial(person.post, "/accounts/login/", **form, **solved_captcha())
            for person in visitors(server, 40)
        ]
    )
    assert [answer.status_code for answer in answers] == [302] * 40
    left = Device.objects.count()
    judge("devices left by 40 sign-ins at once", left, devices.MOST + 3)
    assert left >= devices.MOST - 3


def known_device_cookie(user):
    response = HttpResponse()
    devices.remember(RequestFactory().get("/"), user, response)
    return response.cookies["known_device"].value


def test_sixty_guesses_from_a_known_device_evaluate_five(server, judge, li_with_argon2):
    """Strangers have used up what goes without a captcha."""
    LoginAttempt.objects.bulk_create(
        LoginAttempt(mobile=MOBILES["li"], address=f"203.0.113.{n}") for n in range(5)
    )
    people, cookie = visitors(server, 60), known_device_cookie(li())
    for person in people:
        person.browser.cookies["known_device"] = cookie
    evaluated = passwords_evaluated(people, [{}] * 60)
    judge("passwords evaluated of 60 guesses from a known device", evaluated, 5)


def test_twenty_requests_of_a_known_device_send_one_text(server, settings, judge):
    """Strangers have used up the day, so that its own budget is what counts."""
    SmsCode.objects.bulk_create(
        SmsCode(mobile=MOBILES["li"], purpose="login", address="::1", expires_at=timezone.now())
        for _n in range(10)
    )
    people, cookie = visitors(server, 20), known_device_cookie(li())
    for person in people:
        person.browser.cookies["known_device"] = cookie
    answers = all_at_once(
        [partial(ask_for_code, one, solved_captcha(), MOBILES["li"], "login") for one in people]
    )
    with open(settings.SMS_FILE) as lines:
        judge("texts of 20 requests of a known device", len(lines.readlines()), 1)
    no_5xx(answers)


@contextmanager
def unconstrained(name, is_off):
    """Real names without the uniqueness of the column `name` while `is_off`."""
    old = RealName._meta.get_field(name)
    new = models.CharField(max_length=64)
    if old.is_relation:
        new = models.ForeignKey(User, models.CASCADE, related_name="+")
    new.set_attributes_from_name(name)
    new.model = RealName
    if is_off:
        alter(old, new)
    try:
        yield
    finally:
        if is_off:
            RealName.objects.all().delete()
            alter(new, old)


def alter(old, new):
    with connection.schema_editor() as editor:
        editor.alter_field(RealName, old, new)


def prove(visitor, number):
    form = {"real_name": "李雷雷", "id_card": id_card_of(number), "consent": "on"}
    return visitor.post("/accounts/real-name/", **form)


def test_forty_proofs_of_one_user_leave_one_row(server, guarded, judge):
    with unconstrained("user", not guarded):
        people = visitors(server, 40, li())
        answers = all_at_once([partial(prove, each, n) for n, each in enumerate(people)])
        judge("real names of one user", RealName.objects.count(), 1)
        assert RealName.objects.exists()
    no_5xx(answers)


def test_one_card_proves_one_of_forty_accounts(server, guarded, judge):
    users = [User.objects.create_user(f"137{n:08d}") for n in range(40)]
    with unconstrained("id_card_index", not guarded):
        answers = all_at_once([partial(prove, Visitor(server, user), 7) for user in users])
        judge("accounts proved with one card", RealName.objects.count(), 1)
        assert RealName.objects.exists()
    no_5xx(answers)


NO_PLACE = "正在处理的照片有点多"


def upload(visitor, path, field):
    files = {field: ("a.png", picture().read(), "image/png")}
    form = {"csrfmiddlewaretoken": visitor.CSRF}
    while NO_PLACE in (answer := visitor.ask("POST", path, data=form, files=files)).text:
        time.sleep(0.2)  # as the site's script does
    return answer


def test_twenty_five_avatars_at_once_stop_at_two_hundred(server, judge):
    DayCount.objects.create(user=li(), action="upload", day=timezone.localdate(), count=190)
    people = visitors(server, 25, li())
    answers = all_at_once([partial(upload, each, "/accounts/avatar/", "avatar") for each in people])
    accepted = sum(answer.status_code == 302 for answer in answers)
    judge("avatars taken where 10 had room", accepted, 10)
    no_5xx(answers)


def test_thirty_photos_at_once_leave_twelve(server, judge):
    house = house_of_wang()
    path = f"/houses/{house.pk}/images/"
    people = visitors(server, 30, wang())
    answers = all_at_once([partial(upload, each, path, "house_image") for each in people])
    judge("photos of 30 at once", house.images.count(), 12)
    no_5xx(answers)
    assert sum(answer.status_code == 302 for answer in answers) == house.images.count()


def medians_of(pairs, ask):
    """Median milliseconds of the answers to known and unknown mobiles.

    Which of a pair goes first changes from pair to pair: the first is a little slower.
    """
    times = {"known": [], "unknown": []}
    for n, pair in enumerate(pairs):
        for kind, mobile in sorted(zip(times, pair, strict=True), reverse=n % 2):
            times[kind].append(ask(mobile).elapsed.total_seconds() * 1000)
    return ", ".join(f"{kind} {statistics.median(each):.1f}" for kind, each in times.items())


def test_known_and_unknown_mobiles_take_the_same_time(collected_static, figure):
    """Figures only: how equal they are is for a reader to judge."""
    pairs = [(f"136{n:08d}", f"135{n:08d}") for n in range(25)]
    password = make_password(PASSWORD, hasher=Argon2())
    User.objects.bulk_create(User(mobile=known, password=password) for known, _unknown in pairs)
    with serving(workers=1) as server:
        visitor = Visitor(server)
        sign_in = partial(visitor.post, "/accounts/login/", password="wrong-guess")
        figure(
            "median ms of a refused sign-in",
            medians_of(pairs, lambda mobile: sign_in(mobile=mobile, **solved_captcha())),
            "alike",
        )
        figure(
            "median ms of asking for a reset code",
            medians_of(
                pairs[:14], lambda mobile: ask_for_code(visitor, solved_captcha(), mobile, "reset")
            ),
            "alike",
        )
    assert LoginAttempt.objects.count() == 50
    assert SmsCode.objects.count() == 28
