"""Houses, orders and nights by the thousand, for speed runs: made in bulk, yet consistent.

Everything is computed from the number of the house, so that two runs give the same database.
About 15 orders and 40 nights a house; popularity falls off as in Zipf's law.
Rows go in as plain tuples, ordered by their keys: model instances would double the time.
"""

from datetime import UTC, datetime, time, timedelta

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from houses.models import Area, Facility, House, HouseImage, OccupiedNight
from houses.newness import write_steps
from orders.models import Order, Review

ORDERS_A_HOUSE = 15
MOST_ORDERS = 150  # of one house: about two years of nights
HOUSES_AN_OWNER = 20
HOUSES_A_GUEST = 4
WAVES = 997  # a prime: spreads neighbouring numbers over the scale of popularity
CHUNK = 1000  # houses in one transaction
BATCH = 2000  # rows in one INSERT
TITLES = ["鼓楼边的院子", "国贸高层", "山里的木屋", "湖边一居", "亲子双床房", "798 旁的 Loft"]
ROOTS = [prime**0.5 for prime in (2, 3, 5, 7, 11, 13, 17)]
PAIRS = House.facilities.through

# The columns that are written; id first, created_at and updated_at last.
COLUMNS = {
    House: "id owner_id area_id title price address room_count acreage unit capacity beds deposit"
    " min_days max_days is_listed cover_id order_count review_count star_total"
    " created_at updated_at",
    HouseImage: "id house_id file width height order created_at updated_at",
    PAIRS: "house_id facility_id",
    Order: "id number token guest_id house_id title price begin_date end_date days amount guests"
    " status reason expires_at created_at updated_at",
    OccupiedNight: "house_id night kind holder created_at updated_at",
    Review: "order_id stars text answer created_at updated_at",
}


def spread(number, salt):
    """A repeatable number in [0, 1) that looks random: multiples of the salt's square root.

    Roots of different primes have nothing to do with each other, so that a house's district says
    nothing about its price or its age.
    """
    return number * ROOTS[salt] % 1


def popularity(number):
    """How many orders the house has had: a few very many, most only some."""
    rank = number * 7 % WAVES
    return min(MOST_ORDERS, int(ORDERS_A_HOUSE * 0.355 * (WAVES / (rank + 1)) ** 0.65) + 3)


class BulkRun:
    """One run: makes `count` houses after those that are there."""

    def __init__(self, count, photos):
        """`photos` are stored pictures (name, width, height) that the houses share."""
        self.count, self.photos = count, photos
        self.areas = list(Area.objects.values_list("pk", flat=True))
        self.facilities = list(Facility.objects.values_list("pk", flat=True))
        self.today = timezone.localdate()
        self.days = Days(self.today)
        self.now = utc(timezone.now())
        self.first = self.next_pk(House)
        self.next_image, self.next_order = self.next_pk(HouseImage), self.next_pk(Order)
        self.owners = self.users("15", count // HOUSES_AN_OWNER + 1, "房东")
        self.guests = self.users("17", count // HOUSES_A_GUEST + 1, "住客")

    @staticmethod
    def next_pk(model):
        return (model.objects.aggregate(last=Max("pk"))["last"] or 0) + 1

    def users(self, prefix, count, word):
        """`count` users who cannot sign in, made when missing."""
        mobiles = [f"{prefix}{number:09d}" for number in range(count)]
        there = User.objects.filter(mobile__startswith=prefix).in_bulk(field_name="mobile")
        new = [
            User(mobile=mobile, name=f"{word}{mobile[2:]}", password="!")  # noqa: S106 - matches no password
            for mobile in mobiles
            if mobile not in there
        ]
        User.objects.bulk_create(new, BATCH)
        users = User.objects.filter(mobile__in=(mobiles[0], mobiles[-1])).order_by("pk")
        return range(users.first().pk, users.last().pk + 1)

    def chunks(self):
        """Make the houses chunk by chunk; yields how many there are so far."""
        with connection.constraint_checks_disabled():  # the keys are ours, made in order
            for start in range(0, self.count, CHUNK):
                stop = min(start + CHUNK, self.count)
                with transaction.atomic():
                    self.make(range(self.first + start, self.first + stop))
                yield stop
        write_steps(House.objects.all())

    def make(self, numbers):
        self.rows = {model: [] for model in COLUMNS}
        for number in numbers:
            self.house(number)
        for model, rows in self.rows.items():
            insert(model, rows)

    def house(self, number):
        title, price = f"{TITLES[number % len(TITLES)]} {number}", cost(number)
        completed, stars = self.orders(number, title, price)
        made = self.days.noon(-int(spread(number, 1) * 700), number)
        area = self.areas[int(spread(number, 2) ** 1.5 * len(self.areas))]
        owner = self.owners[number % len(self.owners)]
        place = f"第 {number} 大街 {number % 300 + 1} 号"
        plan = (1 + number % 4, 30 + number % 120, "两室一厅一卫", 1 + number % 6, "1.8m", 0, 1, 0)
        now = (True, self.photo(number), completed, completed, stars, made, made)
        self.rows[House].append((number, owner, area, title, price, place, *plan, *now))
        self.rows[PAIRS] += [(number, pk) for pk in self.facilities[number % 3 :: 1 + number % 2]]

    def photo(self, number):
        """The id of the house's one photo, None when there are no pictures to show."""
        if not self.photos:
            return None
        pk, self.next_image = self.next_image, self.next_image + 1
        picture = self.photos[number % len(self.photos)]
        self.rows[HouseImage].append((pk, number, *picture, 0, self.now, self.now))
        return pk

    def orders(self, house, title, price):
        """Make the house's orders; returns how many are complete, and the sum of their stars."""
        completed = stars = 0
        for number, (begin, days, status) in enumerate(stays(house)):
            pk = self.order(house, title, price, number, begin, days, status)
            if status == "COMPLETE":
                given = 5 - number % 7 // 3
                completed, stars = completed + 1, stars + given
                self.rows[Review].append((pk, given, "住得很好", "", self.now, self.now))
        return completed, stars

    def order(self, house, title, price, number, begin, days, status):
        """One order and its nights; `begin` is counted from today. Returns the order's id."""
        pk, self.next_order = self.next_order, self.next_order + 1
        name = f"B{pk:011d}"
        guest = self.guests[(house * 31 + number) % len(self.guests)]
        made = self.days.noon(begin - 5, number)
        dates = (self.days[begin], self.days[begin + days], days)
        rest = (price * days, 1, status, "", self.days.noon(begin, number), made, made)
        self.rows[Order].append((pk, name, f"bulk {pk}", guest, house, title, price, *dates, *rest))
        if status != "CANCELED":
            self.rows[OccupiedNight] += [
                (house, self.days[night], "booked", name, made, made)
                for night in range(begin, begin + days)
            ]
        return pk


def cost(number):
    """Yuan a night, most of them low."""
    return 98 + int(spread(number, 3) ** 2 * 1500)


def stays(house):
    """(first night, nights, status) of the house's orders by time, none of them overlapping.

    The first night is counted in days from today.
    """
    total = popularity(house)
    coming = max(1, total // 8)
    past, day = [], -1
    for number in range(total - coming):
        days = 1 + int(spread(house + number, 4) * 5)
        day -= days + number % 2
        past.append((day, days, "CANCELED" if number % 9 == 8 else "COMPLETE"))
    yield from reversed(past)
    day = int(spread(house, 5) * 9)
    for number in range(coming):
        days = 1 + int(spread(house + number, 6) * 3)
        yield day, days, "WAIT_COMMENT"
        day += days + 2 + number % 5


class Days(dict):
    """Days counted from today → the text of their date; each is spelled once."""

    def __init__(self, today):
        super().__init__()
        self.today, self.noons = today, {}

    def __missing__(self, offset):
        self[offset] = (self.today + timedelta(days=offset)).isoformat()
        return self[offset]

    def noon(self, offset, number):
        """A moment of that day as the database keeps it, a little later for each number."""
        if offset not in self.noons:
            noon = datetime.combine(self.today + timedelta(days=offset), time(12))
            self.noons[offset] = utc(timezone.make_aware(noon))[:13]
        return f"{self.noons[offset]}:{number // 60 % 60:02d}:{number % 60:02d}"


def utc(moment):
    """The moment as both databases write it."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def insert(model, rows):
    """Put tuples of the columns of COLUMNS into the model's table."""
    quoted = [connection.ops.quote_name(name) for name in COLUMNS[model].split()]
    table = connection.ops.quote_name(model._meta.db_table)
    places = ", ".join(["%s"] * len(quoted))
    sql = f"INSERT INTO {table} ({', '.join(quoted)}) VALUES ({places})"  # noqa: S608 - our names
    with connection.cursor() as cursor:
        for start in range(0, len(rows), BATCH):
            cursor.executemany(sql, rows[start : start + BATCH])
