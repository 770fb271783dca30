"""The cards of a search, drawn once each.

A card is remembered in this process under everything it shows, so it needs no forgetting: when
a house changes, its row is another key. What differs between searches is put into its holes.
"""

from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts.models import User
from houses.models import Area, House, HouseImage
from ihome_site.jinja2 import yuan

DRAWN = 10_000  # cards of some 1,500 bytes
# The text of a card is escaped, so nobody's title can hold these.
QUERY, STAY = "<!--query-->", "<!--stay-->"
FIELDS = ["pk", "title", "price", "room_count", "address", "order_count", "review_count"]
FIELDS += ["star_total"]
JOINED = ["area_id", "cover__file", "cover__width", "cover__height", "owner__avatar", "owner_id"]


def rows(houses):
    """The houses as plain tuples of what a card shows."""
    return houses.values_list(*FIELDS, *JOINED)


def draw_all(found, areas, days, query, first_is_eager):
    """Yield each of the `rows` as HTML. `areas` maps their ids, as text, to districts.

    One that an operator made since `areas` were read is looked up; one that was deleted since the
    `rows` were took its last home along.
    """
    for place, row in enumerate(found):
        house, (area, *cover, avatar, _owner) = row[: len(FIELDS)], row[len(FIELDS) :]
        district = areas.get(str(area)) or Area.objects.filter(pk=area).first()
        if district is None:
            continue
        html = draw(house, district.name, tuple(cover), avatar, first_is_eager and not place)
        yield html.replace(QUERY, query).replace(STAY, stay(days, house[2]))


@lru_cache(maxsize=DRAWN)
def draw(fields, area, cover, avatar, eager):
    house = House(**dict(zip(FIELDS, fields, strict=True)))
    house.area, house.owner = Area(name=area), User(avatar=avatar)
    if cover[0]:
        house.cover = HouseImage(**dict(zip(("file", "width", "height"), cover, strict=True)))
    context = {"house": house, "eager": eager, "query": QUERY, "stay": STAY}
    return render_to_string("houses/_card.html", context)


def stay(days, price):
    """What the nights asked for cost."""
    if not days:
        return ""
    return f"<span>{_('%(n)s 晚') % {'n': days}} ￥{yuan(price * days)}</span>"
