from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import LoginAttempt, User
from ihome_site.models import OperationLog, SiteParameter
from ihome_site.testing import chen

pytestmark = pytest.mark.django_db


def attempt(days_ago):
    row = LoginAttempt.objects.create(mobile="13900000001", address="127.0.0.1")
    moment = timezone.now() - timedelta(days=days_ago)
    LoginAttempt.objects.filter(pk=row.pk).update(created_at=moment)
    return row.pk


def left():
    return list(LoginAttempt.objects.order_by("pk").values_list("pk", flat=True))


def test_records_go_when_they_are_old():
    attempt(191)
    young = attempt(189)
    call_command("forget_old_records")
    assert left() == [young]


def test_operators_may_keep_them_longer_but_not_shorter_than_the_law():
    old = attempt(191)
    SiteParameter(name="record_days", value="365").save()
    call_command("forget_old_records")
    assert left() == [old]
    SiteParameter.objects.update(value="1")
    SiteParameter.objects.get().save(update_fields=["value"])
    call_command("forget_old_records")
    assert left() == []  # 1 breaks the bounds: the default counts
    young = attempt(100)
    call_command("forget_old_records")
    assert left() == [young]


def test_more_than_a_chunk_goes(monkeypatch):
    monkeypatch.setattr("ihome_site.records.CHUNK", 2)
    for _n in range(5):
        attempt(300)
    young = attempt(0)
    call_command("forget_old_records")
    assert left() == [young]


def test_operations_are_forgotten_too():
    operator = User.objects.create_superuser("13900000009", "x")
    OperationLog.objects.record(operator, "停用用户", chen())
    OperationLog.objects.update(created_at=timezone.now() - timedelta(days=191))
    call_command("forget_old_records")
    assert not OperationLog.objects.exists()
