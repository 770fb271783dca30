"""How often a day one person may do what costs them nothing but troubles others.

Counting is one conditional UPDATE before the action, so that of many at once no more than the
limit get through. A model's verb that knows who acts counts in its own transaction: what is
refused afterwards is not counted. What a form or a view writes is counted there, before it is
written. Operators, commands and the demonstration act for nobody and are not counted, but for
what operators look up.
"""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ihome_site.models import Timestamped
from ihome_site.parameters import WholeNumber
from ihome_site.refusals import TooMany

NEWCOMER = timedelta(days=7)  # throw-away accounts seldom wait a week before they are used


class DayCount(Timestamped):
    """How often a user has done something on the last day they did it."""

    class Action(models.TextChoices):
        BOOK = "book", gettext_lazy("下单")
        CANCEL = "cancel", gettext_lazy("取消订单")
        DECIDE = "decide", gettext_lazy("接单或拒单")
        REVIEW = "review", gettext_lazy("评价")
        REPLY = "reply", gettext_lazy("回复评价")
        PUBLISH = "publish", gettext_lazy("发布房源")
        EDIT = "edit", gettext_lazy("修改房源")
        LIST = "list", gettext_lazy("上架或下架")
        CALENDAR = "calendar", gettext_lazy("改日历")
        UPLOAD = "upload", gettext_lazy("上传图片")
        ARRANGE = "arrange", gettext_lazy("整理照片")
        NAME = "name", gettext_lazy("改名")
        PROVE = "prove", gettext_lazy("实名认证")
        LOOK_UP = "look_up", gettext_lazy("按手机号查找")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="day_counts",
        verbose_name=gettext_lazy("用户"),
    )
    action = models.CharField(gettext_lazy("操作"), max_length=12, choices=Action.choices)
    day = models.DateField(gettext_lazy("日期"))
    count = models.PositiveIntegerField(gettext_lazy("次数"), default=0)

    class Meta:
        verbose_name = verbose_name_plural = gettext_lazy("每日计数")
        constraints = [
            models.UniqueConstraint(fields=["user", "action"], name="day_count_once"),
        ]

    def __str__(self):
        return f"{self.user_id} {self.action} {self.count}"


class Limit:
    """At most `a_day` times from midnight to midnight, `newcomer` times for a new account.

    `a_day` is a number, or a parameter that operators set. `sentence` says what is full, with
    %(n)s for the number.
    """

    def __init__(self, action, a_day, newcomer, sentence):
        self.action, self.a_day, self.newcomer = action, a_day, newcomer
        self.sentence = sentence

    def most_of(self, user):
        """How often `user` may today. May ask the cache, which has no place in a transaction."""
        a_day = self.a_day() if callable(self.a_day) else self.a_day
        return min(a_day, self.newcomer) if is_newcomer(user) else a_day

    def take(self, user, most=None):
        """Count one more of `user`, before it is done. Raises TooMany when the day is full.

        `most` is most_of(user), for callers in a transaction who have asked before it.
        """
        most = self.most_of(user) if most is None else most
        if not self.count(user, most):
            raise TooMany(self.sentence_for(user, most), seconds_left_today())

    def count(self, user, most):
        """True when there was room. A day in the row that is ahead of this machine's counts."""
        now = timezone.localtime()
        mine = DayCount.objects.filter(user_id=user.pk, action=self.action)
        room = mine.filter(day__gte=now.date(), count__lt=most)
        if room.update(count=F("count") + 1, updated_at=now):
            return True
        fresh = {"day": now.date(), "count": 0}
        if not mine.exists():
            self.begin(user, fresh)
        mine.filter(day__lt=now.date()).update(**fresh, updated_at=now)
        return bool(room.update(count=F("count") + 1, updated_at=now))

    def begin(self, user, fresh):
        """Make the row, one caller at a time: INSERTs of one key at once deadlock in MySQL."""
        with transaction.atomic():
            get_user_model().objects.select_for_update().filter(pk=user.pk).exists()
            DayCount.objects.get_or_create(user_id=user.pk, action=self.action, defaults=fresh)

    def sentence_for(self, user, most):
        full = self.sentence % {"n": most}
        if not is_newcomer(user) or self.newcomer == self.a_day:
            return full
        return _("%(full)s。新注册的账号每天少一些，满 %(days)s 天后放宽") % {
            "full": full,
            "days": NEWCOMER.days,
        }


def is_newcomer(user):
    return user.created_at > timezone.now() - NEWCOMER


def seconds_left_today():
    now = timezone.localtime()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return max(1, int((midnight - now).total_seconds()))


def new_day(*users):
    """Their counts begin anew: for the demonstration and tests, where days pass at once."""
    DayCount.objects.filter(user__in=users).delete()


# Whoever plans a journey asks at a few homes; each asking is a notice to an owner.
bookings_a_day = WholeNumber(
    "bookings_a_day", gettext_lazy("一个人一天最多下几单"), 20, low=1, high=500
)
homes_a_day = WholeNumber(
    "homes_a_day", gettext_lazy("一个人一天最多发布几套房源"), 10, low=1, high=500
)
Action = DayCount.Action

BOOKINGS = Limit(
    Action.BOOK, bookings_a_day, 5, gettext_lazy("今天已经提交了 %(n)s 个订单，请明天再来")
)
# Half of the bookings: who cancels more of them than that is not travelling.
CANCELLATIONS = Limit(Action.CANCEL, 10, 3, gettext_lazy("今天已经取消了 %(n)s 个订单，请明天再来"))
# Each order can be decided once; this only bounds what a script does.
DECISIONS = Limit(Action.DECIDE, 200, 50, gettext_lazy("今天已经答复了 %(n)s 个订单，请明天再来"))
REVIEWS = Limit(Action.REVIEW, 20, 5, gettext_lazy("今天已经写了 %(n)s 条评价，请明天再来"))
REPLIES = Limit(Action.REPLY, 100, 20, gettext_lazy("今天已经回复了 %(n)s 条评价，请明天再来"))
# An agency moves in within a few days; a page of the search holds 24.
HOMES = Limit(
    Action.PUBLISH, homes_a_day, 3, gettext_lazy("今天已经发布了 %(n)s 套房源，请明天再来")
)
# Each makes every kept page that shows the home be drawn anew.
EDITS = Limit(Action.EDIT, 100, 30, gettext_lazy("今天已经改了 %(n)s 次房源，请明天再来"))
LISTINGS = Limit(Action.LIST, 40, 10, gettext_lazy("今天已经上下架 %(n)s 次，请明天再来"))
# An owner of twenty homes who goes through all of them, night by night.
CALENDARS = Limit(Action.CALENDAR, 200, 50, gettext_lazy("今天已经改了 %(n)s 次日历，请明天再来"))
# Sixteen homes with all their photos, avatars as well; decoding is our dearest work.
UPLOADS = Limit(Action.UPLOAD, 200, 60, gettext_lazy("今天已经上传了 %(n)s 张图片，请明天再来"))
# Each photo of these homes deleted, made the cover or moved once and a half.
ARRANGEMENTS = Limit(
    Action.ARRANGE, 300, 100, gettext_lazy("今天已经整理了 %(n)s 次照片，请明天再来")
)
# A name stands on everybody's pages: all of them are drawn anew.
NAMES = Limit(Action.NAME, 5, 3, gettext_lazy("今天已经改了 %(n)s 次名字，请明天再来"))
# A refusal tells that a card belongs to another account: nobody shall ask that for a list.
PROOFS = Limit(Action.PROVE, 5, 5, gettext_lazy("今天已经试了 %(n)s 次实名认证，请明天再来"))
# An operator who sees 139****0001 would find the rest in ten thousand searches. As many as a day
# has calls; whoever sees mobiles whole is not counted.
LOOKUPS = Limit(Action.LOOK_UP, 100, 100, gettext_lazy("今天已经按手机号查了 %(n)s 次，请明天再来"))
