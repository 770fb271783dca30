"""The daily limit of uploaded pictures, avatar and photos together."""

from datetime import timedelta

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import UploadDay
from ihome_site.refusals import TooMany

UPLOADS_A_DAY = 200  # sixteen homes with all their photos; decoding is our dearest work


def reserve_upload(user):
    """Count one picture of `user` before it is decoded. Raises TooMany when the day is full."""
    now = timezone.localtime()
    today = now.date()
    mine = UploadDay.objects.filter(user=user)
    UploadDay.objects.get_or_create(user=user, defaults={"day": today})
    mine.exclude(day=today).update(day=today, count=0, updated_at=now)
    room = mine.filter(day=today, count__lt=UPLOADS_A_DAY)
    if not room.update(count=F("count") + 1, updated_at=now):
        sentence = _("今天已经上传了 %(n)s 张图片，请明天再来") % {"n": UPLOADS_A_DAY}
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        raise TooMany(sentence, max(1, int((midnight - now).total_seconds())))
