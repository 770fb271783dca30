"""Whether a home may be shown: the owner's wish, the operators' check and their hold.

`is_listed` alone is what search and booking ask. It is true only when all three agree, which the
database checks as well; the verbs here are the only ones that change it.
"""

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from ihome_site.models import OperationLog


class ListingError(Exception):
    """Why a home cannot be listed or judged now; the text is fit to show."""


class Check(models.TextChoices):
    WAITING = "waiting", gettext_lazy("待审核")
    APPROVED = "approved", gettext_lazy("已通过")
    REFUSED = "refused", gettext_lazy("未通过")


# What operators have looked at and do not hold.
FIT = Q(check_state=Check.APPROVED, held_reason="")


class Listing(models.Model):
    # db_default: while an upgrade is under way, the release before this one adds rows as well.
    is_listed = models.BooleanField(gettext_lazy("已上架"), default=True)
    # The owner's wish: neither a check nor a hold changes it.
    is_wanted = models.BooleanField(
        gettext_lazy("房东想上架"), default=True, db_default=True, editable=False
    )
    check_state = models.CharField(
        gettext_lazy("审核"),
        max_length=8,
        choices=Check.choices,
        default=Check.APPROVED,
        db_default=Check.APPROVED,
    )
    check_reason = models.CharField(
        gettext_lazy("审核意见"), max_length=255, blank=True, db_default=""
    )
    checked_at = models.DateTimeField(gettext_lazy("审核时间"), null=True, blank=True)
    # Set when the owner changes words or photos after a check; a price or a night needs none.
    changed_since_check = models.BooleanField(
        gettext_lazy("审核后改过"), default=False, db_default=False
    )
    held_reason = models.CharField(
        gettext_lazy("运营下架的原因"), max_length=255, blank=True, db_default=""
    )

    # Since the home was last shown its photos have moved to names nobody knows.
    photos_hidden = models.BooleanField(
        gettext_lazy("照片已换地址"), default=False, db_default=False, editable=False
    )

    class Meta:
        abstract = True

    @property
    def can_be_listed(self):
        return self.check_state == Check.APPROVED and not self.held_reason

    @property
    def awaits_check(self):
        """Whether the next check would list it, if its owner wants that."""
        return self.check_state != Check.APPROVED and not self.held_reason

    def why_not_listed(self):
        """What the owner reads; an empty text when nothing but their own wish is in the way."""
        if self.held_reason:
            return _("运营已下架：%(reason)s") % {"reason": self.held_reason}
        if self.check_state == Check.REFUSED:
            refused = _("审核未通过：%(reason)s。修改后会再次审核。") % {
                "reason": self.check_reason
            }
            return refused if self.is_wanted else refused + _("您已下架，通过后要上架请您自己来")
        if self.check_state == Check.WAITING:
            if self.is_wanted:
                return _("正在审核，通过后自动上架")
            return _("正在审核。您已下架，通过后要上架请您自己来")
        return ""

    def begin_check(self):
        """A home about to be saved for the first time waits, where this site checks homes."""
        if settings.HOUSE_REVIEW:
            self.check_state, self.is_listed = Check.WAITING, False
            self.photos_hidden = True  # nobody has seen them

    # The owner's verbs.

    def put_on(self):
        """上架. Raises ListingError when operators are in the way."""
        with transaction.atomic():
            self._lock()
            self.owner.lock_to_change()
            listed = self._change(FIT, is_listed=True, is_wanted=True)
            if not listed:
                self._change(Q(), is_wanted=True)
        if not listed:
            raise ListingError(self.why_not_listed())

    def take_off(self):
        """下架, by the owner, who may undo it."""
        self._change(Q(), is_listed=False, is_wanted=False)

    def ask_again(self):
        """A refused home waits for another look, whatever its owner changed: it may be that."""
        self._change(Q(check_state=Check.REFUSED), check_state=Check.WAITING)

    def content_changed(self):
        """The owner changed words or photos: a refused home asks again, an approved one stays."""
        self.ask_again()
        self._change(Q(check_state=Check.APPROVED), changed_since_check=True)
        self._change(Q(check_state=Check.WAITING))  # its updated_at tells: see approve

    def owner_changed(self):
        """Whoever the home was given to has not wished anything; and may see its photos again."""
        self._change(Q(is_listed=False), is_wanted=False)
        self._change(Q(photos_hidden=True, owner__is_active=True) & FIT, photos_hidden=False)

    # The operators' verbs. Each leaves a line in the operation log. Nobody judges their own home.

    def approve(self, actor, seen=None):
        """The home is fit to be shown, and is, unless its owner took it off meanwhile.

        `seen` is the `updated_at` that the operator's page showed: of what changed since, nobody
        has looked at it.
        """
        waiting = ~Q(check_state=Check.APPROVED) | Q(changed_since_check=True)
        with transaction.atomic():
            self._lock_as_seen(seen)
            has_owner = User.objects.lock_active(self.owner_id)
            self._operate(actor, _("通过审核"), waiting, **approved(self, has_owner))

    def refuse(self, actor, reason, seen=None):
        """The home is not fit to be shown as it is; `seen` as for approve()."""
        fit = ~Q(check_state=Check.REFUSED)
        changes = {"check_state": Check.REFUSED, "check_reason": reason, "is_listed": False}
        changes |= {"checked_at": timezone.now(), "changed_since_check": False}
        with transaction.atomic():
            self._lock_as_seen(seen)
            self._operate(actor, _("不通过审核"), fit, reason, **changes)

    def hold(self, actor, reason):
        """Take the home off until operators let it go again; guests' orders stay."""
        self._operate(
            actor, _("运营下架"), Q(held_reason=""), reason, held_reason=reason, is_listed=False
        )

    def let_go(self, actor):
        """End a hold. The owner lists the home again when they are ready."""
        self._operate(actor, _("解除下架"), ~Q(held_reason=""), held_reason="", photos_hidden=False)

    def _lock(self):
        """Lock the home and read how it stands now. Its owner comes after it, here as everywhere:
        two that lock in other orders wait for each other."""
        fields = [*LISTING_FIELDS, "owner", "updated_at"]
        self._read(fields, type(self).objects.select_for_update())

    def _lock_as_seen(self, seen):
        self._lock()
        if seen and self.updated_at != seen:
            raise ListingError(_("「%(home)s」刚刚改过，请再看一遍") % {"home": self})

    def _read(self, fields, homes=None):
        """Raises ListingError when the home was deleted meanwhile."""
        try:
            self.refresh_from_db(fields=fields, from_queryset=homes)
        except type(self).DoesNotExist:
            raise ListingError(_("这套房源已经不在了")) from None

    def _operate(self, actor, verb, condition, reason="", **changes):
        with transaction.atomic():
            self._lock()  # the log says what it was before, whoever else is at it
            if self.owner_id == actor.pk:
                sentence = _("「%(home)s」是您自己的房源，要由别的运营人员来操作")
                raise ListingError(sentence % {"home": self})
            before = self.standing
            if not self._change(condition, **changes):
                raise ListingError(_("「%(home)s」现在不能这样操作") % {"home": self})
            OperationLog.objects.record(actor, verb, self, before, self.standing, reason)

    def _change(self, condition, **changes):
        """One conditional UPDATE; False when the condition no longer held.

        Raises ListingError when the home is gone.
        """
        rows = type(self).objects.filter(condition, pk=self.pk)
        done = rows.update(**changes, updated_at=timezone.now())
        if done:
            self.listing_changed()
        self._read(["title", *LISTING_FIELDS])  # the log names it as it is now
        return bool(done)

    @property
    def standing(self):
        """已上架 · 已通过, in the words of the log."""
        words = [_("已上架") if self.is_listed else _("已下架"), self.get_check_state_display()]
        return " · ".join([*map(str, words), *([_("运营下架")] if self.held_reason else [])])


LISTING_FIELDS = [field.name for field in Listing._meta.local_fields]
# What a database must refuse, whoever writes.
LISTED_IF_FIT = models.CheckConstraint(
    condition=Q(is_listed=False) | FIT,
    name="house_listed_only_if_fit",
)


def approved(house, has_owner):
    """The columns of an approved home: listed, unless it is held, or its owner does not want it.

    Nor without an active owner: nobody would answer a request.
    """
    first = house.check_state != Check.APPROVED
    listed = {"is_listed": house.is_wanted and not house.held_reason and has_owner} if first else {}
    return listed | {
        "check_state": Check.APPROVED,
        "check_reason": "",
        "checked_at": timezone.now(),
        "changed_since_check": False,
        "photos_hidden": False,
    }
