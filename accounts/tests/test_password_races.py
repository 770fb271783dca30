"""A new password that was under way never replaces what somebody else decided meanwhile."""

import pytest
from django.conf import settings as site
from django.contrib.auth.hashers import MD5PasswordHasher, PBKDF2PasswordHasher
from django.test import Client

from accounts.models import Device, User
from accounts.tests.test_login import change, code_for, sign_in
from accounts.tests.test_supervision import boss
from ihome_site.testing import MOBILES, PASSWORD, client_of, li
from orders.erasure import erase

pytestmark = pytest.mark.django_db
STOLEN, OWN = "stolen-tea-and-bread", "own-milk-and-honey"
ELSEWHERE = "13911112222"


@pytest.fixture
def while_hashing(monkeypatch):
    """Something that happens, once, while a password is hashed to be stored."""

    def arrange(password, meanwhile):
        encode, waiting = MD5PasswordHasher.encode, [meanwhile]

        def interrupted(self, text, salt):
            if text == password and waiting:
                waiting.pop()()
            return encode(self, text, salt)

        monkeypatch.setattr(MD5PasswordHasher, "encode", interrupted)
        return waiting

    return arrange


def change_to(client, password):
    return change(client, password=password, password2=password)


def reset_to(password):
    client = Client()
    form = {"mobile": MOBILES["li"], "sms_code": code_for(client, "reset", site)}
    return client.post(
        "/accounts/password/reset/", form | {"password": password, "password2": password}
    )


def voided():
    li().void_password(boss(), "被盗")


def moved():
    li().change_mobile(boss(), ELSEWHERE, "换号")


def disabled():
    li().disable(boss(), "被盗")


def disabled_and_enabled():
    disabled()
    User.objects.get(mobile=MOBILES["li"]).enable(boss())


def reset_by_its_owner():
    assert reset_to(OWN).status_code == 302


def erased():
    erase(li())


MEANWHILE = [voided, moved, disabled, disabled_and_enabled, reset_by_its_owner, erased]


@pytest.mark.parametrize("meanwhile", MEANWHILE)
def test_a_change_under_way_undoes_nothing_and_its_session_ends(while_hashing, meanwhile):
    thief, pk = client_of(li()), li().pk
    waiting = while_hashing(STOLEN, meanwhile)
    answer = change_to(thief, STOLEN)
    assert not waiting
    assert answer.status_code == 409
    assert "密码没有改" in answer.content.decode()
    assert not User.objects.get(pk=pk).check_password(STOLEN)
    assert User.objects.get(pk=pk).check_password(OWN) == (meanwhile == reset_by_its_owner)
    assert thief.get("/accounts/me/").status_code == 302


@pytest.mark.parametrize("meanwhile", [moved, disabled, erased])
def test_a_reset_under_way_sets_no_password_for_who_no_longer_has_it(while_hashing, meanwhile):
    pk = li().pk
    waiting = while_hashing(STOLEN, meanwhile)
    answer = reset_to(STOLEN)
    assert not waiting
    assert (answer.status_code, User.objects.get(pk=pk).check_password(STOLEN)) == (409, False)


def test_a_reset_wins_over_a_change_that_was_quicker(while_hashing):
    thief = client_of(li())
    waiting = while_hashing(OWN, lambda: change_to(thief, STOLEN))
    reset_by_its_owner()
    assert not waiting
    assert User.objects.get().check_password(OWN)
    assert thief.get("/accounts/me/").status_code == 302
    assert not Device.objects.exists()


@pytest.mark.parametrize("meanwhile", [voided, moved, reset_by_its_owner, erased])
def test_an_old_hash_renewed_at_sign_in_undoes_nothing(while_hashing, meanwhile, settings):
    pk = li().pk
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
    old = PBKDF2PasswordHasher().encode(PASSWORD, "saltsaltsalt", 1000)
    User.objects.filter(pk=pk).update(password=old)
    waiting = while_hashing(PASSWORD, meanwhile)
    thief = Client()
    answer = sign_in(thief)
    assert not waiting
    assert answer.status_code == 400
    assert not User.objects.get(pk=pk).check_password(PASSWORD)
    assert thief.get("/accounts/me/").status_code == 302
