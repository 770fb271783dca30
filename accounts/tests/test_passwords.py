"""What a password may be, how it is kept, and that its length is looked at first."""

import gzip
import re
import threading
import time
from functools import partial

import pytest
from django.conf import settings as site
from django.contrib.auth import hashers
from django.contrib.auth.hashers import (
    Argon2PasswordHasher,
    PBKDF2PasswordHasher,
    make_password,
)
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from accounts.hashers import Argon2
from accounts.models import SmsCode, User
from accounts.passwords import NEAR, BreachedValidator, plain, ways_to_read, words_with_tails
from accounts.tests.test_login import change, code_for, reset, sign_in
from ihome_site.testing import MOBILES, PASSWORD, client_of, li
from ihome_site.tests.threads import at_once

pytestmark = pytest.mark.django_db
TOO_LONG = "长" * 129


@pytest.fixture
def real_hashers(settings):
    settings.PASSWORD_HASHERS = [
        "accounts.hashers.Argon2",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]


@pytest.fixture
def hashed(monkeypatch):
    """The passwords that reached a hasher."""
    seen = []
    real = hashers.MD5PasswordHasher.encode

    def encode(self, password, salt):
        seen.append(password)
        return real(self, password, salt)

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", encode)
    return seen


def test_passwords_are_kept_as_argon2id_at_the_named_cost(real_hashers):
    user = User.objects.create_user("13912345678", PASSWORD)
    assert user.password.startswith("argon2$argon2id$v=19$m=47104,t=1,p=1$")
    assert (Argon2.time_cost, Argon2.memory_cost, Argon2.parallelism) == (1, 47104, 1)


def test_two_passwords_are_hashed_at_a_time_in_a_process(monkeypatch):
    """Each takes 46 MiB: eight threads would take a worker to 450 MB."""
    at_it, most, counting = [], [], threading.Lock()

    def slowly(*_args):
        with counting:
            at_it.append(1)
            most.append(len(at_it))
        time.sleep(0.05)
        with counting:
            at_it.pop()

    monkeypatch.setattr(Argon2PasswordHasher, "verify", slowly)
    monkeypatch.setattr(Argon2PasswordHasher, "encode", slowly)
    work = [partial(Argon2().verify, PASSWORD, ""), partial(Argon2().encode, PASSWORD, "salt")]
    assert at_once(*work * 4) == []
    assert max(most) == 2


def test_the_site_writes_with_argon2_first():
    text = (site.BASE_DIR / "ihome_site" / "settings.py").read_text()
    first = re.search(r"PASSWORD_HASHERS = \[\s*\"([^\"]+)\"", text)[1]
    assert first == "accounts.hashers.Argon2"


def test_an_old_hash_is_renewed_at_the_next_sign_in(client, real_hashers):
    old = PBKDF2PasswordHasher().encode(PASSWORD, "saltsaltsalt", 1000)
    User.objects.create_user(MOBILES["li"])
    User.objects.update(password=old)
    assert sign_in(client).status_code == 302
    assert User.objects.get().password.startswith("argon2$argon2id$v=19$m=47104,t=1,p=1$")
    assert client.get("/accounts/me/").status_code == 200


def test_a_weaker_argon2_is_renewed_as_well(client, real_hashers):
    class Weak(Argon2):
        memory_cost = 8192

    weak = Weak().encode(PASSWORD, "saltsaltsalt")
    User.objects.create_user(MOBILES["li"])
    User.objects.update(password=weak)
    sign_in(client)
    assert "m=47104" in User.objects.get().password


def test_a_password_too_long_is_never_hashed_at_sign_in(client, hashed):
    li()
    hashed.clear()
    assert sign_in(client, password=TOO_LONG).status_code == 400
    assert hashed == []


def test_nor_as_the_old_one_nor_as_the_new_one(hashed):
    client = client_of(li())
    hashed.clear()
    assert change(client, old_password=TOO_LONG).status_code == 400
    assert TOO_LONG not in hashed
    assert change(client, password=TOO_LONG, password2=TOO_LONG).status_code == 400
    assert TOO_LONG not in hashed


def test_nor_when_resetting(client, settings, hashed):
    li()
    form = {"mobile": MOBILES["li"], "sms_code": code_for(client, "reset", settings)}
    client.post("/accounts/password/reset/", form | {"password": TOO_LONG, "password2": TOO_LONG})
    assert TOO_LONG not in hashed


@pytest.mark.parametrize("password", ["x" * 7, "x" * 129, "password1", "qwertyuiop", "73194628"])
def test_short_long_common_and_numeric_passwords_are_refused(password):
    answer = change(client_of(li()), password=password, password2=password)
    assert (answer.status_code, answer.context_data["form"].errors.keys() >= {"password"}) == (
        400,
        True,
    )


EVERYBODYS = [
    *(
        "aijiazufang",
        "ihome2026",
        "AiJia@2026",
        "1h0me-2026!",
        "爱家租房爱家租房",
        "ｉｈｏｍｅ２０２６",
    ),
    *("woaini1314", "5201314a", "qwer1234", "1qaz2wsx", "a123456789"),
    *("asdf1234..", "aaaa1111", "i-h-o-m-e-2026", "beijing_2026", "a1jiaZuf4ng"),
    *("Shanghai2026", "changeme123", "zaq12wsx!", "monkey12345", "football2024", "dragon12345"),
    *("china2008", "shenzhen123", "lijing520", "Wangxiaoming-1990", "zhangwei_888", "i1ovey0u!!"),
    *("welcome2026", "letmein123", "sunsh1ne99", "princess01", "superman1", "batman520"),
    *("guangdong_2025", "Xi'an1314", "5201314woaini", "1314520abc", "7758521a"),
    *("147852369a", "147258369a", "a159357159357", "789456123z", "963852741q"),
    *("11223344aa", "aabbccdd1", "112233aa", "abc123def456", "123abc456def", "1q2w3e4r5t!"),
    *("P@ssw0rd123", "admin888888", "zufang123456", "li13900000002", "abc00000002"),
]

BIRTHDAYS = """
    19900101a a19951020 lm19900101 wjl19881212 bj19951020 19951020ab zxy950120 李小明19900101
    1995-10-20lm 11010519950120345X a110105199501203456
"""
OTHER_WORDS = """
    Summer2024! winter2024 January2024 hgfedcba zyxwvuts drowssap123 pässword123 pаssword123
    lucky888 toyota12 wangzherongyao 一二三四五六七八 零一二三四五六七 甲乙丙丁戊己庚辛
    赵钱孙李周吴郑王 新年快乐万事如意 床前明月光疑是地上霜
"""
PINYIN_WORDS = [
    *("chenchen123", "xiaoxiao1", "hehehehe1", "hahahehe12", "lelelelele", "haohaoxuexi1"),
    *("lanqiu123", "caonima123", "caonima1", "lanqiu520", "mingtian1", "nainai888", "niunai666"),
    *("lanqiu2024", "Lanqiu_123!", "lan-qiu-123", "123lanqiu", "chen-chen-123", "123chenchen"),
    *(
        "ｌａｎｑｉｕ１２３",
        "lanqiu123456",
        "nver2024",
        "shabi12345",
        "xiangjiao",
        "lanqiu13900000002",
    ),
    *("woaichenchen520", "iloveyouchenchen", "caonima-abc", "wangbadan.net", "hao_chi_123"),
]

# Words of breach lists with what people put around them.
TAILS = """
    jessica1! michelle123 liverpool! linkedin! daniel2024 iphone15pro hellokitty1 taylorswift
    Jessica@2024 m1chelle99! j3ss1c4! 123jessica! !l1verp00l99 jessica7x jessica20021 131313@123
    jessica0002 helicopter1!
"""
# Such a word twice, or with marks or blanks in it.
DOUBLED_OR_DIVIDED = [
    *("jessicajessica", "jessica jessica 1", "Jessica-jessica-jessica1!", "jessica 1 jessica 1"),
    *(
        "j e s s i c a 1",
        "j.e.s.s.i.c.a.1",
        "jes-si-ca-2024",
        "l_i_v_e_r_p_o_o_l",
        "m.1.c.h.3.l.l.e",
    ),
]

NO_SENTENCES = [
    *("欢迎来到爱家租房", "租房平台欢迎回家", "woyaozufang", "landlord1", "yiluyoufa168"),
    *("北京上海广州深圳", "我爱你中国我爱你上海", "我爱你我爱你我爱你"),
    *("上海的房子太贵", "房子房子房子贵贵", "上海房子-太贵了"),
]


@pytest.mark.parametrize(
    "password",
    [
        *EVERYBODYS,
        *BIRTHDAYS.split(),
        *OTHER_WORDS.split(),
        *PINYIN_WORDS,
        *TAILS.split(),
        *DOUBLED_OR_DIVIDED,
        *NO_SENTENCES,
    ],
)
def test_the_sites_own_words_and_everybodys_are_refused(password):
    answer = change(client_of(li()), password=password, password2=password)
    assert (answer.status_code, answer.context_data["form"].errors.keys() >= {"password"}) == (
        400,
        True,
    )


GOOD = [
    *("ihome-qiuyue-7", "我家的猫叫年糕呀", "tea5201314cup"),
    *("shanghai-fengzheng-7", "purple monkey dishwasher", "student-kite-88", "bookkeeper-olive"),
    *("xiangjiao-niunai", "T7#kq9vR", "lijing-likes-tofu", "malina-forest", "159-lamps-of-brass"),
    *(
        "helicopter-42",
        "mingtianxiayu",
        "武汉热干面真好吃",
        "first-thirst-4",
        "77 Kettles, 12 cups",
    ),
    *("nangua-tang-42", "lanqiu7-tofu", "qiuyue-lanqiu-7", "banana-boat-7", "我家的mingtian7"),
    "mingtian73819",
    *("上海的房子太贵了", "北京到上海的民宿", "在广州租房不容易"),
]


@pytest.mark.parametrize("password", GOOD)
def test_with_something_of_ones_own_they_may_be_part_of_it(password):
    assert change(client_of(li()), password=password, password2=password).status_code == 302


OWN_TAILS = ["jessicax7Q!f2kP9w", "jessica-73819", "michelle4826937!", "helicopter-43"]
OWN_TAILS += ["j e s s i c a 7 3 8 1 9", "jessica-jessica-73819"]
SENTENCES = [
    "correct horse battery staple",
    "correcthorsebatterystaple",
    "lazy brown river songs",
    "banana tea and cups",
]


@pytest.mark.parametrize("password", OWN_TAILS + SENTENCES)
def test_a_common_word_with_a_tail_of_ones_own_or_among_others_is_taken(password):
    assert validate_password(password, User(mobile=MOBILES["li"], name="li")) is None


def is_taken(password):
    try:
        validate_password(password, User(mobile=MOBILES["li"]))
    except ValidationError:
        return False
    return True


def test_none_of_the_thousand_commonest_is_taken_with_a_usual_tail():
    words = list(BreachedValidator().passwords)[:1000]
    assert words[:3] == ["123456", "123456789", "qwerty"]
    tails = ["1!", "2024", "123", "!", "@123", "888"]
    tried = [word + tail for word in words for tail in tails if len(word + tail) >= 8]
    assert len(tried) > 4000
    assert list(filter(is_taken, tried)) == []


def test_the_list_of_breaches_is_read_once_a_process(monkeypatch):
    validate_password("gulou-clock-9")
    monkeypatch.setattr(gzip, "open", None)
    validate_password("gulou-clock-9")


@pytest.mark.parametrize("password", ["short-8x", "长" * 128, "with a space", " leading"])
def test_any_other_password_of_8_to_128_characters_is_taken(password):
    assert change(client_of(li()), password=password, password2=password).status_code == 302
    assert li().check_password(password)


def test_a_reset_ends_every_session_and_its_row(client, settings):
    user = li()
    assert sign_in(client).status_code == 302
    assert user.devices.count() == 1
    assert reset(client, code_for(client, "reset", settings)).status_code == 302
    assert user.devices.count() == 0
    assert client.get("/accounts/me/").status_code == 302


NAME = "gulinazha77"


def reset_to(client, code, password):
    form = {"mobile": MOBILES["li"], "sms_code": code, "password": password, "password2": password}
    return client.post("/accounts/password/reset/", form)


def test_a_reset_refuses_the_name_of_the_account_and_keeps_the_code(client, settings):
    user = li()
    User.objects.update(name=NAME)
    assert change(client_of(user), password=NAME, password2=NAME).status_code == 400
    code = code_for(client, "reset", settings)
    refused = reset_to(client, code, NAME)
    assert (refused.status_code, list(refused.context_data["form"].errors)) == (400, ["password"])
    assert li().check_password(PASSWORD)
    assert reset_to(client, code, "gulou-clock-9").status_code == 302
    assert li().check_password("gulou-clock-9")


def test_a_name_refused_uses_up_a_try_of_the_code(client, settings):
    """Or a code would be good for any number of questions about the account."""
    li()
    User.objects.update(name=NAME)
    code = code_for(client, "reset", settings)
    for _n in range(SmsCode.TRIES):
        assert list(reset_to(client, code, NAME).context_data["form"].errors) == ["password"]
    answer = reset_to(client, code, "gulou-clock-9")
    assert list(answer.context_data["form"].errors) == ["sms_code"]


def test_a_wrong_code_does_not_tell_whose_name_a_password_is(client, settings):
    li()
    User.objects.update(name=NAME)
    wrong = "000000" if code_for(client, "reset", settings) != "000000" else "111111"
    errors = [
        reset_to(client, wrong, password).context_data["form"].errors
        for password in (NAME, "gulou-clock-9")
    ]
    assert errors[0] == errors[1] == {"sms_code": ["短信验证码不对"]}


def test_md5_is_only_for_tests():
    assert make_password("x" * 8).startswith("md5$")
    assert "MD5" not in (site.BASE_DIR / "ihome_site" / "settings.py").read_text()


def test_a_password_typed_at_the_console_ends_every_session(monkeypatch):
    browser = client_of(li())
    typed = iter(["gulou-bell-1272", "other-bell-1272", "short", "short"] + ["gulou-bell-1272"] * 2)
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(typed))
    call_command("changepassword", li().mobile)
    assert li().check_password("gulou-bell-1272")
    assert browser.get("/orders/").status_code == 302


def test_nobodys_mobile_is_said_at_the_console():
    with pytest.raises(CommandError, match="13900000009"):
        call_command("changepassword", "13900000009")


@pytest.mark.parametrize("text", ["0101" * 32, "⑩" * 128, "1" * 60 + "jessica" + "!" * 60])
def test_a_long_row_of_digits_is_no_more_work(text):
    """Whoever registers may send one without a captcha."""
    ways = ways_to_read(plain(text, ""))
    assert len(ways) <= 3
    assert max(len(list(words_with_tails(way))) for way in ways) <= 2 * (NEAR + 1) ** 2
