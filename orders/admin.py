from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ihome_site.desk import ReadOnlyAdmin, ReasonGiven, near_rows, starred, verb
from orders.models import Order, OrderMove, Review, plain_number

NEWEST = 100_000  # reviews that are searched for words


def newest(reviews):
    last = Review.objects.order_by("-pk").first()
    return reviews.filter(pk__gt=last.pk - NEWEST) if last else reviews


class OrderMoveInline(admin.TabularInline):
    model = OrderMove
    extra = 0
    fields = readonly_fields = [
        "created_at",
        "action",
        "actor",
        "before",
        "after",
        starred(OrderMove._meta.get_field("note")),
    ]

    def has_add_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


def can_be_stopped(order):
    over = order.end_date <= timezone.localdate()
    return order.can_reject or (order.status == Order.Status.WAIT_COMMENT and not over)


class WaitingLong(admin.SimpleListFilter):
    title = _("等待")
    parameter_name = "waiting"

    def lookups(self, request, modeladmin):
        return [
            ("all", _("待接单，还没过期")),
            ("long", _("等了很久")),
            ("never", _("超时未答复")),
        ]

    def queryset(self, request, orders):
        if self.value() == "long":
            return orders.waiting_long()
        if self.value() == "never":
            return orders.unanswered()
        return orders.waiting() if self.value() else orders


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    """Orders move by the verbs of the model; nothing is edited by hand."""

    list_display = [
        "display_number",
        "state_label",
        "title",
        "guest",
        "owner",
        "begin_date",
        "end_date",
        "amount",
        "created_at",
    ]
    list_prefetch = ["guest", "house__owner"]
    list_filter = [WaitingLong, "status", "begin_date", "created_at"]
    link_filters = ["status__in"]
    search_fields = ["number"]  # that there is a search; see search_rows
    search_help_text = _("订单号，房客或房东的手机号、名字，或房源的标题")
    ordering = ["-pk"]
    inlines = [OrderMoveInline]
    exclude = ["token"]
    written_by_site = ["display_number"]
    view_on_site = False  # an order's page is for its guest and its owner
    verbs = [
        verb("stop", _("取消订单"), "orders.stop_order", asks_why=True, fits=can_be_stopped),
    ]

    @admin.display(description=_("订单号"), ordering="number")
    def display_number(self, order):
        return order.display_number

    @admin.display(description=_("房东"))
    def owner(self, order):
        return order.house.owner

    @admin.display(description=_("状态"), ordering="status")
    def state_label(self, order):
        return order.state_label

    def search_rows(self, request, orders, text):
        """A number, shown in groups of four and pasted so; else the people and the home."""
        number = plain_number(text)
        numbered = orders.filter(number__istartswith=number)
        if not number or numbered.exists():
            return numbered, False
        return orders.filter(near_rows(text.strip(), ["guest"], ["house"])), False


class Stars(admin.SimpleListFilter):
    """Django's own would look through all reviews for the numbers there are."""

    title = _("星数")
    parameter_name = "stars"

    def lookups(self, request, modeladmin):
        return [(str(n), str(n)) for n in range(1, 6)]

    def queryset(self, request, reviews):
        chosen = {str(value) for value, _label in self.lookup_choices}
        return newest(reviews).filter(stars=self.value()) if self.value() in chosen else reviews


class Hidden(ReasonGiven):
    title = _("已隐藏")
    parameter_name = "hidden"
    column = "hidden_reason"


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    list_display = ["order", "house", "stars", "is_hidden", "text", "answer", "created_at"]
    list_prefetch = ["order__house"]
    list_filter = [Stars, Hidden]
    written_by_site = ["order"]
    verbs = [
        verb(
            "hide",
            _("隐藏评价"),
            "orders.hide_review",
            asks_why=True,
            fits=lambda review: not review.is_hidden,
        ),
        verb("show", _("恢复评价"), "orders.hide_review", fits=lambda review: review.is_hidden),
    ]
    search_fields = ["text", "answer"]
    search_help_text = _("最近 %(n)s 条评价里的字") % {"n": NEWEST}
    ordering = ["-pk"]

    def get_search_results(self, request, reviews, text):
        """Words are looked for where nobody has looked yet: there is no index of words."""
        reviews = newest(reviews) if text.strip() else reviews
        return super().get_search_results(request, reviews, text)

    @admin.display(description=_("已隐藏"), boolean=True)
    def is_hidden(self, review):
        return review.is_hidden

    @admin.display(description=_("房源"))
    def house(self, review):
        return review.order.house
