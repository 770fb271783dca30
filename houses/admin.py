from textwrap import wrap

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.forms import BaseInlineFormSet
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from houses.caching import house_changed
from houses.forms import HouseForm
from houses.listing import Check
from houses.models import Area, Facility, House, HouseImage, OccupiedNight
from ihome_site.desk import OperatorsAdmin, ReadOnlyAdmin, ReasonGiven, verb
from ihome_site.forms import PartialModelForm
from ihome_site.models import OperationLog


@admin.register(Area)
class AreaAdmin(OperatorsAdmin):
    list_display = ["name", "order"]
    list_editable = ["order"]
    search_fields = ["name"]


@admin.register(Facility)
class FacilityAdmin(OperatorsAdmin):
    list_display = ["name", "icon", "order"]
    list_editable = ["order"]
    search_fields = ["name"]


class PhotosFormSet(BaseInlineFormSet):
    """Photos that the owner deleted while the page was open are left out; the rest is saved."""

    @cached_property
    def forms(self):
        return [form for form in super().forms if not form.instance._state.adding]

    @property
    def has_lost_some(self):
        return len(self.forms) < self.total_form_count()


class HouseImageInline(admin.TabularInline):
    form = PartialModelForm
    formset = PhotosFormSet
    model = HouseImage
    extra = 0
    fields = ["picture", "order"]
    readonly_fields = ["picture"]
    can_delete = False

    def has_add_permission(self, request, obj=None):
        return False

    @admin.display(description=_("照片"))
    def picture(self, image):
        return format_html('<img src="{}" width="160" alt="">', image.small_url)


class OperatorsHouseForm(HouseForm):
    """The owner's form with its rules, and whose the home is.

    Somebody disabled or erased gets none: nobody would answer a request. A home with orders stays
    with its owner: they accepted, refused and answered as themselves, and it may be their guest
    who asks for it.
    """

    def clean_owner(self):
        owner = self.cleaned_data["owner"]
        if "owner" not in self.changed_data:
            return owner
        if self.instance.pk and self.instance.orders.exists():
            raise ValidationError(_("这套房源已经有订单，不能换房东；新房东可以另外发布"))
        if not User.objects.lock_active(owner.pk):
            raise ValidationError(_("这个账号已停用，不能成为房东"))
        return owner

    class Meta(HouseForm.Meta):
        fields = [*HouseForm.Meta.fields, "owner"]
        widgets = {}


class Held(ReasonGiven):
    title = _("运营下架")
    parameter_name = "held"
    column = "held_reason"


def can_be_approved(house):
    return house.check_state != Check.APPROVED or house.changed_since_check


def is_not_own(user, house):
    return house is None or house.owner_id != user.pk


@admin.register(House)
class HouseAdmin(OperatorsAdmin):
    form = OperatorsHouseForm
    homes_chosen = "pk__in"
    list_display = [
        "title",
        "area",
        "owner",
        "price",
        "is_listed",
        "check_state",
        "order_count",
        "created_at",
    ]
    list_prefetch = ["area", "owner"]
    list_filter = [
        "check_state",
        "changed_since_check",
        "is_listed",
        Held,
        "area",
    ]
    link_filters = ["created_at__gte", "created_at__lt"]
    search_fields = ["title", "address"]
    search_people = ["owner"]
    search_help_text = _("标题、地址，或房东的手机号、名字")
    autocomplete_fields = ["owner", "area"]
    readonly_fields = [
        "is_listed",
        "check_state",
        "check_reason",
        "checked_at",
        "changed_since_check",
        "held_reason",
        "order_count",
        "review_count",
        "star_total",
        "created_at",
        "updated_at",
    ]
    inlines = [HouseImageInline]
    ordering = ["-pk"]
    verbs = [
        verb(
            "approve",
            _("通过审核"),
            "houses.check_house",
            fits=can_be_approved,
            only_as_seen=True,
        ),
        verb(
            "refuse",
            _("不通过审核"),
            "houses.check_house",
            asks_why=True,
            fits=lambda house: house.check_state != Check.REFUSED,
            only_as_seen=True,
        ),
        verb(
            "hold",
            _("下架并留住"),
            "houses.hold_house",
            asks_why=True,
            fits=lambda house: not house.held_reason,
        ),
        verb("let_go", _("解除下架"), "houses.hold_house", fits=lambda house: house.held_reason),
    ]

    def save_model(self, request, house, form, change):
        super().save_model(request, house, form, change)
        if change and "owner" in form.changed_data:
            house.owner_changed()
            OperationLog.objects.subject_given_away(house, form.initial["owner"])
        if change and {"area", "owner"} & set(form.changed_data):
            house_changed(house.pk, house.area_id, form.initial["area"])
            # Who is no superuser has no field for the owner.
            for owner in {house.owner_id, form.initial.get("owner", house.owner_id)}:
                House.renumber(owner)

    def save_formset(self, request, form, formset, change):
        super().save_formset(request, form, formset, change)
        if formset.has_lost_some:
            sentence = _("有照片刚被房东删除了，其余的已保存")
            self.message_user(request, sentence, messages.WARNING)

    def get_readonly_fields(self, request, obj=None):
        """A home with another owner has its orders and its money with another person."""
        fields = super().get_readonly_fields(request, obj)
        return fields if obj is None or request.user.is_superuser else [*fields, "owner"]

    def has_change_permission(self, request, obj=None):
        """An operator edits their own home as its owner: operators look at it again."""
        return is_not_own(request.user, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return is_not_own(request.user, obj) and super().has_delete_permission(request, obj)

    def get_deleted_objects(self, houses, request):
        """A house takes its own nights with it; one with orders is protected by them."""
        rows, counts, forbidden, protected = super().get_deleted_objects(houses, request)
        return rows, counts, forbidden - {OccupiedNight._meta.verbose_name}, protected


@admin.register(OccupiedNight)
class OccupiedNightAdmin(ReadOnlyAdmin):
    """To be looked at; the calendar is changed through houses and orders."""

    list_display = ["house", "night", "kind", "order_number", "expires_at"]
    list_prefetch = ["house"]
    list_filter = ["kind"]
    search_fields = ["=house__id"]
    search_houses = ["house"]
    search_order = "holder"
    written_by_site = ["order_number"]
    fields = list_display
    search_help_text = _("房源的编号或标题，或订单号")
    ordering = ["-pk"]

    @admin.display(description=_("订单号"))
    def order_number(self, night):
        return "-".join(wrap(night.holder, 4))
