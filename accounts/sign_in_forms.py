"""The forms by which people prove who they are: by a code, by a password."""

from contextlib import suppress

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts import captcha
from accounts.browser_id import browser_of, shown_ids
from accounts.codes import spend_code
from accounts.devices import known_device, user_agent_of
from accounts.logins import (
    CaptchaNeeded,
    is_captcha_needed,
    refuse,
    reserve_attempt,
    reserve_old_password,
)
from accounts.models import CodeError, SmsCode, User, network_of
from accounts.validators import PasswordLengthValidator, validate_mobile
from ihome_site.forms import Sentences
from ihome_site.logs import event
from ihome_site.refusals import TooMany

LONGEST = PasswordLengthValidator.longest  # hashing a longer password only burns our time


class MobileField(forms.CharField):
    def __init__(self, **kwargs):
        attrs = {"type": "tel", "inputmode": "numeric", "autocomplete": "tel", "maxlength": 13}
        kwargs.setdefault("label", _("手机号"))
        super().__init__(widget=forms.TextInput(attrs=attrs), **kwargs)

    def to_python(self, value):
        """People group the digits as the field shows them; spaces are not their mistake."""
        return super().to_python(value).replace(" ", "")

    def run_validators(self, value):
        super().run_validators(value)
        if value:
            validate_mobile(value)


class PasswordField(forms.CharField):
    def __init__(self, autocomplete, **kwargs):
        attrs = {"autocomplete": autocomplete, "maxlength": LONGEST}
        widget = forms.PasswordInput(attrs=attrs, render_value=True)
        super().__init__(widget=widget, strip=False, max_length=LONGEST, **kwargs)


def sms_code_field():
    attrs = {"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 6}
    six_digits = RegexValidator("\\A[0-9]{6}\\Z", _("请输入 6 位数字验证码"))
    return forms.CharField(
        label=_("短信验证码"), validators=[six_digits], widget=forms.TextInput(attrs=attrs)
    )


class CaptchaForm(Sentences, forms.Form):
    """A form that can ask for a captcha. `request` tells whose."""

    captcha_0 = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    captcha_1 = forms.CharField(
        label=_("图片验证码"),
        max_length=8,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )

    def __init__(self, *args, request, **kwargs):
        super().__init__(*args, **kwargs)
        self.request = request

    def claim_captcha(self):
        """Spend the captcha. False, with an error on the form, when it is missing or wrong."""
        key, answer = (self.cleaned_data.get(name, "") for name in ("captcha_0", "captcha_1"))
        if not answer:
            self.add_error("captcha_1", _("请输入图片里的字"))
        elif not captcha.claim(key, answer, shown_ids(self.request)):
            self.add_error("captcha_1", _("刚才的字不对，换了一张，请再输一次"))
        return "captcha_1" not in self.errors

    def refuse_for_now(self, field, refusal):
        """Say on the form that a limit was reached; the answer will be 429."""
        self.wait = refusal.wait
        self.add_error(field, str(refusal))


class SmsForm(CaptchaForm):
    """A form with a mobile that is proved by an SMS code.

    With `sending=True` it judges only what asking for the code needs, the mobile and the
    captcha, and keeps whatever else was typed.
    """

    purpose = None

    mobile = MobileField()
    sms_code = sms_code_field()

    def __init__(self, *args, sending=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.sending = sending

    def full_clean(self):
        super().full_clean()
        if self.is_bound and self.sending:
            for name in self.errors.keys() - {"mobile", "captcha_0", "captcha_1"}:
                del self._errors[name]

    def clean(self):
        """Captcha and code are spent last: a slip in another field does not cost them."""
        if self.sending:
            if "mobile" not in self.errors and self.claim_captcha():
                self.check_mobile()
        elif not self.errors:
            self.spend_code()
        return self.cleaned_data

    def check_mobile(self):
        """A chance to refuse the mobile, once the captcha has shown a person asks."""

    def spend_code(self):
        mobile, request = self.cleaned_data["mobile"], self.request
        try:
            spend_code(
                mobile,
                self.purpose,
                self.cleaned_data["sms_code"],
                request.address,
                browser_of(request),
                known_device(request, mobile),
                user_agent_of(request),
                self.judge,
            )
        except ValidationError as error:
            self.add_error(None, error)
        except CodeError as error:
            self.add_error("sms_code", str(error))
        except TooMany as refusal:
            event("code limit reached", mobile=mobile, address=request.address)
            self.refuse_for_now("sms_code", refusal)

    def judge(self):
        """A chance to refuse what only the holder of the mobile may be told of.

        The code was right and is not used up yet. Raises ValidationError.
        """

    def account(self):
        """The account of the mobile just proved, or None with an error on the form.

        Only the holder of the mobile gets this far, so that plain words give nothing away.
        """
        user = User.objects.filter(mobile=self.cleaned_data["mobile"]).first()
        if user is None:
            self.add_error("mobile", _("这个手机号还没有注册，请先注册"))
        elif not user.is_active:
            self.add_error("mobile", _("这个账号已停用，不能登录"))
        else:
            return user
        return None


class NewPassword(forms.Form):
    """Two fields for a new password that must agree and be good enough."""

    password = PasswordField("new-password", label=_("密码"))
    password2 = PasswordField("new-password", label=_("再输一次密码"))

    def clean_password(self):
        password = self.cleaned_data["password"]
        validate_password(password, self.password_user())
        return password

    def password_user(self):
        """Whose mobile and name the password must not resemble."""
        return User(mobile=self.cleaned_data.get("mobile", ""))

    def clean_password2(self):
        password2 = self.cleaned_data["password2"]
        if "password" in self.cleaned_data and self.cleaned_data["password"] != password2:
            raise ValidationError(_("两次输入的密码不一样"))
        return password2


class RegisterForm(SmsForm, NewPassword):
    purpose = SmsCode.Purpose.REGISTER
    field_order = ["mobile", "captcha_0", "captcha_1", "sms_code", "password", "password2"]

    def check_mobile(self):
        self.refuse_registered()

    def refuse_registered(self):
        if User.objects.filter(mobile=self.cleaned_data["mobile"]).exists():
            self.add_error("mobile", _("这个手机号已经注册过了，请直接登录"))

    def save(self):
        """The new user, or None with an error on the form when somebody was quicker."""
        try:
            with transaction.atomic():
                return User.objects.create_user(
                    self.cleaned_data["mobile"], self.cleaned_data["password"]
                )
        except IntegrityError:
            self.refuse_registered()
            return None


class PasswordResetForm(SmsForm, NewPassword):
    purpose = SmsCode.Purpose.RESET
    field_order = RegisterForm.field_order

    def judge(self):
        """The account's name is known by now, and asked about: earlier it would tell strangers
        who has an account, and under which name."""
        user = User.objects.filter(mobile=self.cleaned_data["mobile"]).first()
        try:
            validate_password(self.cleaned_data["password"], user)
        except ValidationError as error:
            raise ValidationError({"password": error}) from None

    def save(self):
        """The user whose password was set, or None with an error when there is no such user.

        Raises AccountError when the account changed meanwhile.
        """
        user = self.account()
        if user is None:
            return None
        user.reset_password(self.cleaned_data["password"])
        event("password reset", user=user.pk)
        return user


class SmsLoginForm(SmsForm):
    purpose = SmsCode.Purpose.LOGIN

    save = SmsForm.account


class LoginForm(CaptchaForm):
    """The captcha is asked for when strangers have guessed at the mobile, whoever asks."""

    mobile = MobileField()
    password = PasswordField("current-password", label=_("密码"))
    field_order = ["mobile", "password"]
    user = None

    def clean(self):
        if not self.errors and (attempt := self.reserve_attempt()):
            self.check_password(attempt)
        return self.cleaned_data

    @property
    def asks_captcha(self):
        """Whether the form, shown again, must ask for a captcha."""
        mobile = getattr(self, "cleaned_data", {}).get("mobile")
        return bool(mobile) and self.needs_captcha(mobile, known_device(self.request, mobile))

    def needs_captcha(self, mobile, device):
        return is_captcha_needed(mobile, self.request.address, device)

    def reserve_attempt(self):
        """The row to mark as succeeded; None, with an error on the form, before any hashing."""
        mobile, request = self.cleaned_data["mobile"], self.request
        device = known_device(request, mobile)
        try:
            # Others may guess between the look and the reservation: then it is asked for after all.
            for with_captcha in (self.needs_captcha(mobile, device), True):
                with suppress(CaptchaNeeded):
                    return self.reserve(mobile, device, with_captcha)
        except TooMany as refusal:
            event("sign-in limit reached", mobile=mobile, address=request.address)
            self.refuse_for_now(None, refusal)
        return None

    def reserve(self, mobile, device, with_captcha):
        request = self.request
        if with_captcha:
            refuse(mobile, network_of(request.address))  # before a captcha is wasted
            if not self.claim_captcha():
                return None
        return reserve_attempt(
            mobile, request.address, device, user_agent_of(request), with_captcha
        )

    def check_password(self, attempt):
        """One sentence for every wrong pair, so that nobody learns who is registered here."""
        data = self.cleaned_data
        self.user = authenticate(self.request, mobile=data["mobile"], password=data["password"])
        if self.user is None:
            event("sign-in refused", mobile=data["mobile"], address=self.request.address)
            raise ValidationError(_("手机号或密码不对，请再试一次"))
        attempt.succeed()


class PasswordChangeForm(Sentences, NewPassword):
    old_password = PasswordField("current-password", label=_("现在的密码"))
    field_order = ["old_password", "password", "password2"]

    def __init__(self, *args, request, **kwargs):
        super().__init__(*args, **kwargs)
        self.request = request

    @property
    def user(self):
        return self.request.user

    def password_user(self):
        return self.user

    def clean_old_password(self):
        """A session left open somewhere is no licence to guess the password."""
        request = self.request
        try:
            attempt = reserve_old_password(self.user, request.address, user_agent_of(request))
        except TooMany as refusal:
            event("old password limit reached", user=self.user.pk, address=request.address)
            self.wait = refusal.wait
            raise ValidationError(str(refusal)) from None
        if not self.user.check_password(self.cleaned_data["old_password"]):
            raise ValidationError(_("现在的密码不对"))
        attempt.succeed()
        return self.cleaned_data["old_password"]

    def save(self):
        """Raises AccountError when the account changed since the old password was checked."""
        self.user.replace_password(self.cleaned_data["password"])
        event("password changed", user=self.user.pk)
