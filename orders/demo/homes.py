"""The homes of the demonstration and their photos."""

from datetime import timedelta

from django.core.files import File
from django.utils import timezone

from accounts.models import Notice, User
from houses.models import Area, Facility, House, OccupiedNight
from ihome_site import images
from orders.demo import FOLDER, content, save_as_it_was
from orders.models import Order, Review

PHOTO_FOLDER = "houses"
# The newest home has been online for 60 days and each older one six more: long enough for
# the stays it has seen.
NEWEST, APART = timedelta(days=60), timedelta(days=6)
BLOCKED_EVERY = 5  # homes; their owners keep three nights for themselves
BLOCKED_FROM, BLOCKED_TO = timedelta(days=38), timedelta(days=41)


class Photos:
    """Encodes each picture once, however many homes show it; each gets files of its own."""

    def __init__(self):
        self.encoded = {}

    def store(self, name, folder, widths):
        if name not in self.encoded:
            with open(FOLDER / f"{name}.webp", "rb") as file:
                picture = images.read(File(file))
            self.encoded[name] = images.encode_all(picture, widths)
        return images.store_encoded(self.encoded[name], folder)


def make_homes(owners, photos):
    """Yield every House, oldest first, with its photos, as soon as it is there."""
    rows = content("homes")
    areas = {area.name: area for area in Area.objects.all()}
    facilities = {facility.name: facility for facility in Facility.objects.all()}
    for place, row in enumerate(rows):
        age = NEWEST + APART * (len(rows) - 1 - place)
        house = make_house(row, owners[row["owner"]], areas[row["area"]], timezone.now() - age)
        house.facilities.set(facilities[name] for name in row["facilities"])
        for room in row["rooms"]:
            name = f"home{row['photo_set']:02d}-{room}"
            House.add_image(house.pk, photos.store(name, PHOTO_FOLDER, images.PHOTO_WIDTHS))
        House.objects.filter(pk=house.pk).update(changed_since_check=False)  # nobody has to look
        if place % BLOCKED_EVERY == 0:
            today = timezone.localdate()
            House.block(house.pk, today + BLOCKED_FROM, today + BLOCKED_TO)
        House.renumber(house.owner_id)
        yield house


def make_house(row, owner, area, created_at):
    plain = ["title", "address", "price", "room_count", "acreage", "unit", "capacity", "beds"]
    plain += ["deposit", "min_days", "max_days"]
    fields = {name: row[name] for name in plain}
    house = House(owner=owner, area=area, created_at=created_at, updated_at=created_at, **fields)
    house.full_clean()
    return save_as_it_was(house)


def remove_homes(owners):
    """Take the owners' homes away with all that hangs on them. Returns how many there were."""
    houses = House.objects.filter(owner__in=owners)
    people = {*owners, *User.objects.filter(orders__house__in=houses)}
    Notice.objects.filter(user__in=people).delete()
    Review.objects.filter(order__house__in=houses).delete()
    Order.objects.filter(house__in=houses).delete()
    OccupiedNight.objects.filter(house__in=houses).delete()
    _rows, counts = houses.delete()
    return counts.get(House._meta.label, 0)
