"""Who may give whom which powers: nobody gives, or takes, what they do not have themselves."""

from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.names import NameField, refuse_official
from accounts.supervision import ERASED_FOR_GOOD, was_lately
from ihome_site.forms import PartialModelForm
from ihome_site.masking import masked

NOT_YOURS = _("只能给予或收回您自己也有的权限：%(names)s")

ANOTHER_MOBILE = _("运营人员不久前换过这个账号的手机号，能不能进后台由超级用户决定")

OFFICIAL_NAME = _("这个名字只有运营人员能用，请在这里一起改掉，再让对方不再是运营人员")

NUMBER_IN_NAME = _("角色的名字里不要写手机号或身份证号，列表里每个人都看得到")

ABOVE_YOU = _("这个账号有您没有的权限，能不能进后台由权限更多的人决定")


class NoneForEmpty(NameField):
    """Two users without a name must not clash as two users named ""."""

    def clean(self, value):
        return super().clean(value) or None


class PowersForm(PartialModelForm):
    """A form with rows that stand for powers, in `powers_field`. `actor` is who saves it."""

    actor = None
    powers_field = None

    def clean(self):
        data = super().clean()
        if self.powers_field in data:
            self.check_powers(data[self.powers_field])
        return data

    def check_powers(self, wanted):
        is_new = self.instance._state.adding
        now = set() if is_new else set(getattr(self.instance, self.powers_field).all())
        beyond = [row for row in now ^ set(wanted) if not self.within_reach(row)]
        if beyond:
            names = "、".join(sorted(map(str, beyond)))
            self.add_error(self.powers_field, NOT_YOURS % {"names": names})

    def within_reach(self, row):
        """Whether the actor has all that `row` gives."""
        return has_all_of(self.actor, self.permissions_of(row))


class UserForm(PowersForm):
    powers_field = "groups"

    class Meta:
        model = User
        fields = ["name", "is_staff", "is_superuser", "groups"]
        field_classes = {"name": NoneForEmpty}
        labels = {"groups": _("角色")}

    def clean(self):
        data = super().clean()
        if self.instance.is_erased:
            raise ValidationError(ERASED_FOR_GOOD)
        if "is_staff" in self.changed_data and not self.actor.has_perms(self.instance.powers()):
            self.add_error("is_staff", ABOVE_YOU)
        changed_lately = was_lately(self.instance.mobile_changed_at)
        if self.opens_desk and changed_lately and not self.actor.is_superuser:
            self.add_error("is_staff", ANOTHER_MOBILE)
        if {"name", "is_staff"} & set(self.changed_data) and "name" in data:
            self.check_name(data["name"])
        return data

    @property
    def opens_desk(self):
        return "is_staff" in self.changed_data and self.cleaned_data.get("is_staff")

    @property
    def closes_desk(self):
        lost = {"is_staff", "is_superuser"} & set(self.changed_data)
        return any(not self.cleaned_data[name] for name in lost)

    @property
    def update_fields(self):
        columns = super().update_fields
        return [*columns, "left_desk_at"] if self.closes_desk else columns

    def save(self, commit=True):
        if self.closes_desk:
            self.instance.left_desk_at = timezone.now()
        return super().save(commit)

    save.alters_data = True

    def check_name(self, name):
        """Judged by whether they work here once this is saved: who leaves leaves such a name."""
        staff = self.cleaned_data.get("is_staff", self.instance.is_staff)
        try:
            refuse_official(name, User(is_staff=staff))
        except ValidationError as error:
            self.add_error("name", error if "name" in self.changed_data else OFFICIAL_NAME)

    def permissions_of(self, group):
        return group.permissions.all()


class RoleForm(PowersForm):
    powers_field = "permissions"

    class Meta:
        model = Group
        fields = ["name", "permissions"]

    def clean_name(self):
        """A name from before may stay."""
        name = self.cleaned_data["name"]
        if "name" in self.changed_data and masked(name) != name:
            raise ValidationError(NUMBER_IN_NAME)
        return name

    def permissions_of(self, permission):
        return Permission.objects.filter(pk=permission.pk)


def has_all_of(actor, permissions):
    """Whether `actor` has each of a queryset of permissions."""
    pairs = permissions.values_list("content_type__app_label", "codename")
    return all(actor.has_perm(f"{label}.{codename}") for label, codename in pairs)
