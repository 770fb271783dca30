"""Two operators act on each other in the same moment: the first wins, and nobody waits for ever."""

from functools import partial

import pytest
from django.contrib.auth.models import Group, Permission

from accounts.models import AccountError, User
from ihome_site.testing import PASSWORD, client_of
from ihome_site.tests.threads import at_once

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ROUNDS = 15


def pair():
    return [User.objects.create_superuser(f"1390000000{n}", PASSWORD) for n in (8, 9)]


def now(user):
    return User.objects.get(pk=user.pk)


def test_of_two_superusers_who_disable_each_other_one_is_left(figure):
    one, other = pair()
    failed, left = [], []
    for _n in range(ROUNDS):
        User.objects.update(is_active=True)
        errors = at_once(
            partial(now(one).disable, now(other), "账号被盗"),
            partial(now(other).disable, now(one), "账号被盗"),
        )
        failed += [repr(error) for error in errors if not isinstance(error, AccountError)]
        left.append(User.objects.filter(is_active=True).count())
    figure(f"superusers left after each of {ROUNDS} rounds", sorted(set(left)), 1)
    figure("verbs that failed otherwise than in words", len(failed), 0)
    assert (set(left), failed) == ({1}, [])


def rename(editor, account, name):
    url = f"/admin/accounts/user/{account.pk}/change/"
    fields = {"name": name, "is_staff": "on", "is_superuser": "on"}
    status = client_of(now(editor)).post(url, fields).status_code
    assert status == 302, status


def test_two_operators_edit_each_other(figure):
    one, other = pair()
    failed = []
    for n in range(ROUNDS):
        errors = at_once(
            partial(rename, one, other, f"乙{n}"), partial(rename, other, one, f"甲{n}")
        )
        failed += [repr(error) for error in errors]
        assert failed or (now(one).name, now(other).name) == (f"甲{n}", f"乙{n}")
    figure(f"edits that failed of {2 * ROUNDS}", len(failed), 0)
    assert failed == []


def demote(editor, account):
    url = f"/admin/accounts/user/{account.pk}/change/"
    client_of(now(editor)).post(url, {"name": "", "is_staff": "", "is_superuser": ""})


def test_of_two_superusers_who_demote_each_other_one_is_left(figure):
    one, other = pair()
    left = []
    for _n in range(ROUNDS):
        User.objects.update(is_superuser=True, is_staff=True)
        assert at_once(partial(demote, one, other), partial(demote, other, one)) == []
        left.append(User.objects.filter(is_superuser=True, is_staff=True).count())
    figure(f"superusers left after each of {ROUNDS} rounds of demoting", sorted(set(left)), 1)
    assert set(left) == {1}


def sent(editor, path, fields):
    answer = client_of(now(editor)).post(f"/admin/{path}/change/", fields)
    assert answer.status_code == 302, (path, answer.status_code)


def test_a_role_and_its_members_are_edited_at_once(figure):
    """One form locks the role and tells its members, the other locks a member and then its role."""
    one, other = pair()
    role = Group.objects.create(name="夜班")
    powers = list(Permission.objects.values_list("pk", flat=True)[:2])
    members = [User.objects.create_user(f"1380000000{n}", PASSWORD, is_staff=True) for n in (1, 2)]
    failed = []
    for n in range(ROUNDS):
        role.user_set.set(members[n % 2 :])
        edits = [
            partial(sent, editor, f"accounts/user/{member.pk}", fields)
            for editor, member in zip((one, other), members, strict=True)
            for fields in [{"name": f"值班{member.pk}-{n}", "is_staff": "on", "groups": [role.pk]}]
        ]
        fields = {"name": "夜班", "permissions": powers[n % 2]}
        failed += at_once(*edits, partial(sent, one, f"auth/group/{role.pk}", fields))
    figure(f"edits that failed of {3 * ROUNDS}", len(failed), 0)
    assert failed == []
