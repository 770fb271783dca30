from django.contrib.auth import hashers
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.templatetags.static import static
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.browsers import device_name
from accounts.fields import EncryptedTextField, ExactCharField, blind_index
from accounts.former_words import FormerWord as FormerWord  # a model of this app
from accounts.ledgers import CodeError as CodeError
from accounts.ledgers import Gate as Gate
from accounts.ledgers import LoginAttempt as LoginAttempt
from accounts.ledgers import MaskedMobile, mask
from accounts.ledgers import SmsCode as SmsCode
from accounts.ledgers import SmsCodeQuerySet as SmsCodeQuerySet
from accounts.ledgers import network_of as network_of
from accounts.limits import DayCount as DayCount  # another
from accounts.notices import Notice as Notice  # and one more
from accounts.supervision import AccountError as AccountError
from accounts.supervision import Supervised
from accounts.validators import validate_mobile
from ihome_site.caching import changed
from ihome_site.images import AVATAR_WIDTHS, delete_on_commit
from ihome_site.masking import masked
from ihome_site.models import Timestamped

# Django's own, so that sessions from before session_round go on.
SESSION_SALT = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
ERASED = "x"  # what the mobile of an erased user begins with
CONSENT_VERSION = "2026-11"  # of the text shown beside the consent box


class UserManager(BaseUserManager):
    def create_user(self, mobile, password=None, **fields):
        user = self.model(mobile=mobile, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, mobile, password=None, **fields):
        return self.create_user(mobile, password, is_staff=True, is_superuser=True, **fields)

    def lock_all(self, pks):
        """Lock these accounts' rows until the transaction ends, in the order all callers keep."""
        list(self.select_for_update().filter(pk__in=pks).order_by("pk").values_list("pk"))

    def lock_active(self, pk):
        """Lock the account's row until the transaction ends. False when it is not active."""
        return self.select_for_update().filter(pk=pk, is_active=True).exists()


class User(MaskedMobile, Supervised, AbstractBaseUser, PermissionsMixin, Timestamped):
    mobile = models.CharField(
        _("手机号"),
        max_length=11,
        unique=True,
        validators=[validate_mobile],
        error_messages={"unique": _("这个手机号已经注册过了")},
    )
    name = ExactCharField(
        _("用户名"),
        max_length=32,
        unique=True,
        null=True,
        blank=True,
        error_messages={"unique": _("这个名字已经有人用了，换一个吧")},
    )
    avatar = models.CharField(_("头像"), max_length=100, blank=True)
    is_active = models.BooleanField(_("可登录"), default=True)
    is_staff = models.BooleanField(_("运营人员"), default=False)
    # Part of what a session is bound to: a step ends all sessions of the user, for good.
    session_round = models.PositiveIntegerField(
        _("会话轮次"), default=0, db_default=0, editable=False
    )
    # Part of what a known device's cookie says: a step makes all of them strangers.
    known_round = models.PositiveIntegerField(
        _("认识的设备轮次"), default=0, db_default=0, editable=False
    )
    # Who changed somebody's mobile could be them: see accounts.supervision.LATELY.
    mobile_changed_at = models.DateTimeField(
        _("运营人员更换手机号的时间"), null=True, blank=True, editable=False
    )
    left_desk_at = models.DateTimeField(
        _("不再是运营人员的时间"), null=True, blank=True, editable=False
    )

    objects = UserManager()

    USERNAME_FIELD = "mobile"

    class Meta:
        verbose_name = verbose_name_plural = _("用户")
        permissions = [
            ("disable_user", _("可以停用和恢复用户")),
            ("void_password", _("可以让密码失效，由本人重设")),
            ("reveal_mobile", _("可以查看完整手机号")),
            ("change_mobile", _("可以更换手机号")),
        ]
        indexes = [models.Index(fields=["created_at"], name="user_created")]

    def __str__(self):
        """How operators see the user; some people call themselves by their number."""
        return masked(self.display_name)

    def save(self, *, update_fields=None, **kwargs):
        is_new = self._state.adding
        if not is_new and "name" in (update_fields or ()):
            self.keep_name()
        super().save(update_fields=update_fields, **kwargs)
        if not is_new and (update_fields is None or {"name", "avatar"} & set(update_fields)):
            changed("site")

    def keep_name(self):
        """Before another is saved; whoever erases them looks for it."""
        before = User.objects.get(pk=self.pk).name
        if before != self.name:
            FormerWord.objects.keep(self.pk, FormerWord.Kind.NAME, before)

    def _get_session_auth_hash(self, secret=None):
        bound_to = f"{self.password}{self.session_round or ''}"
        return salted_hmac(SESSION_SALT, bound_to, secret=secret, algorithm="sha256").hexdigest()

    def check_password(self, raw_password):
        """Whether it is theirs. A hash renewed by it never replaces a password set meanwhile:
        then the one that was checked is worth nothing, and the answer is False."""
        renewed = []

        def renew(raw):
            renewed.append(self.write_password(raw, password=self.password))

        return hashers.check_password(raw_password, self.password, renew) and all(renewed)

    def replace_password(self, raw_password):
        """Set another password in place of the one this object was read with.

        Raises AccountError when the account has changed since: another password, voided, signed
        out, disabled, erased.
        """
        as_read = {"password": self.password, "session_round": self.session_round}
        if not self.write_password(raw_password, is_active=True, **as_read):
            raise AccountError(_("账号刚刚在别处有变动，密码没有改。请重新登录后再试"))

    def reset_password(self, raw_password):
        """Set a password whatever it was, for who has proved to hold the mobile; all sessions end.

        Raises AccountError when the mobile is no longer theirs, or the account is disabled.
        """
        then = {"session_round": F("session_round") + 1}
        if not self.write_password(raw_password, then, mobile=self.mobile, is_active=True):
            raise AccountError(_("账号刚刚有变动，密码没有改。请再试一次"))

    def write_password(self, raw_password, then=(), **as_seen):
        """One conditional UPDATE: hashing takes a while, and others may write meanwhile."""
        password = hashers.make_password(raw_password)
        row = User.objects.filter(pk=self.pk, **as_seen)
        written = row.update(password=password, updated_at=timezone.now(), **dict(then)) == 1
        if written:
            self.password = password
        return written

    def replace_avatar(self, name):
        """Show the stored picture `name` from now on. The name of the one before, "" if none."""
        with transaction.atomic():
            self.lock_to_change()
            before = User.objects.get(pk=self.pk).avatar
            self.avatar = name
            self.save(update_fields=["avatar", "updated_at"])
        return before

    def lock_to_change(self):
        """Lock the account until the transaction ends, for what its owner writes.

        Raises PermissionDenied when it was disabled or erased since the request began.
        """
        if not User.objects.lock_active(self.pk):
            raise PermissionDenied

    def get_short_name(self):
        """How the operators' desk greets them."""
        return self.display_name

    @property
    def display_name(self):
        """How the site calls the user to their face."""
        return self.name or self.masked_mobile

    @property
    def public_name(self):
        """How strangers see the user; a mobile is never shown to them."""
        return self.name or str(_("匿名用户"))

    @property
    def avatar_url(self):
        return default_storage.url(self.avatar) if self.avatar else static("img/avatar.svg")

    @property
    def is_erased(self):
        return self.mobile.startswith(ERASED)

    @property
    def is_verified(self):
        return hasattr(self, "real_name")


@receiver(post_delete, sender=User)
def remove_files(instance, **_kwargs):
    if instance.avatar:
        delete_on_commit(instance.avatar, AVATAR_WIDTHS[-1], AVATAR_WIDTHS)


class RealNameError(Exception):
    """Why a real-name authentication was refused; the text is fit to show."""


class RealNameManager(models.Manager):
    def prove(self, user, name, id_card):
        """Record that `user` is the person of this ID card, once and for all.

        Raises RealNameError when the user has proved it before, or another user with this card.
        """
        try:
            with transaction.atomic():
                if not User.objects.lock_active(user.pk):
                    raise RealNameError(_("这个账号已停用或注销"))
                return self.create(
                    user_id=user.pk,  # user=user would make a refused user look proved
                    name=name,
                    sealed_id_card=f"{user.pk}:{id_card}",
                    id_card_index=blind_index(id_card),
                    consented_at=timezone.now(),
                    consent_version=CONSENT_VERSION,
                )
        except IntegrityError:
            if self.filter(user=user).exists():
                raise RealNameError(_("您已经实名认证过了")) from None
            raise RealNameError(_("这张身份证已经认证过另一个账号")) from None


class RealName(Timestamped):
    """Proof of who a user is. The ID number is encrypted together with the user's id, so that
    a sealed number copied to another row is noticed."""

    user = models.OneToOneField(
        User, models.CASCADE, related_name="real_name", verbose_name=_("用户")
    )
    name = models.CharField(_("姓名"), max_length=32)
    sealed_id_card = EncryptedTextField(_("身份证号（加密）"))
    id_card_index = models.CharField(_("身份证指纹"), max_length=64, unique=True)
    consented_at = models.DateTimeField(_("同意时间"))
    consent_version = models.CharField(_("同意文本版本"), max_length=16)

    objects = RealNameManager()

    class Meta:
        verbose_name = verbose_name_plural = _("实名认证")
        permissions = [("reveal_id_card", _("可以查看完整身份证号"))]

    def __str__(self):
        return self.masked_name

    @property
    def id_card(self):
        """The number in clear. Raises ValueError when it was sealed for another user."""
        owner, number = self.sealed_id_card.split(":")
        if owner != str(self.user_id):
            raise ValueError(f"RealName {self.pk} holds a number sealed for another user")
        return number

    @property
    def masked_id_card(self):
        return mask(self.id_card, 1, 1)

    @property
    def masked_name(self):
        return self.name[:1] + "*" * (len(self.name) - 1)


class IdCardView(Timestamped):
    """The trace an operator leaves by looking at somebody's ID number in clear."""

    viewer = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("查看人"))
    subject = models.ForeignKey(
        User, models.PROTECT, related_name="id_card_views", verbose_name=_("被查看的用户")
    )
    reason = models.CharField(_("理由"), max_length=255)
    address = models.CharField(_("地址"), max_length=45)

    class Meta:
        verbose_name = verbose_name_plural = _("身份证查看记录")

    def __str__(self):
        return f"{self.viewer} → {self.subject}"


class Device(Timestamped):
    """A browser that is signed in to an account by the session with this key."""

    user = models.ForeignKey(User, models.CASCADE, related_name="devices", verbose_name=_("用户"))
    session_key = models.CharField(_("会话"), max_length=40, unique=True)
    user_agent = models.CharField(_("浏览器"), max_length=255, blank=True)
    address = models.CharField(_("地址"), max_length=45)
    seen_at = models.DateTimeField(_("最近使用"))

    class Meta:
        verbose_name = verbose_name_plural = _("登录设备")

    def __str__(self):
        return self.name

    @property
    def name(self):
        return device_name(self.user_agent)

    @property
    def is_phone(self):
        return "Mobile" in self.user_agent or "Android" in self.user_agent


class UploadDay(Timestamped):
    """As DayCount before there was one. The release before this one still writes it; the table
    goes with the release after."""

    user = models.OneToOneField(
        User, models.CASCADE, related_name="upload_day", verbose_name=_("用户")
    )
    day = models.DateField(_("日期"))
    count = models.PositiveSmallIntegerField(_("张数"), default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("上传计数")
