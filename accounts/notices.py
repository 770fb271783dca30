"""What happened while somebody was away, told to them once."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ihome_site.models import Timestamped


class NoticeQuerySet(models.QuerySet):
    def unread(self):
        return self.filter(read_at=None)

    def newest_first(self):
        return self.order_by("-created_at", "-pk")

    def mark_read(self):
        now = timezone.now()
        return self.unread().update(read_at=now, updated_at=now)


class Notice(Timestamped):
    """One thing that happened to a user's order or account, written in the same transaction."""

    class Kind(models.TextChoices):
        REQUESTED = "requested", _("收到新订单")
        ACCEPTED = "accepted", _("房东接单了")
        REJECTED = "rejected", _("房东没有接单")
        CANCELED = "canceled", _("订单取消了")
        EXPIRED = "expired", _("订单超时取消了")
        REVIEWED = "reviewed", _("收到新评价")
        ANSWERED = "answered", _("房东回复了您的评价")
        ACCOUNT = "account", _("您的账号有变动")

    ICONS = {
        Kind.REQUESTED: "inbox",
        Kind.ACCEPTED: "circle-check",
        Kind.REJECTED: "circle-x",
        Kind.CANCELED: "ban",
        Kind.EXPIRED: "clock",
        Kind.REVIEWED: "star",
        Kind.ANSWERED: "message-square",
        Kind.ACCOUNT: "lock",
    }

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices", verbose_name=_("用户")
    )
    kind = models.CharField(_("种类"), max_length=12, choices=Kind.choices)
    text = models.CharField(_("内容"), max_length=255)
    url = models.CharField(_("链接"), max_length=200)
    read_at = models.DateTimeField(_("读过的时间"), null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("通知")
        indexes = [
            models.Index(fields=["user", "read_at"], name="notice_user_read"),
            models.Index(fields=["user", "created_at"], name="notice_user_created"),
        ]

    def __str__(self):
        return self.get_kind_display()

    @property
    def icon(self):
        return self.ICONS[self.kind]


def tell(user_id, kind, text, url):
    """Leave a notice for the user of this id. `text` is cut to what the column holds."""
    longest = Notice._meta.get_field("text").max_length
    Notice.objects.create(user_id=user_id, kind=kind, text=text[:longest], url=url)


def has_news(user):
    """True when a signed-in user has not read everything yet."""
    if not user.is_authenticated:
        return False
    known = getattr(user, "has_unread", None)  # who has just signed in came another way
    return user.notices.unread().exists() if known is None else known
