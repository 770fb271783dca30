from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ihome_site import frame as frame  # these two declare parameters
from ihome_site import images, parameters
from ihome_site import records as records
from ihome_site.desk import OperatorsAdmin, ReadOnlyAdmin, lock_actor, once_more
from ihome_site.forms import CarriesInitialValues, PartialModelForm
from ihome_site.models import Banner, HelpArticle, OperationLog, SiteNotice, SiteParameter

BANNER_FOLDER = "banners"
FILE_COLUMNS = ["file", "width", "height", "updated_at"]


class BannerForm(PartialModelForm):
    operator = None  # who sends the form; set by BannerAdmin
    replaced = None  # (name, width) of the picture before the one that was sent
    picture = forms.FileField(
        label=gettext_lazy("图片"),
        required=False,
        help_text=gettext_lazy("JPG、PNG 或 WebP，最多 10 MB；宽 1600、高 600 左右最合适"),
        widget=forms.FileInput,
    )

    class Meta:
        model = Banner
        fields = ["title", "link", "picture", "begins_on", "ends_on", "order"]

    def clean_picture(self):
        upload = self.cleaned_data["picture"]
        if not upload:
            if not self.instance.pk:
                raise ValidationError(_("请选择一张图片"))
            return None
        try:
            with images.place(self.operator.pk):
                return images.take(upload, images.PHOTO_WIDTHS)
        except (images.ImageError, images.Crowded) as error:
            raise ValidationError(str(error)) from error

    @property
    def update_fields(self):
        columns = super().update_fields
        return [*columns, *FILE_COLUMNS] if self.cleaned_data.get("picture") else columns

    def full_clean(self):
        """The files are stored when all else is right; when they cannot be, no row changes."""
        super().full_clean()
        picture = self.is_bound and not self.errors and self.cleaned_data.get("picture")
        if picture:
            try:
                stored = images.store_encoded(picture, BANNER_FOLDER)
            except images.StoreError as error:
                self.add_error("picture", str(error))
            else:
                if self.instance.pk:
                    self.replaced = self.instance.file, self.instance.width
                self.cleaned_data["picture"] = self.instance.file = stored.name
                self.instance.width, self.instance.height = stored.width, stored.height


@admin.register(Banner)
class BannerAdmin(OperatorsAdmin):
    form = BannerForm
    list_display = ["title", "thumbnail", "link", "begins_on", "ends_on", "order"]
    list_editable = ["order"]
    search_fields = ["title", "link"]
    readonly_fields = ["thumbnail"]
    fields = ["title", "thumbnail", "picture", "link", "begins_on", "ends_on", "order"]

    def get_form(self, request, *args, **kwargs):
        form = super().get_form(request, *args, **kwargs)  # a class of this request
        form.operator = request.user
        return form

    def save_model(self, request, obj, form, change):
        picture = form.cleaned_data.get("picture")
        if picture:
            request.stored = obj
        super().save_model(request, obj, form, change)
        if picture and form.replaced:
            images.delete_on_commit(*form.replaced, images.PHOTO_WIDTHS)

    def add_view(self, request, *args, **kwargs):
        return super().add_view(request, *args, **kwargs)

    def change_view(self, request, *args, **kwargs):
        return super().change_view(request, *args, **kwargs)

    # For ihome_site.middleware.BodyLimit: a picture and the form around it.
    add_view.largest_body = change_view.largest_body = images.MAX_BYTES + 1024 * 1024

    def changeform_view(self, request, *args, **kwargs):
        """The form has stored its picture; when the row is not committed, the files go again."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Exception:
            if banner := getattr(request, "stored", None):
                images.delete(banner.file, banner.width, images.PHOTO_WIDTHS)
            raise

    @admin.display(description=gettext_lazy("现在的图片"))
    def thumbnail(self, banner):
        if not banner.file:
            return ""
        return format_html('<img src="{}" width="160" alt="">', banner.url)


@admin.register(SiteNotice)
class SiteNoticeAdmin(OperatorsAdmin):
    list_display = ["text", "link", "begins_on", "ends_on"]
    search_fields = ["text"]


@admin.register(HelpArticle)
class HelpArticleAdmin(OperatorsAdmin):
    list_display = ["title", "slug", "in_footer", "is_published", "order"]
    list_editable = ["order"]
    search_fields = ["title", "body"]


class ParametersForm(CarriesInitialValues, forms.Form):
    """Every parameter the site knows, with what it is now."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, parameter in parameters.registry.items():
            default = _("默认 %(value)s") % {"value": parameter.default or _("空")}
            self.fields[name] = forms.CharField(
                label=parameter.label,
                required=False,
                initial=parameter(),
                max_length=200,
                help_text=f"{parameter.rule}；{default}",
            )
        self.carry_initial_values()

    def clean(self):
        for name, text in list(self.cleaned_data.items()):
            try:
                self.cleaned_data[name] = parameters.registry[name].clean(text)
            except ValidationError as error:
                self.add_error(name, error)
        return self.cleaned_data

    def save(self, actor):
        """Write what is different now, each with its line in the log.

        In a transaction: what each was before is read under the lock that the writing needs.
        """
        rows = SiteParameter.objects.select_for_update()
        for name in self.changed_data:
            parameter, value = parameters.registry[name], self.cleaned_data[name]
            if value == parameter.default and not rows.filter(name=name).exists():
                continue
            row, is_new = rows.get_or_create(name=name, defaults={"value": str(value)})
            before = parameter.meant_by(None if is_new else row.value)
            if value != before:
                row.value = str(value)
                row.save(update_fields=["value", "updated_at"])
                OperationLog.objects.record(actor, _("修改参数"), row, before, value)


@admin.register(SiteParameter)
class SiteParameterAdmin(OperatorsAdmin):
    """One page for all of them; rows are only what differs from the defaults."""

    has_add_permission = ReadOnlyAdmin.has_add_permission
    has_delete_permission = ReadOnlyAdmin.has_delete_permission

    def changelist_view(self, request, extra_context=None):
        if not self.has_view_permission(request):
            raise PermissionDenied
        may_change = self.has_change_permission(request)
        form = ParametersForm(request.POST or None)
        if request.method == "POST":
            if not may_change:
                raise PermissionDenied
            if form.is_valid():
                once_more(self.write, request, form)
                self.message_user(request, _("参数已保存，下一次访问就生效"))
                return redirect(request.path)
        labels = {name: one.label for name, one in parameters.registry.items()}
        history = OperationLog.objects.filter(subject_type=self.opts.label_lower)
        history = history.select_related("actor").order_by("-pk")[:50]
        context = self.admin_site.each_context(request) | {
            "title": self.opts.verbose_name_plural,
            "opts": self.opts,
            "form": form,
            "may_change": may_change,
            "history": [(labels.get(row.subject_text, row.subject_text), row) for row in history],
        }
        return TemplateResponse(request, "admin/parameters.html", context)

    @method_decorator(transaction.atomic)
    def write(self, request, form):
        """All that was changed or nothing, by an operator who still may."""
        lock_actor(request)
        if not self.has_change_permission(request):
            raise PermissionDenied
        form.save(request.user)


@admin.register(OperationLog)
class OperationLogAdmin(ReadOnlyAdmin):
    list_display = [
        "created_at",
        "actor",
        "verb",
        "kind",
        "subject_text",
        "before",
        "after",
        "reason",
    ]
    list_prefetch = ["actor"]
    list_filter = ["verb", "subject_type", "created_at"]
    search_fields = ["subject_text", "subject_id", "reason"]
    search_people = ["actor"]
    written_by_site = ["verb", "subject_type", "subject_id", "request_id"]
    ordering = ["-pk"]

    @admin.display(description=gettext_lazy("种类"), ordering="subject_type")
    def kind(self, line):
        from django.apps import apps

        return apps.get_model(line.subject_type)._meta.verbose_name
