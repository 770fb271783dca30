"""An account that was erased stays so: nobody at the desk brings it back to life."""

import pytest
from django.core.management import call_command

from accounts.models import AccountError, User
from accounts.supervision import ERASED_FOR_GOOD
from accounts.tests.test_supervision import NEW, boss, url_of
from ihome_site.models import OperationLog
from ihome_site.testing import chen, client_of
from ihome_site.tests.test_operators_desk import act

pytestmark = pytest.mark.django_db
WHY = "本人到店"


def erased():
    user = chen()
    call_command("erase_user", user.mobile)
    return User.objects.get(pk=user.pk)


def row_of(user):
    return User.objects.filter(pk=user.pk).values().get()


@pytest.mark.parametrize(
    ("verb", "given"),
    [
        ("enable", []),
        ("disable", [WHY]),
        ("void_password", [WHY]),
        ("change_mobile", [NEW, WHY]),
    ],
)
def test_every_verb_on_an_erased_account_is_refused_with_a_sentence(verb, given):
    user, by = erased(), boss()
    before = row_of(user)
    with pytest.raises(AccountError, match="已经注销"):
        getattr(user, verb)(by, *given)
    assert row_of(user) == before
    assert not user.notices.exists()
    assert not OperationLog.objects.filter(subject_id=str(user.pk)).exists()


def test_so_is_one_that_was_erased_while_its_page_was_open():
    user, by = chen(), boss()
    call_command("erase_user", user.mobile)
    with pytest.raises(AccountError, match="已经注销"):
        user.enable(by)
    assert not User.objects.get(pk=user.pk).is_active


def test_no_form_of_the_desk_changes_an_erased_account():
    user, client = erased(), client_of(boss())
    before = row_of(user)
    form = {"name": "又来了", "is_staff": "1", "is_superuser": "1"}
    page = client.post(url_of("change", user), form).content.decode()
    assert str(ERASED_FOR_GOOD) in page
    answer = client.post(url_of("mobile", user), {"mobile": NEW, "reason": WHY})
    assert str(ERASED_FOR_GOOD) in answer.content.decode()
    assert str(ERASED_FOR_GOOD) in act("管理员", User, "enable", user).content.decode()
    assert row_of(user) == before


def test_its_page_offers_neither():
    user, client = erased(), client_of(boss())
    page = client.get(url_of("change", user)).content.decode()
    assert "do_enable" not in page
    assert url_of("mobile", user) not in page
