"""What operators do to an account. Each leaves a line in the operation log and tells the person."""

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.notices import Notice, tell
from ihome_site.caching import changed
from ihome_site.models import OperationLog


class AccountError(Exception):
    """Why an account was not changed; the text is fit to show."""


class Supervised(models.Model):
    """An account as operators see it. Every verb raises AccountError when it is refused."""

    class Meta:
        abstract = True

    def disable(self, actor, reason):
        """Nobody signs in as this user any more, and who has is signed out.

        Their homes are taken off the site, for nobody would answer a request; orders stay.
        """
        with transaction.atomic():
            # Before the account: whoever books, edits or judges one of them locks it first.
            list(self.houses.select_for_update().order_by("pk").values_list("pk"))
            self._switch(actor, _("停用用户"), False, reason)
            for house in self.houses.filter(is_listed=True):
                house.take_off()
            self.told(_("运营人员停用了您的账号"), reason)

    def enable(self, actor):
        with transaction.atomic():
            self._switch(actor, _("恢复用户"), True, "")
            self.houses.update(photos_hidden=False)  # they are shown again
            self.told(_("运营人员恢复了您的账号，上架房源请您自己来"))

    def _switch(self, actor, verb, active, reason):
        self.check_actor(actor)
        self._end_sessions(is_active=not active, then={"is_active": active})
        words = [_("停用"), _("可登录")]
        OperationLog.objects.record(actor, verb, self, words[not active], words[active], reason)
        changed("site")  # the pages of their homes are there, or are not

    def void_password(self, actor, reason):
        """The password is worth nothing from now on, and who has signed in with it is signed out.

        The person sets a new one by a code to their mobile: an operator never knows a password.
        """
        self.check_actor(actor)
        with transaction.atomic():
            self._end_sessions(then={"password": make_password(None)})
            OperationLog.objects.record(actor, _("让密码失效"), self, reason=reason)
            sentence = _(
                "运营人员让您的密码失效了。请在登录页点「忘记密码」，用短信验证码设一个新的"
            )
            self.told(sentence, reason)

    def change_mobile(self, actor, mobile, reason):
        """The account belongs to another mobile: whoever holds that one can sign in by SMS.

        The old password and all sessions end, or whoever had the account would still have it.
        """
        self.check_actor(actor)
        if (self.is_staff or self.is_superuser) and not actor.is_superuser:
            raise AccountError(_("运营人员的手机号只能由超级用户更换"))
        before, old = self.masked_mobile, self.mobile
        then = {"mobile": mobile, "password": make_password(None)}
        try:
            with transaction.atomic():
                self._end_sessions(mobile=old, then=then)
                after = self.masked_mobile
                OperationLog.objects.record(actor, _("更换手机号"), self, before, after, reason)
                numbers = {"before": before, "after": after}
                sentence = _("运营人员把您的手机号从 %(before)s 换成了 %(after)s，并让密码失效了")
                self.told(sentence % numbers, reason)
        except IntegrityError:
            self.refresh_from_db(fields=["mobile"])
            raise AccountError(_("这个手机号已经注册过了")) from None

    def check_actor(self, actor):
        """Raise AccountError unless `actor` may do such things to this account."""
        if actor == self:
            raise AccountError(_("不能对自己的账号这样操作"))
        if self.is_superuser and not actor.is_superuser:
            raise AccountError(_("超级用户只能由超级用户停用、恢复或修改"))
        if self.is_staff and not actor.has_perm("accounts.change_user"):
            raise AccountError(_("运营人员只能由管理员停用、恢复或修改"))

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
