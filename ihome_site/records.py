"""How long what is written down about people is kept."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import LoginAttempt, SmsCode
from ihome_site.models import OperationLog
from ihome_site.parameters import WholeNumber

# 网络安全法 第二十一条 asks for network logs of six months at least.
RECORD_DAYS = 190
record_days = WholeNumber(
    "record_days", _("登录和操作记录保留几天"), RECORD_DAYS, low=180, high=1095
)
CHUNK = 1000  # rows deleted at a time: a longer transaction would hold up those who sign in


def forget_old_records():
    """Delete records older than record_days. Returns how many of each kind, by its name.

    Who looked at an ID number (accounts.IdCardView) is kept for good.
    """
    before = timezone.now() - timedelta(days=record_days())
    kinds = (LoginAttempt, SmsCode, OperationLog)
    return {str(kind._meta.verbose_name): forget(kind, before) for kind in kinds}


def forget(kind, before):
    """Oldest first by id: rows come in the order of their time."""
    gone = 0
    while True:
        oldest = kind.objects.order_by("pk").values_list("pk", "created_at")[:CHUNK]
        old = [pk for pk, created_at in oldest if created_at < before]
        gone += kind.objects.filter(pk__in=old).delete()[0] if old else 0
        if len(old) < CHUNK:
            return gone
