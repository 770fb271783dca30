"""The longest forms of the desk, sent back as a browser would: as many fields as the site shows."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from accounts.models import User
from houses.models import Facility
from ihome_site.desk import MOST_AT_ONCE
from ihome_site.testing import PASSWORD, client_of
from ihome_site.tests.markup import form_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss():
    return client_of(User.objects.create_superuser("13900000009", PASSWORD))


def test_one_permission_is_taken_from_the_largest_role(boss):
    role = Group.objects.get(name="管理员")
    url = reverse("admin:auth_group_change", args=[role.pk])
    one = str(role.permissions.first().pk)
    sent = form_with(boss.get(url).content.decode(), "permissions")
    sent["permissions"].remove(one)
    assert boss.post(url, sent).status_code == 302
    assert not role.permissions.filter(pk=one).exists()


def test_a_role_with_every_permission_there_is_can_be_saved(boss):
    role = Group.objects.create(name="全能")
    role.permissions.set(Permission.objects.all())
    url = reverse("admin:auth_group_change", args=[role.pk])
    sent = form_with(boss.get(url).content.decode(), "permissions")
    assert boss.post(url, sent | {"name": "全才"}).status_code == 302
    assert Group.objects.filter(name="全才").exists()


def test_a_full_list_with_every_row_ticked(boss):
    Facility.objects.bulk_create(Facility(name=f"设施 {n}", order=n) for n in range(60))
    url = reverse("admin:houses_facility_changelist")
    page = form_with(boss.get(url).content.decode(), "action")
    rows = list(Facility.objects.order_by("pk").values_list("pk", flat=True))[:50]
    answer = boss.post(url, page | {"action": "delete_selected", "_selected_action": rows})
    assert answer.status_code == 200
    confirmed = form_with(answer.content.decode(), "post")
    assert boss.post(url, confirmed).status_code == 302
    assert not Facility.objects.filter(pk__in=rows).exists()


def test_as_many_rows_as_one_action_takes(boss):
    User.objects.bulk_create(User(mobile=f"138{n:08d}", password="!") for n in range(MOST_AT_ONCE))
    url = reverse("admin:accounts_user_changelist")
    chosen = {"action": "do_disable", "select_across": "1", "_selected_action": []}
    everybody = list(User.objects.filter(is_superuser=False).values_list("pk", flat=True))
    page = boss.post(url, chosen | {"_selected_action": everybody})
    why = form_with(page.content.decode(), "reason") | {"reason": "一次停用很多"}
    assert boss.post(url, why).status_code == 302
    assert not User.objects.filter(is_superuser=False, is_active=True).exists()
