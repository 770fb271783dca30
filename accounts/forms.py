from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MinLengthValidator
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.limits import NAMES, PROOFS, UPLOADS
from accounts.models import RealName, RealNameError, User
from accounts.names import NameField, refuse_official
from accounts.validators import validate_id_card
from ihome_site import images
from ihome_site.forms import PartialModelForm, Sentences
from ihome_site.refusals import TooMany


class NameForm(Sentences, PartialModelForm):
    class Meta:
        model = User
        fields = ["name"]
        field_classes = {"name": NameField}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True

    def clean_name(self):
        """A name from before may stay."""
        name = self.cleaned_data["name"]
        if "name" in self.changed_data:
            refuse_official(name, self.instance)
        return name

    def save(self, commit=True):
        """False, with an error on the form, when the name was taken a moment ago, or the day's
        changes are used up. A name that was not touched is left as somebody else may have set it.
        """
        if not self.changed_data:
            return True
        try:
            NAMES.take(self.instance)
            with transaction.atomic():
                self.instance.lock_to_change()
                self.instance.refresh_from_db(fields=["is_staff"])
                self.clean_name()  # they may have worked here until a moment ago
                self.instance.save(update_fields=["name", "updated_at"])
        except ValidationError as error:
            self.add_error("name", error)
            return False
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
        upload, widths = self.cleaned_data["avatar"], images.AVATAR_WIDTHS
        try:
            with images.place(self.user.pk):
                UPLOADS.take(self.user)
                return images.take(upload, widths, images.AVATAR_MIN_SIDE, square=True)
        except images.ImageError as error:
            raise ValidationError(str(error)) from None
        except (TooMany, images.Crowded) as refusal:
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
