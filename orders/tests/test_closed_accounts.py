"""Who is disabled or erased while their own request is under way writes nothing any more."""

from pathlib import Path

import pytest
from django.conf import settings

from accounts import sign_in_forms, sms
from accounts.limits import Limit
from accounts.models import LoginAttempt, SmsCode, User
from houses.models import House
from houses.tests.test_owner_pages import form, picture
from houses.views import HouseEditView
from ihome_site.testing import PASSWORD, client_of, house_of_wang, solved_captcha, wang
from orders.erasure import erase

pytestmark = pytest.mark.django_db


def disable(user):
    User.objects.filter(pk=user.pk).update(is_active=False)


def name(_house):
    return "/accounts/name/", {"name": "王新名"}


def avatar(_house):
    return "/accounts/avatar/", {"avatar": picture()}


def publish(_house):
    return "/houses/new/", form()


def edit(house):
    return f"/houses/{house.pk}/edit/", form(title="写着王新名的房子")


def add_photo(house):
    return f"/houses/{house.pk}/images/", {"house_image": picture()}


@pytest.fixture
def house():
    return house_of_wang()


@pytest.fixture
def client(house):
    return client_of(house.owner)


def closing(monkeypatch, close):
    """Close the account just after its request was judged, when the limit of the day is asked."""
    take = Limit.take

    def take_and_close(self, user, most=None):
        take(self, user, most)
        close(User.objects.get(pk=user.pk))

    monkeypatch.setattr(Limit, "take", take_and_close)


def files():
    return {file for file in Path(settings.MEDIA_ROOT).rglob("*") if file.is_file()}


def stored():
    rows = House.objects.order_by("pk").values_list("pk", "title", "price", "cover")
    return files(), list(rows), User.objects.get(mobile=wang().mobile).name


@pytest.mark.parametrize("request_of", [name, avatar, publish, edit])
def test_who_is_disabled_meanwhile_saves_nothing(request_of, client, house, monkeypatch):
    before = stored()
    closing(monkeypatch, disable)
    assert client.post(*request_of(house)).status_code == 403
    assert stored() == before


@pytest.mark.parametrize("request_of", [name, avatar, publish, edit, add_photo])
def test_who_is_erased_meanwhile_leaves_no_word(request_of, client, house, monkeypatch):
    user, before = house.owner, files()
    if request_of is edit:  # it holds its home from the start, and erasing would wait for it
        save = HouseEditView.save
        first = lambda view, *args, **kwargs: erase(user) or save(view, *args, **kwargs)  # noqa: E731
        monkeypatch.setattr(HouseEditView, "save", first)
    else:
        closing(monkeypatch, erase)
    assert client.post(*request_of(house)).status_code in {400, 403, 404}
    user.refresh_from_db()
    assert (user.is_erased, user.avatar) == (True, "")
    assert "新名" not in str([*House.objects.values(), user.name])
    assert user.houses.exclude(pk=house.pk).count() == 0
    assert files() == before


# The ledgers' rows go with the person, also those of a request that is just being judged.


def test_who_is_erased_while_signing_in_is_not_signed_in(client, house, monkeypatch):
    judge = sign_in_forms.authenticate

    def judge_and_erase(request, **pair):
        user = judge(request, **pair)
        erase(house.owner)
        return user

    monkeypatch.setattr(sign_in_forms, "authenticate", judge_and_erase)
    client.logout()
    form = {"mobile": house.owner.mobile, "password": PASSWORD}
    assert client.post("/accounts/login/", form).status_code in {302, 400}
    assert client.get("/accounts/me/").status_code == 302
    assert not LoginAttempt.objects.exists()


def test_who_is_erased_while_changing_the_password_gets_an_answer(client, monkeypatch):
    judge = User.check_password

    def judge_and_erase(user, password):
        right = judge(user, password)
        erase(user)
        return right

    monkeypatch.setattr(User, "check_password", judge_and_erase)
    new = {"password": "new-tea-2026", "password2": "new-tea-2026"}
    answer = client.post("/accounts/password/", {"old_password": PASSWORD, **new})
    assert answer.status_code == 409
    assert client.get("/accounts/me/").status_code == 302
    assert not LoginAttempt.objects.exists()


def test_a_text_that_fails_during_an_erasure_is_a_sentence(client, house, monkeypatch):
    def erase_and_fail(*_args):
        erase(house.owner)
        raise sms.SmsError

    monkeypatch.setattr(sms, "send", erase_and_fail)
    form = {"mobile": house.owner.mobile, "purpose": "login", **solved_captcha()}
    client.logout()
    answer = client.post("/accounts/sms-code/", form, headers={"accept": "application/json"})
    assert (answer.status_code, SmsCode.objects.count()) == (503, 0)
