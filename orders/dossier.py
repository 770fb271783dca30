"""All that the site holds about one person, in words that person can read."""

from django.contrib.admin.models import LogEntry
from django.core.files.storage import default_storage

from accounts.models import IdCardView, LoginAttempt, RealName, SmsCode, User
from houses.models import House
from orders.models import Order

# Secrets of the site that say nothing about the person, and numbers that only we use.
SECRET = {"id", "password", "code_hmac", "session_key", "sealed_id_card", "id_card_index", "token"}
# Told in words of their own below; LogEntry is what an operator did to others.
OWN_WORDS = {RealName, IdCardView, House, Order, LogEntry}


def dossier(user):
    """A dict ready for JSON (DjangoJSONEncoder), keyed by the labels the site uses.

    Other people in it are left out. A table that is added later and points to the user is in
    it by itself.
    """
    pages = {label(User): plain(user) | {"头像地址": user.avatar_url}}
    if user.is_verified:
        pages[label(RealName)] = plain(user.real_name) | {"身份证号": user.real_name.id_card}
    views = user.id_card_views.order_by("pk")
    pages[label(IdCardView)] = [plain(view, leave_out={"address"}) for view in views]
    for model in (SmsCode, LoginAttempt):
        rows = model.objects.filter(mobile=user.mobile).order_by("pk")
        pages[label(model)] = [plain(row) for row in rows]
    for relation in User._meta.related_objects:
        model = relation.related_model
        if model not in OWN_WORDS and relation.field.name != "viewer":
            rows = model._base_manager.filter(**{relation.field.name: user}).order_by("pk")
            pages[label(model)] = [plain(row) for row in rows]
    pages[label(House)] = [house_page(house) for house in user.houses.order_by("pk")]
    pages[label(Order)] = [trip_page(order) for order in user.orders.order_by("pk")]
    received = Order.objects.received_by(user, user.houses.all()).order_by("pk")
    pages["客户订单"] = [received_page(order) for order in received]
    return pages


def label(model):
    return str(model._meta.verbose_name)


def plain(row, leave_out=()):
    """The row's own columns by their labels; choices in words, relations left out."""
    page = {}
    for field in row._meta.concrete_fields:
        if field.is_relation or field.name in SECRET or field.name in leave_out:
            continue
        value = getattr(row, field.name)
        if field.choices:
            value = str(getattr(row, f"get_{field.name}_display")())
        page[str(field.verbose_name)] = value
    return page


def house_page(house):
    return plain(house) | {
        "城区": house.area.name,
        "配套设施": [facility.name for facility in house.facilities.all()],
        "照片": [default_storage.url(image.file) for image in house.images.all()],
        "设为不租的晚上": sorted(house.nights.blocked().values_list("night", flat=True)),
    }


def trip_page(order):
    review = [plain(order.review)] if order.has_review else []
    moves = [plain(move) for move in order.moves.all()]
    return plain(order) | {"评价": review, "订单历史": moves}


def received_page(order):
    """An order of somebody else: what the owner agreed to and said, not who came."""
    answer = order.review.answer if order.has_review else ""
    return plain(order) | {"我的回复": answer}
