from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import AccountError, IdCardView, LoginAttempt, RealName, SmsCode, User
from accounts.reveals import Reveals
from accounts.roles import RoleForm, UserForm, has_all_of
from accounts.sign_in_forms import MobileField
from ihome_site.desk import OperatorsAdmin, ReadOnlyAdmin, people_called, verb
from ihome_site.forms import ReasonForm, ShownTexts
from ihome_site.logs import event
from ihome_site.models import OperationLog

CHANGE_MOBILE = "accounts.change_mobile"

admin.site.site_header = _("爱家租房 · 运营")
admin.site.site_title = _("爱家租房")
admin.site.index_title = _("运营后台")


class NewUserForm(ShownTexts, forms.ModelForm):
    """An account without a password: the person sets one by a code to the mobile."""

    mobile = MobileField(help_text=_("不设密码：本人用短信验证码登录，或在「忘记密码」里设一个"))

    class Meta:
        model = User
        fields = ["mobile"]

    def save(self, commit=True):
        self.instance.set_unusable_password()
        return super().save(commit)


class MobileForm(ReasonForm):
    mobile = MobileField(label=_("新手机号"))
    field_order = ["mobile", "reason"]


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(OperatorsAdmin, DjangoGroupAdmin):
    form = RoleForm
    list_display = ["name"]

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        form.actor = request.user
        return form

    def has_change_permission(self, request, obj=None):
        """Nobody but a superuser changes a role of their own."""
        return is_not_own(request.user, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        """Nor takes away, with a role, powers they do not have."""
        if obj and not has_all_of(request.user, obj.permissions):
            return False
        return is_not_own(request.user, obj) and super().has_delete_permission(request, obj)

    def lock_first(self, request, obj):
        """Whoever edits an account locks it before its roles; members are told of the change."""
        User.objects.lock_all([*obj.user_set.values_list("pk", flat=True), request.user.pk])

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        if change and "permissions" in form.changed_data:
            for member in form.instance.user_set.order_by("pk"):
                member.told(gettext("您的角色「%(role)s」的权限有变动") % {"role": form.instance})

    def delete_model(self, request, obj):
        """Its members lose what it gave them: each is told, and each has a line."""
        for member in obj.user_set.order_by("pk"):
            before = gettext("角色：%(role)s") % {"role": obj}
            OperationLog.objects.record(request.user, gettext("删除角色"), member, before)
            member.told(gettext("您的角色「%(role)s」被删除了") % {"role": obj})
        super().delete_model(request, obj)


def is_not_own(user, role):
    return role is None or user.is_superuser or not user.groups.filter(pk=role.pk).exists()


@admin.register(User)
class UserAdmin(Reveals, OperatorsAdmin):
    form = UserForm
    homes_chosen = "owner__in"
    list_display = ["masked_mobile", "name", "is_active", "is_staff", "created_at"]
    list_filter = ["is_active", "is_staff", "groups", "created_at"]
    search_fields = ["name"]
    search_help_text = _("完整的手机号、它的后四位，或名字")
    ordering = ["-created_at"]
    readonly_fields = [
        "masked_mobile",
        "picture",
        "is_active",
        "last_login",
        "created_at",
        "updated_at",
    ]
    fieldsets = [
        (None, {"fields": ["masked_mobile", "name", "picture", "is_active"]}),
        (_("权限"), {"fields": ["is_staff", "is_superuser", "groups"]}),
        (_("时间"), {"fields": ["last_login", "created_at", "updated_at"]}),
    ]
    powers = ["is_staff", "is_superuser", "groups"]
    change_form_template = "admin/accounts/reveals_change_form.html"
    reveal_permission = "accounts.reveal_mobile"
    reveal_title = _("查看完整手机号")
    verbs = [
        verb(
            "disable",
            _("停用"),
            "accounts.disable_user",
            asks_why=True,
            fits=lambda user: user.is_active,
        ),
        verb(
            "enable",
            _("恢复"),
            "accounts.disable_user",
            fits=lambda user: not (user.is_active or user.is_erased),
        ),
        verb(
            "void_password",
            _("让密码失效，请本人重设"),
            "accounts.void_password",
            asks_why=True,
            fits=lambda user: user.has_usable_password(),
        ),
    ]

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/reveal/", view(self.reveal), name="accounts_user_reveal"),
            path("<int:pk>/mobile/", view(self.change_mobile), name="accounts_user_mobile"),
            *super().get_urls(),
        ]

    def get_form(self, request, obj=None, **kwargs):
        if obj is None:
            kwargs["form"] = NewUserForm
        form = super().get_form(request, obj, **kwargs)
        form.actor = request.user
        return form

    def get_fieldsets(self, request, obj=None):
        if obj is None:
            return [(None, {"fields": ["mobile"]})]
        return super().get_fieldsets(request, obj)

    def get_readonly_fields(self, request, obj=None):
        """Nobody makes a superuser who is none, nor changes what they may do themselves: the last
        superuser could not take it back."""
        fields = super().get_readonly_fields(request, obj)
        if obj == request.user:
            return [*fields, *self.powers]
        return fields if request.user.is_superuser else [*fields, "is_superuser"]

    def has_add_permission(self, request):
        """An account that was made is given a role next."""
        return super().has_add_permission(request) and self.has_change_permission(request)

    def has_change_permission(self, request, obj=None):
        """A superuser is changed by superusers alone."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    has_delete_permission = ReadOnlyAdmin.has_delete_permission  # orders and logs need the row

    @admin.display(description=_("手机号"))
    def masked_mobile(self, user):
        return user.masked_mobile

    @admin.display(description=_("头像"))
    def picture(self, user):
        return format_html('<img src="{}" width="64" height="64" alt="">', user.avatar_url)

    def search_rows(self, request, users, text):
        return users.filter(people_called(text)) if text.strip() else users, False

    def lock_first(self, request, obj):
        """Two operators may change each other; the log refers to who does it."""
        User.objects.lock_all([obj.pk, request.user.pk])

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if not change:
            obj.told(gettext("运营人员为您开通了账号"))
        elif form.changed_data:
            labels = "、".join(str(form.fields[name].label) for name in form.changed_data)
            obj.told(gettext("运营人员修改了您账号的：%(labels)s") % {"labels": labels})

    def response_add(self, request, obj, post_url_continue=None):
        """The new account's own page comes next, where its roles are."""
        request.POST = request.POST.copy()
        request.POST["_continue"] = "1"
        return super().response_add(request, obj, post_url_continue)

    def render_change_form(self, request, context, obj=None, **kwargs):
        may = request.user.has_perm(CHANGE_MOBILE)
        context["can_change_mobile"] = obj and may and not obj.is_erased
        return super().render_change_form(request, context, obj=obj, **kwargs)

    # The mobile: seen whole after a reason, changed after another.

    def shown(self, user):
        return [(_("用户"), user), (_("手机号"), user.mobile)]

    def note_reveal(self, request, user, reason):
        event("mobile shown", user=request.user.pk, subject=user.pk)
        OperationLog.objects.record(request.user, gettext("查看手机号"), user, reason=reason)

    def change_mobile(self, request, pk):
        user = get_object_or_404(User, pk=pk)
        if not (request.user.has_perm(CHANGE_MOBILE) and self.has_view_permission(request)):
            raise PermissionDenied
        form = MobileForm(request.POST or None)
        if form.is_valid():
            try:
                user.change_mobile(request.user, **form.cleaned_data)
                self.message_user(request, gettext("手机号已更换，本人要用新手机号登录"))
                return redirect("admin:accounts_user_change", user.pk)
            except AccountError as refusal:
                form.add_error(None, str(refusal))
        context = self.admin_site.each_context(request) | {
            "row": user,
            "form": form,
            "opts": self.opts,
            "title": _("更换手机号"),
        }
        return TemplateResponse(request, "admin/accounts/change_mobile.html", context)


@admin.register(RealName)
class RealNameAdmin(Reveals, ReadOnlyAdmin):
    list_display = ["user", "masked_name", "masked_id_card", "consented_at"]
    list_prefetch = ["user"]
    search_fields = ["user__mobile__exact"]
    search_people = ["user"]
    fields = ["user", "masked_name", "masked_id_card", "consented_at", "consent_version"]
    change_form_template = "admin/accounts/reveals_change_form.html"
    reveal_permission = "accounts.reveal_id_card"
    reveal_title = _("查看完整身份证号")

    def get_urls(self):
        reveal = self.admin_site.admin_view(self.reveal)
        ours = path("<int:pk>/reveal/", reveal, name="accounts_realname_reveal")
        return [ours, *super().get_urls()]

    def shown(self, row):
        return [(_("用户"), row.user), (_("姓名"), row.name), (_("身份证号"), row.id_card)]

    def note_reveal(self, request, row, reason):
        event("ID number shown", user=request.user.pk, subject=row.user_id)
        IdCardView.objects.create(
            viewer=request.user, subject=row.user, reason=reason, address=request.address
        )

    @admin.display(description=_("姓名"))
    def masked_name(self, row):
        return row.masked_name

    @admin.display(description=_("身份证号"))
    def masked_id_card(self, row):
        return row.masked_id_card


@admin.register(SmsCode)
class SmsCodeAdmin(ReadOnlyAdmin):
    list_display = ["masked_mobile", "purpose", "created_at", "tries", "used_at", "failed_at"]
    list_filter = ["purpose"]
    search_fields = ["mobile__exact"]
    fields = [*list_display, "expires_at"]
    ordering = ["-pk"]

    @admin.display(description=_("手机号"))
    def masked_mobile(self, row):
        return row.masked_mobile


@admin.register(LoginAttempt)
class LoginAttemptAdmin(ReadOnlyAdmin):
    list_display = ["masked_mobile", "created_at", "address", "browser", "method", "succeeded"]
    list_filter = ["succeeded", "method", "created_at"]
    search_fields = ["mobile__exact", "address__startswith"]
    fields = [*list_display, "device", "user_agent"]
    written_by_site = ["address", "device"]
    ordering = ["-pk"]

    @admin.display(description=_("手机号"))
    def masked_mobile(self, row):
        return row.masked_mobile

    @admin.display(description=_("浏览器"))
    def browser(self, row):
        return row.browser


@admin.register(IdCardView)
class IdCardViewAdmin(ReadOnlyAdmin):
    list_display = ["subject", "viewer", "created_at", "reason", "address"]
    list_prefetch = ["subject", "viewer"]
    search_fields = ["reason"]
    search_people = ["subject", "viewer"]
    fields = list_display
    written_by_site = ["address"]
    ordering = ["-pk"]
