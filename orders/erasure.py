"""Forgetting a person, as far as the law and the other party's contract allow."""

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import devices
from accounts.models import IdCardView, LoginAttempt, SmsCode, User
from houses.models import House
from ihome_site import images
from ihome_site.locking import durable
from orders.models import Order

# Orders are the other party's contract too, and houses carry them; both stay without a person.
# Who looked at an ID number, and what operators did, is evidence that must not be erasable.
KEPT = {House, Order, IdCardView, LogEntry}


class ErasureError(Exception):
    """Why somebody cannot be erased yet; the text is fit to show."""


def erase(user):
    """Make `user` anonymous and delete what is theirs alone.

    Raises ErasureError while a stay is asked for, or accepted and not over. Sessions end and
    files go outside the transaction, for neither can be rolled back.
    """
    refuse_open_orders(user)
    devices.end(user.devices.all())
    for name, width, widths in forget(user.pk):
        images.delete(name, width, widths)


def refuse_open_orders(user):
    mine = Order.objects.filter(guest=user) | Order.objects.filter(house__owner=user)
    accepted = mine.filter(status=Order.Status.WAIT_COMMENT, end_date__gt=timezone.localdate())
    count = mine.waiting().count() + accepted.count()
    if count:
        raise ErasureError(_("还有 %(n)s 个没结束的订单，先取消或等它结束") % {"n": count})


@durable
def forget(pk):
    """The transaction. Returns the pictures whose files are no longer named anywhere."""
    houses = list(House.objects.select_for_update().filter(owner=pk).order_by("pk"))
    user = User.objects.select_for_update().get(pk=pk)
    refuse_open_orders(user)
    files = [picture for house in houses for picture in empty(house)]
    if user.avatar:
        files.append((user.avatar, images.AVATAR_WIDTHS[-1], images.AVATAR_WIDTHS))
    for model in (SmsCode, LoginAttempt):
        model.objects.filter(mobile=user.mobile).delete()
    delete_rows(user)
    make_anonymous(user)
    return files


def empty(house):
    """Take a house off the site; its (file, width, widths). It stays where orders name it."""
    files = [(image.file, image.width, images.PHOTO_WIDTHS) for image in house.images.all()]
    house.images.all().delete()
    house.nights.blocked().delete()
    if house.orders.exists():
        House.objects.filter(pk=house.pk).update(
            is_listed=False, address="", cover=None, updated_at=timezone.now()
        )
    else:
        house.delete()
    return files


def delete_rows(user):
    """Every row that points to the user, in tables of today and of later, but for KEPT."""
    for relation in User._meta.related_objects:
        if relation.related_model not in KEPT:
            relation.related_model._base_manager.filter(**{relation.field.name: user}).delete()


def make_anonymous(user):
    """The row stays, for orders point to it; nothing in it leads to the person."""
    user.groups.clear()
    user.user_permissions.clear()
    shown = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk)
    )
    shown.update(object_repr=_("已注销用户"))
    user.set_unusable_password()
    changes = {
        "mobile": f"x{user.pk:010d}",  # the column is unique and eleven characters wide
        "name": None,
        "avatar": "",
        "last_login": None,
        "is_active": False,
        "is_staff": False,
        "is_superuser": False,
    }
    for column, value in changes.items():
        setattr(user, column, value)
    user.save(update_fields=[*changes, "password", "updated_at"])
