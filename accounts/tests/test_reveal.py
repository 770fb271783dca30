"""An operator with the permission sees an ID number in full, and leaves a trace."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import IdCardView, RealName, User
from ihome_site.testing import client_of, id_card_of, li, wang

pytestmark = pytest.mark.django_db


def operator(*permissions):
    user = User.objects.create_user("13900000008", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


@pytest.fixture
def url():
    wang()
    return reverse("admin:accounts_realname_reveal", args=[RealName.objects.get().pk])


def test_the_number_is_shown_after_a_reason_which_is_kept(url):
    user = operator("view_realname", "reveal_id_card")
    client = client_of(user)
    assert id_card_of(1) not in client.get(url).content.decode()
    assert not IdCardView.objects.exists()
    answer = client.post(url, {"reason": "派出所来函 2026-118"})
    assert id_card_of(1) in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    view = IdCardView.objects.get()
    assert (view.viewer, view.subject) == (user, wang())
    assert (view.reason, view.address) == ("派出所来函 2026-118", "127.0.0.1")


@pytest.mark.parametrize("reason", ["", "   ", "abc", "长" * 256, "a\x00bcd"])
def test_without_a_proper_reason_nothing_is_shown(url, reason):
    client = client_of(operator("view_realname", "reveal_id_card"))
    answer = client.post(url, {"reason": reason})
    assert id_card_of(1) not in answer.content.decode()
    assert not IdCardView.objects.exists()


@pytest.mark.parametrize("permissions", [[], ["view_realname"], ["reveal_id_card"]])
def test_operators_without_both_permissions_do_not(url, permissions):
    client = client_of(operator(*permissions))
    assert client.post(url, {"reason": "好奇，想看看"}).status_code == 403
    assert not IdCardView.objects.exists()


def test_guests_and_owners_do_not(url):
    for user in (li(), wang()):
        assert client_of(user).post(url, {"reason": "好奇，想看看"}).status_code == 302
    assert not IdCardView.objects.exists()


def test_the_link_stands_only_where_it_may_be_used():
    wang()
    page = reverse("admin:accounts_realname_change", args=[RealName.objects.get().pk])
    looking = operator("view_realname")
    assert "查看完整身份证号" not in client_of(looking).get(page).content.decode()
    looking.user_permissions.add(Permission.objects.get(codename="reveal_id_card"))
    assert "查看完整身份证号" in client_of(looking).get(page).content.decode()


def test_the_trace_cannot_be_changed_or_deleted(url):
    boss = User.objects.create_superuser("13900000009", "x")
    client = client_of(boss)
    client.post(url, {"reason": "核对房东身份"})
    row = IdCardView.objects.get()
    for page in ("change", "delete"):
        path = reverse(f"admin:accounts_idcardview_{page}", args=[row.pk])
        assert client.post(path, {"post": "yes", "reason": "改"}).status_code == 403
    assert list(IdCardView.objects.values_list("reason", flat=True)) == ["核对房东身份"]
