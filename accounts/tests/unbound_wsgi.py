"""The site as it was before codes belonged to browsers: the control arm of test_attack."""

from ihome_site.wsgi import application  # isort: skip - sets Django up

from datetime import timedelta

from django.db.models import Sum
from django.utils import timezone

from accounts.models import SmsCodeQuerySet

__all__ = ["application"]


def newest(codes, mobile, purpose, browser):
    return codes.filter(mobile=mobile, purpose=purpose).order_by("-pk").first()


def tries_today(codes, mobile, browser):
    recent = codes.filter(mobile=mobile, created_at__gt=timezone.now() - timedelta(days=1))
    return recent.aggregate(sum=Sum("tries"))["sum"] or 0


SmsCodeQuerySet.newest = newest
SmsCodeQuerySet.tries_today = tries_today
