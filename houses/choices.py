"""The districts and facilities there are, for forms and pages."""

from typing import NamedTuple

from django.db.models import CharField, OuterRef, Subquery, Value

from houses.caching import CHOICES_LIFE, PAGE_LIFE
from houses.models import Area, Facility, House, HouseImage
from ihome_site.caching import remember


class Choice(NamedTuple):
    """A district or facility as pages need it."""

    pk: int
    name: str
    icon: str


def districts():
    return read()[0]


def district_photos():
    """The cover of the home most stayed in, by its district's id; districts without are left out.

    Which home is the most stayed in may be PAGE_LIFE old; that its photo is shown is not.
    """
    return remember("district-photos", ["site", "covers"], PAGE_LIFE, query_photos)


def query_photos():
    homes = House.objects.listed().filter(area=OuterRef("pk"), cover__isnull=False)
    best = homes.sorted_by("booking").values("cover")[:1]
    covers = dict(Area.objects.order_by().values_list("pk", Subquery(best)))
    photos = HouseImage.objects.only("file", "width", "height").in_bulk(
        [cover for cover in covers.values() if cover]
    )
    return {area: photos[cover] for area, cover in covers.items() if cover in photos}


def facilities():
    return read()[1]


def read():
    """(districts, facilities), each in the order operators gave them."""
    return remember("choices", ["site"], CHOICES_LIFE, query)


def query():
    areas = rows_of(Area, Value("area"), Value("", CharField()))
    rows = list(areas.union(rows_of(Facility, Value("facility"), "icon"), all=True))
    rows.sort(key=lambda row: (row[1], row[2]))
    return tuple(
        [Choice(*row[2:]) for row in rows if row[0] == kind] for kind in ("area", "facility")
    )


def rows_of(model, kind, icon):
    return model.objects.order_by().values_list(kind, "order", "pk", "name", icon)
