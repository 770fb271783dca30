from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import BaseUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from accounts.models import IdCardView, LoginAttempt, RealName, SmsCode, User
from ihome_site.desk import OperatorsAdmin, ReadOnlyAdmin, verb
from ihome_site.forms import PartialModelForm
from ihome_site.logs import event

REVEAL = "accounts.reveal_id_card"

admin.site.site_header = _("爱家租房 · 运营")
admin.site.site_title = _("爱家租房")
admin.site.index_title = _("运营后台")


class NoneForEmpty(forms.CharField):
    """Two users without a name must not clash as two users named ""."""

    def clean(self, value):
        return super().clean(value) or None


class UserForm(PartialModelForm, UserChangeForm):
    class Meta(UserChangeForm.Meta):
        model = User
        field_classes = {"name": NoneForEmpty}


class NewUserForm(BaseUserCreationForm):
    class Meta:
        model = User
        fields = ["mobile"]


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(OperatorsAdmin, DjangoGroupAdmin):
    list_display = ["name"]


@admin.register(User)
class UserAdmin(OperatorsAdmin, DjangoUserAdmin):
    form = UserForm
    add_form = NewUserForm
    list_display = ["mobile", "name", "is_active", "is_staff", "created_at"]
    list_filter = ["is_active", "is_staff", "groups", "created_at"]
    search_fields = ["mobile", "name"]
    ordering = ["-created_at"]
    readonly_fields = ["picture", "is_active", "last_login", "created_at", "updated_at"]
    filter_horizontal = []
    fieldsets = [
        (None, {"fields": ["mobile", "password", "name", "picture", "is_active"]}),
        (_("权限"), {"fields": ["is_staff", "is_superuser", "groups"]}),
        (_("时间"), {"fields": ["last_login", "created_at", "updated_at"]}),
    ]
    add_fieldsets = [(None, {"fields": ["mobile", "password1", "password2"]})]
    verbs = [
        verb(
            "disable",
            _("停用"),
            "accounts.disable_user",
            asks_why=True,
            fits=lambda user: user.is_active,
        ),
        verb("enable", _("恢复"), "accounts.disable_user", fits=lambda user: not user.is_active),
    ]

    def get_fieldsets(self, request, obj=None):
        """Who may not set a password is offered no button to do so."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        without = [name for name in fieldsets[0][1]["fields"] if name != "password"]
        return [(None, {"fields": without}), *fieldsets[1:]]

    @admin.display(description=_("头像"))
    def picture(self, user):
        return format_html('<img src="{}" width="64" height="64" alt="">', user.avatar_url)

    def get_readonly_fields(self, request, obj=None):
        """Nobody makes a superuser who is none."""
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else [*fields, "is_superuser"]

    def has_change_permission(self, request, obj=None):
        """Nor changes one: a new password would be as good."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    has_delete_permission = ReadOnlyAdmin.has_delete_permission  # orders and logs need the row


class RevealForm(forms.Form):
    reason = forms.CharField(label=_("查看理由"), min_length=4, max_length=255)


@admin.register(RealName)
class RealNameAdmin(ReadOnlyAdmin):
    list_display = ["user", "masked_name", "masked_id_card", "consented_at"]
    list_prefetch = ["user"]
    search_fields = ["=user__mobile"]
    search_people = ["user"]
    fields = ["user", "masked_name", "masked_id_card", "consented_at", "consent_version"]
    change_form_template = "admin/accounts/realname/change_form.html"

    def get_urls(self):
        reveal = self.admin_site.admin_view(self.reveal)
        ours = path("<int:pk>/reveal/", reveal, name="accounts_realname_reveal")
        return [ours, *super().get_urls()]

    def render_change_form(self, request, context, **kwargs):
        context["can_reveal"] = request.user.has_perm(REVEAL)
        return super().render_change_form(request, context, **kwargs)

    @method_decorator([never_cache, sensitive_variables()])
    def reveal(self, request, pk):
        """The number in clear, for a reason that is written down before it is shown."""
        if not (request.user.has_perm(REVEAL) and self.has_view_permission(request)):
            raise PermissionDenied
        row = get_object_or_404(RealName.objects.select_related("user"), pk=pk)
        form = RevealForm(request.POST or None)
        revealed = form.is_valid()
        if revealed:
            event("ID number shown", user=request.user.pk, subject=row.user_id)
            IdCardView.objects.create(
                viewer=request.user,
                subject=row.user,
                reason=form.cleaned_data["reason"],
                address=request.address,
            )
        context = self.admin_site.each_context(request)
        context |= {"row": row, "form": form, "revealed": revealed, "opts": self.opts}
        context["title"] = _("查看完整身份证号")
        return TemplateResponse(request, "admin/accounts/realname/reveal.html", context)

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
    search_fields = ["mobile__startswith"]
    fields = [*list_display, "expires_at"]
    ordering = ["-pk"]

    @admin.display(description=_("手机号"))
    def masked_mobile(self, row):
        return row.masked_mobile


@admin.register(LoginAttempt)
class LoginAttemptAdmin(ReadOnlyAdmin):
    list_display = ["masked_mobile", "created_at", "address", "browser", "method", "succeeded"]
    list_filter = ["succeeded", "method", "created_at"]
    search_fields = ["mobile__startswith", "address__startswith"]
    fields = [*list_display, "device", "user_agent"]
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
    search_fields = ["subject__mobile", "viewer__mobile", "reason"]
    fields = list_display
    ordering = ["-pk"]
