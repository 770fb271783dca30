from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import MinLengthValidator, RegexValidator
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts import captcha
from accounts.codes import spend_code
from accounts.devices import known_device, user_agent_of
from accounts.limits import NAMES, PROOFS, UPLOADS
from accounts.logins import reserve_attempt
from accounts.models import CodeError, RealName, RealNameError, SmsCode, User
from accounts.validators import PasswordLengthValidator, validate_id_card, validate_mobile
from ihome_site import images
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


class SmsForm(Sentences, forms.Form):
    """A form with a mobile that is proved by an SMS code.

    With `sending=True` it judges only what asking for the code needs, the mobile and the
    captcha, and keeps whatever else was typed.
    """

    purpose = None

    mobile = MobileField()
    captcha_0 = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    captcha_1 = forms.CharField(
        label=_("图片验证码"),
        max_length=8,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
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
            self.claim_captcha()
        elif not self.errors:
            self.spend_code()
        return self.cleaned_data

    def claim_captcha(self):
        if "mobile" in self.errors:
            return
        key, answer = (self.cleaned_data.get(name, "") for name in ("captcha_0", "captcha_1"))
        if not answer:
            self.add_error("captcha_1", _("请输入图片里的字"))
        elif not captcha.claim(key, answer):
            self.add_error("captcha_1", _("刚才的字不对，换了一张，请再输一次"))
        else:
            self.check_mobile()

    def check_mobile(self):
        """A chance to refuse the mobile, once the captcha has shown a person asks."""

    def spend_code(self):
        data = self.cleaned_data
        try:
            spend_code(data["mobile"], self.purpose, data["sms_code"])
        except CodeError as error:
            self.add_error("sms_code", str(error))

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

    def save(self):
        """The user whose password was set, or None with an error when there is no such user."""
        user = self.account()
        if user:
            user.set_password(self.cleaned_data["password"])
            user.save(update_fields=["password", "updated_at"])
            event("password reset", user=user.pk)
        return user


class SmsLoginForm(SmsForm):
    purpose = SmsCode.Purpose.LOGIN

    save = SmsForm.account


class CountedPassword(Sentences, forms.Form):
    """A form that compares a password, as often as the limits of accounts.logins allow."""

    def __init__(self, *args, request, **kwargs):
        super().__init__(*args, **kwargs)
        self.request = request

    def reserve_attempt(self, mobile):
        """A row to mark as succeeded. Raises ValidationError at a limit, before any hashing."""
        try:
            device = known_device(self.request, mobile)
            return reserve_attempt(
                mobile, self.request.address, device, user_agent_of(self.request)
            )
        except TooMany as refusal:
            event("sign-in limit reached", mobile=mobile, address=self.request.address)
            self.wait = refusal.wait
            raise ValidationError(str(refusal)) from None


class LoginForm(CountedPassword):
    mobile = MobileField()
    password = PasswordField("current-password", label=_("密码"))
    user = None

    def clean(self):
        if not self.errors:
            self.check_password()
        return self.cleaned_data

    def check_password(self):
        """One sentence for every wrong pair, so that nobody learns who is registered here."""
        data = self.cleaned_data
        attempt = self.reserve_attempt(data["mobile"])
        self.user = authenticate(self.request, mobile=data["mobile"], password=data["password"])
        if self.user is None:
            event("sign-in refused", mobile=data["mobile"], address=self.request.address)
            raise ValidationError(_("手机号或密码不对，请再试一次"))
        attempt.succeed()


class PasswordChangeForm(CountedPassword, NewPassword):
    old_password = PasswordField("current-password", label=_("现在的密码"))
    field_order = ["old_password", "password", "password2"]

    @property
    def user(self):
        return self.request.user

    def password_user(self):
        return self.user

    def clean_old_password(self):
        """A session left open somewhere is no licence to guess the password."""
        attempt = self.reserve_attempt(self.user.mobile)
        if not self.user.check_password(self.cleaned_data["old_password"]):
            raise ValidationError(_("现在的密码不对"))
        attempt.succeed()
        return self.cleaned_data["old_password"]

    def save(self):
        self.user.set_password(self.cleaned_data["password"])
        self.user.save(update_fields=["password", "updated_at"])
        event("password changed", user=self.user.pk)


class NameForm(Sentences, forms.ModelForm):
    class Meta:
        model = User
        fields = ["name"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True

    def save(self, commit=True):
        """False, with an error on the form, when the name was taken a moment ago, or the day's
        changes are used up."""
        try:
            NAMES.take(self.instance)
            with transaction.atomic():
                self.instance.save(update_fields=["name", "updated_at"])
        except IntegrityError:
            self.add_error("name", User._meta.get_field("name").error_messages["unique"])
            return False
        except TooMany as refusal:
            self.wait = refusal.wait
            self.add_error("name", str(refusal))
            return False
        return True


class AvatarForm(Sentences, forms.Form):
    avatar = forms.FileField(
        label=_("头像"),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )

    def __init__(self, *args, user=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_avatar(self):
        try:
            UPLOADS.take(self.user)
            return images.read(self.cleaned_data["avatar"], images.AVATAR_MIN_SIDE, square=True)
        except images.ImageError as error:
            raise ValidationError(str(error)) from None
        except TooMany as refusal:
            self.wait = refusal.wait
            raise ValidationError(str(refusal)) from None


class RealNameForm(Sentences, forms.Form):
    real_name = forms.CharField(
        label=_("真实姓名"),
        max_length=32,
        validators=[MinLengthValidator(2, _("请填写证件上的全名"))],
    )
    id_card = forms.CharField(
        label=_("身份证号"),
        max_length=18,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    consent = forms.BooleanField(
        label=_("我同意爱家租房为核实身份而加密保存以上信息"),
        error_messages={"required": _("勾选同意后才能提交")},
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["consent"].error_messages["required"] = _("勾选同意后才能提交")

    def clean_id_card(self):
        id_card = self.cleaned_data["id_card"].upper()
        validate_id_card(id_card)
        return id_card

    def save(self):
        """The RealName, or None with an error on the form."""
        data = self.cleaned_data
        try:
            if not self.user.is_verified:
                PROOFS.take(self.user)
            return RealName.objects.prove(self.user, data["real_name"], data["id_card"])
        except RealNameError as error:
            self.add_error("id_card", str(error))
        except TooMany as refusal:
            self.wait = refusal.wait
            self.add_error("id_card", str(refusal))
        return None
