"""What operators do to an account. Each leaves a line in the operation log and tells the person."""

from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Permission
from django.db import IntegrityError, models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.ledgers import delete_ledgers
from accounts.notices import Notice, tell
from ihome_site import images
from ihome_site.caching import changed
from ihome_site.locking import durable
from ihome_site.models import OperationLog

ERASED_FOR_GOOD = gettext_lazy("这个账号已经注销，不能再恢复或修改")
# How long an account whose mobile operators changed is made no operator, and one that was an
# operator gets no other mobile, but by superusers: both together, in any order, are the way to
# act under a colleague's name. By then it was noticed: they cannot sign in meanwhile.
LATELY = timedelta(days=90)


def was_lately(moment):
    return moment is not None and moment > timezone.now() - LATELY


class AccountError(Exception):
    """Why an account was not changed; the text is fit to show."""


class Supervised(models.Model):
    """An account as operators see it. Every verb raises AccountError when it is refused."""

    class Meta:
        abstract = True

    @durable
    def disable(self, actor, reason):
        """Nobody signs in as this user any more, and who has is signed out.

        Their homes are taken off the site, for nobody would answer a request; orders stay. Their
        picture goes, for others were shown where it lies.
        """
        before = self._switch(actor, _("停用用户"), False, reason)
        if before.avatar:
            images.delete_on_commit(before.avatar, images.AVATAR_WIDTHS[-1], images.AVATAR_WIDTHS)
        for house in self.houses.filter(Q(is_listed=True) | Q(is_wanted=True)):
            house.take_off()
        self.told(_("运营人员停用了您的账号"), reason)

    @durable
    def enable(self, actor):
        self._switch(actor, _("恢复用户"), True, "")
        self.houses.update(photos_hidden=False)  # they are shown again
        self.told(_("运营人员恢复了您的账号，上架房源请您自己来"))

    def _switch(self, actor, verb, active, reason):
        # Before the account: whoever books, edits or judges one of them locks it first.
        list(self.houses.select_for_update().order_by("pk").values_list("pk"))
        before, _by = self.lock_for(actor)
        then = {"is_active": active} | ({} if active else {"avatar": ""})
        self._end_sessions(is_active=not active, then=then)
        words = [_("停用"), _("可登录")]
        OperationLog.objects.record(actor, verb, self, words[not active], words[active], reason)
        changed("site")  # the pages of their homes are there, or are not
        return before

    @durable
    def void_password(self, actor, reason):
        """The password is worth nothing from now on, and who has signed in with it is signed out.

        The person sets a new one by a code to their mobile: an operator never knows a password.
        """
        self.lock_for(actor)
        self._end_sessions(then={"password": make_password(None)})
        OperationLog.objects.record(actor, _("让密码失效"), self, reason=reason)
        sentence = _("运营人员让您的密码失效了。请在登录页点「忘记密码」，用短信验证码设一个新的")
        self.told(sentence, reason)

    def change_mobile(self, actor, mobile, reason):
        """The account belongs to another mobile: whoever holds that one can sign in by SMS.

        The old password and all sessions end, or whoever had the account would still have it.
        """
        try:
            self._change_mobile(actor, mobile, reason)
        except IntegrityError:
            self.refresh_from_db(fields=["mobile"])
            raise AccountError(_("这个手机号已经注册过了")) from None

    @durable
    def _change_mobile(self, actor, mobile, reason):
        now, by = self.lock_for(actor)
        if (now.is_staff or now.is_superuser) and not by.is_superuser:
            raise AccountError(_("运营人员的手机号只能由超级用户更换"))
        if was_lately(now.left_desk_at) and not by.is_superuser:
            raise AccountError(_("这个账号不久前还是运营人员，手机号只能由超级用户更换"))
        before, old = self.masked_mobile, self.mobile
        then = {"mobile": mobile, "password": make_password(None)}
        self._end_sessions(mobile=old, then=then | {"mobile_changed_at": timezone.now()})
        delete_ledgers(old)  # nobody could tell later whose they were, and erase them
        after = self.masked_mobile
        OperationLog.objects.record(actor, _("更换手机号"), self, before, after, reason)
        numbers = {"before": before, "after": after}
        sentence = _("运营人员把您的手机号从 %(before)s 换成了 %(after)s，并让密码失效了")
        self.told(sentence % numbers, reason)

    def lock_for(self, actor):
        """Lock this account and that of `actor`, who is about to change it: both as they are now.

        Raises AccountError when they may not, as both accounts stand now. The lower number comes
        first, for two operators may act on each other; a line in the log refers to its actor.
        """
        accounts = type(self).objects.select_for_update().order_by("pk")
        rows = {row.pk: row for row in accounts.filter(pk__in=[self.pk, actor.pk])}
        if actor.pk not in rows or not rows[actor.pk].is_active:
            raise AccountError(_("您的账号已停用"))
        if self.pk not in rows:
            raise AccountError(_("这个用户已经不在了"))
        if rows[self.pk].is_erased:
            raise AccountError(ERASED_FOR_GOOD)
        rows[self.pk].check_actor(rows[actor.pk])
        return rows[self.pk], rows[actor.pk]

    def check_actor(self, actor):
        """Raise AccountError unless `actor` may do such things to this account."""
        if actor == self:
            raise AccountError(_("不能对自己的账号这样操作"))
        if self.is_superuser and not actor.is_superuser:
            raise AccountError(_("超级用户只能由超级用户停用、恢复或修改"))
        if self.is_staff and not actor.has_perm("accounts.change_user"):
            raise AccountError(_("运营人员只能由管理员停用、恢复或修改"))
        if self.is_staff and not actor.has_perms(self.powers()):
            raise AccountError(_("对方能做的比您多，只能由超级用户停用、恢复或修改"))

    def powers(self):
        """What its roles and its own permissions let it do as an operator, active or not."""
        given = Permission.objects.filter(Q(group__user=self.pk) | Q(user=self.pk)).distinct()
        return [
            f"{power.content_type.app_label}.{power.codename}"
            for power in given.select_related("content_type")
        ]

    def _end_sessions(self, then, **as_seen):
        """One conditional UPDATE that writes `then`; whoever is signed in is signed out by it."""
        rows = type(self).objects.filter(pk=self.pk, **as_seen)
        now = timezone.now()
        if not rows.update(session_round=F("session_round") + 1, updated_at=now, **then):
            raise AccountError(_("这个用户已经是这样了"))
        self.devices.all().delete()
        self.refresh_from_db(fields=["session_round", *then])

    def told(self, sentence, reason=""):
        """Leave a notice that operators changed something about the account."""
        text = sentence + ("\n" + _("理由：%(reason)s") % {"reason": reason} if reason else "")
        tell(self.pk, Notice.Kind.ACCOUNT, text, reverse("accounts:devices"))
