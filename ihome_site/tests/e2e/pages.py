"""Every page a person can see, with an address at which the demo town shows it."""

from typing import NamedTuple

from accounts.models import User
from houses.models import House
from ihome_site.testing import day
from orders.models import Order

OWNER, GUEST, STRANGER = "14000000001", "14000000011", "14000000090"


class Page(NamedTuple):
    name: str
    path: str
    mobile: str = ""

    @property
    def user(self):
        return User.objects.get(mobile=self.mobile) if self.mobile else None


def first(orders, **conditions):
    return orders.filter(**conditions).order_by("pk").first()


def all_pages():
    """The pages of the demo town; one with nothing yet is a stranger's."""
    User.objects.get_or_create(mobile=STRANGER)
    house = House.objects.filter(owner__mobile=OWNER, cover__isnull=False).order_by("pk").first()
    other = House.objects.exclude(owner__mobile__in=[OWNER, GUEST]).order_by("pk").first()
    mine = Order.objects.filter(guest__mobile=GUEST)
    asked = Order.objects.filter(house__owner__mobile=OWNER)
    dates = f"sd={day(20)}&ed={day(22)}"
    yield from nobody(house, dates)
    yield from traveller(mine, other, dates)
    yield from landlord(asked, house)
    yield from newcomer()


def nobody(house, dates):
    yield Page("home", "/")
    yield Page("search", "/houses/")
    yield Page("search-dates", f"/houses/?{dates}&guests=2&price_max=900&facility=1&q=的")
    yield Page("search-nothing", f"/houses/?{dates}&price_max=1&q=火星")
    yield Page("search-notes", "/houses/?sd=2020-01-01&ed=2020-01-03&price_min=x")
    yield Page("house", f"/houses/{house.pk}/")
    yield Page("house-dates", f"/houses/{house.pk}/?{dates}&guests=2")
    yield Page("register", "/accounts/register/")
    yield Page("login", "/accounts/login/")
    yield Page("login-sms", "/accounts/login/sms/")
    yield Page("reset", "/accounts/password/reset/")
    yield Page("missing", "/nowhere/")


def traveller(mine, other, dates):
    yield Page("book", f"/houses/{other.pk}/book/?{dates}", GUEST)
    yield Page("book-undated", f"/houses/{other.pk}/book/", GUEST)
    yield Page("trips", "/orders/", GUEST)
    for status in ("WAIT_ACCEPT", "COMPLETE", "REJECTED", "CANCELED"):
        if order := first(mine, status=status):
            yield Page(f"order-{status.lower()}", f"/orders/{order.number}/", GUEST)
    if order := mine.to_review().first():
        yield Page("review", f"/orders/{order.number}/review/", GUEST)
    yield Page("me", "/accounts/me/", GUEST)
    yield Page("profile", "/accounts/profile/", GUEST)
    yield Page("password", "/accounts/password/", GUEST)


def landlord(asked, house):
    yield Page("received", "/orders/received/", OWNER)
    if order := asked.waiting().first():
        yield Page("order-owner", f"/orders/{order.number}/", OWNER)
        yield Page("reject", f"/orders/{order.number}/reject/", OWNER)
    if order := first(asked, review__answer=""):
        yield Page("answer", f"/orders/{order.number}/answer/", OWNER)
    yield Page("me-owner", "/accounts/me/", OWNER)
    yield Page("real-name-done", "/accounts/real-name/", OWNER)
    yield Page("mine", "/houses/mine/", OWNER)
    yield Page("publish", "/houses/new/", OWNER)
    yield Page("edit", f"/houses/{house.pk}/edit/", OWNER)
    yield Page("photos", f"/houses/{house.pk}/images/", OWNER)
    yield Page("calendar", f"/houses/{house.pk}/calendar/", OWNER)
    yield Page("own-house", f"/houses/{house.pk}/", OWNER)


def newcomer():
    yield Page("me-new", "/accounts/me/", STRANGER)
    yield Page("trips-none", "/orders/", STRANGER)
    yield Page("received-none", "/orders/received/", STRANGER)
    yield Page("real-name", "/accounts/real-name/", STRANGER)
