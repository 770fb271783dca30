"""The ledgers by which limits are counted, and the rows locked meanwhile; see accounts.throttle."""

import hashlib
import hmac
import ipaddress
import secrets
from datetime import timedelta

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import F, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.browsers import device_name
from ihome_site.models import Timestamped


def mask(text, head, tail):
    """`text` with only its first and last characters left."""
    return text[:head] + "*" * (len(text) - head - tail) + text[len(text) - tail :]


class MaskedMobile(models.Model):
    """A row about a mobile that shows only its first three and last four digits."""

    class Meta:
        abstract = True

    @property
    def masked_mobile(self):
        return mask(self.mobile, 3, 4)


class Gate(models.Model):
    """A row to lock while a limit is counted; see accounts.throttle."""

    passed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = _("限流闸门")


def network_of(address):
    """The part of an address that one visitor holds: an IPv4 address, an IPv6 /64.

    An IPv4 address written as IPv6 (::ffff:…) counts as what it is, or all such visitors
    would share one /64.
    """
    ip = ipaddress.ip_address(address)
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if ip.version == 4:
        return str(ip)
    return str(ipaddress.ip_network((ip, 64), strict=False).network_address)


class CodeError(Exception):
    """Why a code was refused; the text is fit to show."""


class SmsCodeQuerySet(models.QuerySet):
    def tries_today(self, mobile, browser):
        since = timezone.now() - timedelta(days=1)
        recent = self.filter(mobile=mobile, browser=browser, created_at__gt=since)
        return recent.aggregate(sum=Sum("tries"))["sum"] or 0

    def newest(self, mobile, purpose, browser):
        """The last code that this browser was sent, if it can be alive; else None."""
        asked = self.filter(mobile=mobile, purpose=purpose, browser=browser)
        mine = asked.filter(expires_at__gt=timezone.now())
        return mine.order_by("-created_at", "-pk").first()

    def take_try(self, mobile, purpose, browser):
        """Reserve one try at the newest code of this browser, before it is compared.

        None when there is none. What other browsers asked for or tried changes nothing.
        """
        newest = self.newest(mobile, purpose, browser)
        if newest is None or self.tries_today(mobile, browser) >= SmsCode.TRIES_A_DAY:
            return None
        alive = Q(tries__lt=SmsCode.TRIES, used_at=None, expires_at__gt=timezone.now())
        taken = self.filter(alive, pk=newest.pk).update(tries=F("tries") + 1)
        return newest if taken else None


class SmsCode(MaskedMobile, Timestamped):
    """The ledger of text messages: a row is written before the provider is called.

    The code is good in the browser that asked for it alone. `device` is the known device
    (accounts.devices) that asked, if it was one.
    """

    class Purpose(models.TextChoices):
        REGISTER = "register", _("注册")
        LOGIN = "login", _("登录")
        RESET = "reset", _("重设密码")

    LIFE = timedelta(minutes=5)
    TRIES = 5  # guesses at one code
    TRIES_A_DAY = 20  # guesses at all codes that one browser asked for one mobile
    WAIT = 60  # seconds between two messages to one mobile

    mobile = models.CharField(_("手机号"), max_length=11)
    purpose = models.CharField(_("用途"), max_length=8, choices=Purpose.choices)
    address = models.CharField(_("地址"), max_length=45)
    browser = models.CharField(
        _("浏览器编号"), max_length=16, blank=True, default="", db_default=""
    )
    device = models.CharField(_("认得的设备"), max_length=16, blank=True, default="", db_default="")
    code_hmac = models.CharField(_("验证码指纹"), max_length=64)
    expires_at = models.DateTimeField(_("失效时间"))
    tries = models.PositiveSmallIntegerField(_("试过几次"), default=0)
    used_at = models.DateTimeField(_("使用时间"), null=True, blank=True)
    failed_at = models.DateTimeField(_("发送失败时间"), null=True, blank=True)
    # Of one that failed: the provider has certainly not taken it, so it cannot arrive.
    not_taken = models.BooleanField(_("确定没发出"), default=False, db_default=False)

    objects = SmsCodeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("短信记录")
        indexes = [
            models.Index(fields=["mobile", "created_at"], name="sms_mobile_created"),
            models.Index(fields=["address", "created_at"], name="sms_address_created"),
            models.Index(fields=["created_at"], name="sms_created"),
        ]

    def __str__(self):
        return f"{self.masked_mobile} {self.purpose}"

    @staticmethod
    def new_code():
        return f"{secrets.randbelow(1_000_000):06d}"

    @staticmethod
    def fingerprint(mobile, purpose, code):
        message = f"{mobile}:{purpose}:{code}".encode()
        return hmac.new(settings.SECRET_KEY.encode(), message, hashlib.sha256).hexdigest()

    def matches(self, code):
        expected = self.fingerprint(self.mobile, self.purpose, code)
        return hmac.compare_digest(self.code_hmac, expected)

    def note(self, **outcome):
        """Write down what became of the message. The row may have gone with an erased account."""
        SmsCode.objects.filter(pk=self.pk).update(updated_at=timezone.now(), **outcome)

    def use(self):
        """Spend the code. False when somebody else was quicker."""
        unspent = SmsCode.objects.filter(pk=self.pk, used_at=None)
        return unspent.update(used_at=timezone.now()) == 1


class LoginAttemptQuerySet(models.QuerySet):
    def wrong(self, **traits):
        return self.filter(succeeded=False, **traits)

    def wrong_passwords(self, **traits):
        return self.wrong(method=LoginAttempt.Method.PASSWORD, **traits)


class LoginAttempt(MaskedMobile, Timestamped):
    """The ledger of guesses: a row is written before the password, or the code, is looked at.

    A right code leaves a row only where it signs somebody in.
    """

    class Method(models.TextChoices):
        PASSWORD = "password", _("密码")
        CODE = "code", _("短信验证码")
        CHANGE = "change", _("修改密码")  # the old password, asked of who is signed in

    mobile = models.CharField(_("手机号"), max_length=11)
    address = models.CharField(_("地址"), max_length=45)
    device = models.CharField(_("认得的设备"), max_length=16, blank=True)
    method = models.CharField(
        _("方式"),
        max_length=8,
        choices=Method.choices,
        default=Method.PASSWORD,
        db_default=Method.PASSWORD,
    )
    user_agent = models.CharField(
        _("浏览器原文"), max_length=255, blank=True, default="", db_default=""
    )
    succeeded = models.BooleanField(_("成功"), default=False)

    objects = LoginAttemptQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("登录记录")
        indexes = [
            models.Index(fields=["mobile", "created_at"], name="login_mobile_created"),
            models.Index(fields=["address", "created_at"], name="login_address_created"),
        ]

    def __str__(self):
        return self.masked_mobile

    @property
    def browser(self):
        return device_name(self.user_agent) if self.user_agent else ""

    def succeed(self):
        """Not by `save`: the row is gone when the person was erased meanwhile."""
        row = LoginAttempt.objects.filter(pk=self.pk)
        row.update(succeeded=True, updated_at=timezone.now())


def delete_ledgers(mobile):
    """Every row kept under the mobile, in tables of today and of later."""
    for model in apps.get_models():
        columns = {field.name for field in model._meta.concrete_fields}
        if "mobile" in columns and model._meta.label != settings.AUTH_USER_MODEL:
            model._base_manager.filter(mobile=mobile).delete()
