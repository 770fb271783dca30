"""What is remembered about houses, what it depends on, and who says that it changed.

| remembered          | depends on                                            |
|---------------------|-------------------------------------------------------|
| districts, facilities | site                                                |
| districts' photos   | site, covers                                          |
| home page           | site, area:0                                          |
| search page         | site, area:N; with dates also nights:N                |
| house page          | site, house:N; not after its next hold runs out       |

N is a district, or 0 for the whole city. `site` stands for what seldom changes and shows
everywhere: districts, facilities, people's names and pictures. House.save and the calendar's
verbs report what they write (models.py), so do Area, Facility and User; whoever writes by
`update` says so here.

A hold on nights that runs out frees them without a write. Orders let that happen on the full
minute, and a dated search is remembered for the minute it was made in.
"""

from django.utils import timezone

from ihome_site import dates
from ihome_site.caching import changed

CHOICES_LIFE = 24 * 3600  # seconds
PAGE_LIFE = 600  # seconds; longer only fills memory, for changes are seen at once
SEARCH_LIFE = 60
DEEPEST = 5  # pages of a search; who reads on is alone with it
MOST_FACILITIES = 3  # in one search: more combinations than people who repeat them
CITY = 0


def cover_changed():
    """A home's first photo, or whether it is shown at all, is different now."""
    changed("covers")


def house_changed(pk, *area_pks):
    """Something a card or the house's page shows is different now."""
    changed(f"house:{pk}", *(f"area:{area}" for area in (CITY, *area_pks)))


def order_changed(*area_pks):
    """Homes in these districts stand elsewhere among the newest."""
    changed(*(f"area:{area}" for area in (CITY, *area_pks)))


def nights_changed(house):
    """Nights of the house were taken or freed."""
    changed(f"house:{house.pk}", f"nights:{CITY}", f"nights:{house.area_id}")


def home():
    """The home page's key and subjects."""
    return f"home:{today()}", ["site", f"area:{CITY}", "covers"]


def search(form, number, template):
    """A search page's key (None when it is not worth keeping) and subjects."""
    area = form.area.pk if form.area else CITY
    subjects = ["site", f"area:{area}"] + ([f"nights:{area}"] if form.days else [])
    return search_key(form, number, template), subjects


def house_subjects(pk):
    return ["site", f"house:{pk}"]


def today():
    """Part of every key: what is past, and how far one can book, changes at midnight."""
    return dates.today().isoformat()


def search_key(form, number, template):
    """The same for a search however it was spelled.

    Words and prices are as many as visitors care to invent: they would only fill the memory.
    """
    values = form.values
    facilities = sorted(set(values["facility"] or []))
    unbounded = values["q"] or values["price_min"] or values["price_max"]
    if form.notes or unbounded or number > DEEPEST or len(facilities) > MOST_FACILITIES:
        return None
    minute = int(timezone.now().timestamp() // 60) if form.days else ""
    asked = [values[name] or "" for name in ("aid", "sd", "ed", "guests", "sk")]
    return ":".join(map(str, [template, today(), minute, *asked, *facilities, number]))


def frame_key(form):
    """A key for the part of a search page that neither dates nor houses change."""
    values = form.values
    asked = [values[name] or "" for name in ("aid", "guests", "sk")]
    return ":".join(map(str, ["frame", today(), *asked, *sorted(set(values["facility"] or []))]))
