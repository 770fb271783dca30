"""What the page of a house shows: parts that all visitors share, and what one of them picked."""

import re

from django.http import Http404, QueryDict
from django.utils import timezone

from houses import caching
from houses.calendar import booking_calendar, taken_and_next_expiry, two_months
from houses.choices import facilities
from houses.forms import StayForm
from houses.models import House
from ihome_site.caching import remember

REVIEWS = 30
GUESTS = re.compile("[1-9][0-9]?")


def house_parts(pk):
    """The shared parts as a dict. Raises Http404 when there is no such house."""
    key = f"house-parts:{pk}:{caching.today()}"
    return remember(key, caching.house_subjects(pk), life_of, lambda: read_parts(pk))


def life_of(parts):
    """Seconds until the house's page is old: at the latest when its next hold runs out."""
    if parts["until"] is None:
        return caching.PAGE_LIFE
    left = (parts["until"] - timezone.now()).total_seconds()
    return min(caching.PAGE_LIFE, left)


def read_parts(pk):
    house = House.objects.select_related("area", "cover", "owner").filter(pk=pk).first()
    if house is None:
        raise Http404
    taken, until = taken_and_next_expiry(house)
    reviewed = house.orders.filter(review__hidden_reason="").select_related("guest", "review")
    return {
        "house": house,
        "images": list(house.images.all()),
        "all_facilities": facilities(),
        "present": set(house.facilities.values_list("pk", flat=True)),
        "reviewed": list(reviewed.order_by("-review__created_at")[:REVIEWS]),
        "taken": taken,
        "until": until,
    }


def context_of(parts, asked, is_owner=False):
    """The page's context. `asked` is what picked() made of a query string."""
    house, taken = parts["house"], parts["taken"]
    return parts | {
        "months": two_months(taken),
        "calendar": booking_calendar(house, taken),
        "stay": StayForm.asked(asked.get("sd"), asked.get("ed")),
        "asked": asked,
        "is_owner": is_owner,
    }


def picked(query):
    """The stay and the guests a query string asks for, in a QueryDict that holds nothing else."""
    asked = QueryDict(mutable=True)
    begin, end, count = StayForm.asked(query.get("sd"), query.get("ed"))
    if count:
        asked.update({"sd": begin.isoformat(), "ed": end.isoformat()})
    if GUESTS.fullmatch(query.get("guests", "")):
        asked["guests"] = query["guests"]
    return asked
