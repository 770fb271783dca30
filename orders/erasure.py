"""Forgetting a person, as far as the law and the other party's contract allow."""

from datetime import timedelta

from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import make_password
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import devices
from accounts.ledgers import delete_ledgers
from accounts.models import ERASED, IdCardView, User
from houses.caching import cover_changed, house_changed
from houses.models import House
from ihome_site import images
from ihome_site.caching import changed
from ihome_site.locking import durable
from ihome_site.logs import event
from orders.models import Order
from orders.traces import Search, Traces, blanks
from orders.words import gone_home

# Orders are the other party's contract too, and houses carry them; both stay without a person.
# Who looked at an ID number, and what operators did, is evidence that must not be erasable.
KEPT = {House, Order, IdCardView, LogEntry}
AFTERWARDS = timedelta(days=2)  # what a request under way wrote is looked for so long


class ErasureError(Exception):
    """Why somebody cannot be erased yet; the text is fit to show."""


def erase(user):
    """Make `user` anonymous and delete what is theirs alone.

    Raises ErasureError while a stay is asked for, or accepted and not over. Sessions end before
    the transaction and files go after it, for neither can be rolled back.

    Returns what a person has to look at, one a line: see Traces.
    """
    refuse_open_orders(user)
    devices.end(user.devices.all())
    to_look_at = forget(user.pk)
    event("erased", user=user.pk)
    return to_look_at


def erase_what_came_after():
    """Forget once more who was erased lately: a request under way then may have written since.

    Returns how many people that were.
    """
    since = timezone.now() - AFTERWARDS
    erased = User.objects.filter(mobile__startswith=ERASED, updated_at__gt=since)
    pks = list(erased.values_list("pk", flat=True))
    for pk in pks:
        forget(pk)
    return len(pks)


def refuse_open_orders(user):
    mine = Order.objects.filter(guest=user) | Order.objects.filter(house__owner=user)
    accepted = mine.filter(status=Order.Status.WAIT_COMMENT, end_date__gt=timezone.localdate())
    count = mine.waiting().count() + accepted.count()
    if count:
        raise ErasureError(_("还有 %(n)s 个没结束的订单，先取消或等它结束") % {"n": count})


def forget(pk):
    search = Search()
    Traces(User.objects.get(pk=pk), list(House.objects.filter(owner=pk)), search)
    return forget_found(pk, search)


@durable
def forget_found(pk, search):
    """The transaction.

    Whoever places, answers or reviews an order locks its house, so all of theirs come first.
    """
    houses = lock_houses(pk)
    user = User.objects.select_for_update().get(pk=pk)
    refuse_open_orders(user)
    mobile = user.mobile
    traces = Traces(user, houses, search)
    delete_ledgers(mobile)
    make_anonymous(user)
    traces.remove()
    for house in houses:
        empty(house)
    delete_rows(user)
    if user.avatar:
        images.delete_on_commit(user.avatar, images.AVATAR_WIDTHS[-1], images.AVATAR_WIDTHS)
    return traces.to_look_at


def lock_houses(pk):
    """The user's houses, locked together with those they stayed in or answered for, in the order
    of their ids."""
    theirs = set(House.objects.filter(owner=pk).values_list("pk", flat=True))
    orders = Order.objects.filter(guest=pk) | Order.objects.received_by(pk, [])
    others = set(orders.values_list("house", flat=True))
    locked = House.objects.select_for_update().filter(pk__in=theirs | others).order_by("pk")
    return [house for house in locked if house.owner_id == pk]


def empty(house):
    """Take a house off the site. It stays where orders name it, without a word of its owner's."""
    house_changed(house.pk, house.area_id)  # before the files: a storage may be slow
    cover_changed()
    house.images.all().delete()
    house.nights.blocked().delete()
    if house.orders.exists():
        house.facilities.clear()
        House.objects.filter(pk=house.pk).update(
            **blanks(House) | {"title": gone_home()},
            is_listed=False,
            cover=None,
            updated_at=timezone.now(),
        )
    else:
        house.delete()


def delete_rows(user):
    """Every row that points to the user, in tables of today and of later, but for KEPT."""
    for relation in User._meta.related_objects:
        if relation.related_model not in KEPT:
            relation.related_model._base_manager.filter(**{relation.field.name: user}).delete()


def make_anonymous(user):
    """The row stays, for orders point to it; nothing in it leads to the person."""
    user.groups.clear()
    user.user_permissions.clear()
    nothing = blanks(User, "mobile", "password") | {
        "last_login": None,
        "mobile_changed_at": None,
        "left_desk_at": None,
        "is_active": False,
        "is_staff": False,
        "is_superuser": False,
    }
    rows = User.objects.filter(pk=user.pk)
    if not user.is_erased:
        nothing |= {
            # The column is unique and eleven characters wide.
            "mobile": f"{ERASED}{user.pk:010d}",
            "password": make_password(None),
            "session_round": F("session_round") + 1,
            "updated_at": timezone.now(),
        }
    rows.update(**nothing)
    changed("site")
