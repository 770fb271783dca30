from datetime import datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Exists, F, Max, OuterRef, Q
from django.db.models.functions import Lower
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import FormerWord
from houses.caching import cover_changed, house_changed, nights_changed
from houses.listing import LISTED_IF_FIT, Listing
from houses.newness import Newness
from houses.prices import (
    LEAST_PRICE,
    MOST_AMOUNT,
    MOST_DEPOSIT,
    MOST_NIGHTS,
    MOST_PRICE,
    YuanField,
    within,
)
from houses.visibility import Visible, VisibleQuerySet
from ihome_site import dates
from ihome_site.images import PHOTO_WIDTHS, delete_on_commit, sizes
from ihome_site.locking import durable
from ihome_site.models import OnEveryPage, OperationLog, Timestamped, validate_place
from ihome_site.queries import WalkedQuery

# How far ahead nights can be booked: prices beyond are guesses.
HORIZON = timedelta(days=MOST_NIGHTS)
MAX_IMAGES = 12  # a house; enough for every room, small enough to look through
WORDS_OF_OWNER = {"title", "address", "owner"}  # columns; see House.keep_words
SMALL_PHOTO = PHOTO_WIDTHS[0]


class StayError(Exception):
    """Why these nights cannot be had; the text is fit to show."""


def nights(begin, end):
    """The dates of the nights of a stay: `begin` is slept, `end` is not."""
    return [begin + timedelta(days=n) for n in range((end - begin).days)]


def end_of_day(day):
    """The moment the day is over in Shanghai."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


class Area(OnEveryPage):
    name = models.CharField(gettext_lazy("城区"), max_length=32, unique=True)
    order = models.PositiveSmallIntegerField(
        gettext_lazy("排序"), default=0, validators=[validate_place]
    )

    class Meta:
        verbose_name = verbose_name_plural = gettext_lazy("城区")
        ordering = ["order", "pk"]

    def __str__(self):
        return self.name


class FacilityQuerySet(models.QuerySet):
    def marked_for(self, house):
        """All facilities, with `is_present` telling whether the house has it."""
        pairs = House.facilities.through.objects.filter(house=house, facility=OuterRef("pk"))
        return self.annotate(is_present=Exists(pairs))


class Facility(OnEveryPage):
    name = models.CharField(gettext_lazy("设施"), max_length=32, unique=True)
    icon = models.CharField(gettext_lazy("图标"), max_length=32, default="check")
    order = models.PositiveSmallIntegerField(
        gettext_lazy("排序"), default=0, validators=[validate_place]
    )

    objects = FacilityQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = gettext_lazy("配套设施")
        ordering = ["order", "pk"]

    def __str__(self):
        return self.name


class HouseQuerySet(VisibleQuerySet):
    SORTS = {
        "new": ["-newness", "-created_at", "-pk"],
        "booking": ["-order_count", "-pk"],
        "price-inc": ["price", "pk"],
        "price-des": ["-price", "-pk"],
    }
    INDEXES = {"new": "newness", "booking": "booking", "price-inc": "price", "price-des": "price"}

    def listed(self):
        """By IN: `= TRUE` becomes the bare column, and MySQL then uses no more of an index."""
        return self.filter(is_listed__in=[True])

    def with_cards(self):
        """With what a card shows."""
        houses = self.select_related("area", "cover", "owner")
        houses.query.__class__ = WalkedQuery
        return houses

    def free_between(self, begin, end):
        """Houses of which every night in [begin, end) can be booked."""
        taken = OccupiedNight.objects.held().filter(house=OuterRef("pk"))
        return self.filter(~Exists(taken.filter(night__gte=begin, night__lt=end)))

    def stays_allowed(self, count):
        """Houses whose min and max nights admit a stay of `count` nights."""
        return self.filter(Q(max_days=0) | Q(max_days__gte=count), min_days__lte=count)

    def sorted_by(self, key, in_area=False):
        """`in_area` when all of them are in one district, whose newest are its own."""
        columns = [name.replace("-newness", "-area_newness") for name in self.SORTS[key]]
        return self.order_by(*columns if in_area else self.SORTS[key])

    def walked(self, key, in_area=False):
        """sorted_by, found by walking the index in that order; for listed houses."""
        houses = self.sorted_by(key, in_area)
        houses.query.__class__ = WalkedQuery
        houses.query.index = f"house_{'area_' if in_area else ''}{self.INDEXES[key]}"
        return houses

    def having_all(self, facilities):
        """Houses that have every one of these facilities."""
        houses = self
        for facility in facilities:
            pairs = House.facilities.through.objects.filter(house=OuterRef("pk"))
            houses = houses.filter(Exists(pairs.filter(facility=facility)))
        return houses

    def matching(self, words):
        """Houses with every word in their title or address, whatever the case."""
        houses = self.alias(low_title=Lower("title"), low_address=Lower("address"))
        for word in words.lower().split():
            houses = houses.filter(Q(low_title__contains=word) | Q(low_address__contains=word))
        return houses

    def popular(self):
        """Houses for the home page: with a photo, most completed orders first."""
        return self.listed().filter(cover__isnull=False).walked("booking").with_cards()


class House(Visible, Listing, Newness, Timestamped):
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="houses",
        verbose_name=gettext_lazy("房东"),
    )
    area = models.ForeignKey(
        Area, models.PROTECT, related_name="houses", verbose_name=gettext_lazy("城区")
    )
    title = models.CharField(gettext_lazy("标题"), max_length=64)
    price = YuanField(
        gettext_lazy("每晚价格"),
        max_digits=10,
        decimal_places=2,
        least=LEAST_PRICE,
        most=MOST_PRICE,
    )
    address = models.CharField(gettext_lazy("详细地址"), max_length=512)
    room_count = models.PositiveSmallIntegerField(
        gettext_lazy("房间数"), validators=[MinValueValidator(1), MaxValueValidator(99)]
    )
    acreage = models.PositiveIntegerField(
        gettext_lazy("面积"), validators=[MinValueValidator(1), MaxValueValidator(9999)]
    )
    unit = models.CharField(gettext_lazy("户型"), max_length=32)
    capacity = models.PositiveSmallIntegerField(
        gettext_lazy("宜住人数"), validators=[MinValueValidator(1), MaxValueValidator(99)]
    )
    beds = models.CharField(gettext_lazy("床铺"), max_length=64)
    deposit = YuanField(
        gettext_lazy("押金"),
        max_digits=10,
        decimal_places=2,
        default=0,
        least=Decimal(0),
        most=MOST_DEPOSIT,
    )
    min_days = models.PositiveSmallIntegerField(
        gettext_lazy("最少住几晚"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
    )
    max_days = models.PositiveSmallIntegerField(
        gettext_lazy("最多住几晚"),
        default=0,
        validators=[MaxValueValidator(365)],
        help_text=gettext_lazy("0 表示无限制"),
    )
    facilities = models.ManyToManyField(
        Facility, related_name="houses", blank=True, verbose_name=gettext_lazy("配套设施")
    )
    cover = models.ForeignKey(
        "HouseImage",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=gettext_lazy("封面"),
    )
    order_count = models.PositiveIntegerField(gettext_lazy("完成订单数"), default=0)
    review_count = models.PositiveIntegerField(gettext_lazy("评价数"), default=0)
    star_total = models.PositiveIntegerField(gettext_lazy("星数合计"), default=0)

    objects = HouseQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = gettext_lazy("房源")
        permissions = [
            ("check_house", gettext_lazy("可以审核房源")),
            ("hold_house", gettext_lazy("可以下架房源")),
        ]
        indexes = [
            models.Index(fields=["created_at"], name="house_created"),
            models.Index(fields=["check_state", "created_at"], name="house_check"),
            # house_new and house_area_new are named by the release before this one alone.
            models.Index(fields=["is_listed", "created_at", "id"], name="house_new"),
            models.Index(fields=["is_listed", "price", "id"], name="house_price"),
            models.Index(fields=["is_listed", "order_count", "id"], name="house_booking"),
            models.Index(fields=["is_listed", "area", "created_at", "id"], name="house_area_new"),
            models.Index(fields=["is_listed", "newness", "created_at", "id"], name="house_newness"),
            models.Index(
                fields=["is_listed", "area", "area_newness", "created_at", "id"],
                name="house_area_newness",
            ),
            models.Index(fields=["is_listed", "area", "price", "id"], name="house_area_price"),
            models.Index(
                fields=["is_listed", "area", "order_count", "id"], name="house_area_booking"
            ),
        ]
        constraints = [
            LISTED_IF_FIT,
            models.CheckConstraint(condition=Q(price__gt=0), name="house_price_positive"),
            within("house_price_within", "price", LEAST_PRICE, MOST_PRICE),
            within("house_deposit_within", "deposit", Decimal(0), MOST_DEPOSIT),
            models.CheckConstraint(condition=Q(min_days__gte=1), name="house_min_days_positive"),
            models.CheckConstraint(
                condition=Q(max_days=0) | Q(max_days__gte=F("min_days")),
                name="house_max_days_zero_or_from_min",
            ),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("houses:detail", args=[self.pk])

    def save(self, *, update_fields=None, **kwargs):
        is_new = self._state.adding
        before = None if is_new else House.objects.filter(pk=self.pk).first()
        if before and WORDS_OF_OWNER & set(update_fields or ()):
            self.keep_words(before)
        super().save(update_fields=update_fields, **kwargs)
        house_changed(self.pk, *{self.area_id, (before or self).area_id})
        if update_fields is None or "cover" in update_fields:
            cover_changed()
        if is_new:
            self.renumber(self.owner_id)

    def keep_words(self, before):
        """What the home was called, for whose it was: whoever erases them looks for it."""
        texts = [before.title, before.address]
        if before.owner_id == self.owner_id:
            texts = [text for text in texts if text not in {self.title, self.address}]
        FormerWord.objects.keep(before.owner_id, FormerWord.Kind.PLACE, *texts)

    def delete(self, *args, **kwargs):
        """Locked first: a photo that is renamed meanwhile would leave the files of its new name."""
        pk = self.pk
        with transaction.atomic():
            House.objects.select_for_update().filter(pk=pk).first()
            OperationLog.objects.subject_deleted(self, self.owner_id)
            FormerWord.objects.keep(self.owner_id, FormerWord.Kind.PLACE, self.title, self.address)
            house_changed(pk, self.area_id)  # before the files: a storage may be slow
            cover_changed()
            counts = super().delete(*args, **kwargs)
            self.renumber(self.owner_id)
        return counts

    def listing_changed(self):
        house_changed(self.pk, self.area_id)
        cover_changed()
        self.renumber(self.owner_id)

    @property
    def stars(self):
        """The average of the reviews with one decimal place, None when there are none."""
        if not self.review_count:
            return None
        average = Decimal(self.star_total) / self.review_count
        return average.quantize(Decimal("0.1"), ROUND_HALF_UP)

    # The calendar. occupy, release and free are the only writers of OccupiedNight.

    def check_stay(self, begin, end, guests, guest):
        """Raise StayError unless `guest` may ask for these nights, free or not."""
        today = dates.today()
        count = (end - begin).days
        if guest == self.owner:
            raise StayError(_("这是您自己的房源，不能预定"))
        if not self.is_listed:
            raise StayError(_("这套房源已下架，看看别的吧"))
        if begin < today:
            raise StayError(_("入住日期已经过去了"))
        if count < 1:
            raise StayError(_("离开日期要晚于入住日期"))
        if end > today + HORIZON:
            raise StayError(_("最远只能订到 %(n)s 天以后") % {"n": HORIZON.days})
        if count < self.min_days:
            raise StayError(_("这套房源最少住 %(n)s 晚") % {"n": self.min_days})
        if self.max_days and count > self.max_days:
            raise StayError(_("这套房源最多住 %(n)s 晚") % {"n": self.max_days})
        if not 1 <= guests <= self.capacity:
            raise StayError(_("这套房源最多住 %(n)s 人") % {"n": self.capacity})
        if self.price * count > MOST_AMOUNT:
            raise StayError(_("合计超出了一个订单能有的金额，请少订几晚"))

    @classmethod
    def lock(cls, pk):
        """The house with this id, its row locked until the transaction ends.

        Must be the first statement of the transaction: a read before it could be stale.
        Raises StayError when the house was deleted meanwhile.
        """
        house = cls.objects.select_for_update().filter(pk=pk).first()
        if house is None:
            raise StayError(_("这套房源已经不在了"))
        return house

    def occupy(self, begin, end, kind, holder="", expires_at=None):
        """Take the nights of [begin, end), all or none. The house must be locked.

        `holder` names what holds the nights (an order's number); `expires_at` is the moment
        they are free again by themselves. Raises StayError when a night is held already.
        """
        wanted = self.nights.filter(night__gte=begin, night__lt=end)
        if wanted.held().exists():
            raise StayError(_("这些日期里有的晚上已被预订，请换个日期"))
        wanted.delete()  # what is left here has expired
        OccupiedNight.objects.bulk_create(
            OccupiedNight(house=self, night=night, kind=kind, holder=holder, expires_at=expires_at)
            for night in nights(begin, end)
        )
        nights_changed(self)

    def release(self, holder):
        """Free the nights this holder still has."""
        self.nights.filter(holder=holder, kind=OccupiedNight.Kind.BOOKED).delete()
        nights_changed(self)

    def keep(self, holder):
        """Let the nights this holder still has no longer expire. Returns how many they are."""
        held = self.nights.filter(holder=holder)
        kept = held.update(expires_at=None, updated_at=timezone.now())
        nights_changed(self)
        return kept

    @classmethod
    @durable
    def block(cls, pk, begin, end):
        """Keep these nights from being booked. Blocking a blocked night changes nothing.

        Raises StayError for past dates, an empty span, or a night a guest has booked.
        """
        house = cls.lock(pk)
        check_span(begin, end)
        house.nights.blocked().filter(night__gte=begin, night__lt=end).delete()
        house.occupy(begin, end, OccupiedNight.Kind.BLOCKED)

    @durable
    def free(self, begin, end):
        """Free the nights the owner blocked; booked nights stay. Returns how many.

        Raises StayError for a span that block() would refuse, or when the house was deleted
        meanwhile.
        """
        House.lock(self.pk)
        check_span(begin, end)
        freed = self.nights.blocked().filter(night__gte=begin, night__lt=end).delete()[0]
        nights_changed(self)
        return freed

    # Photos.

    @classmethod
    @durable
    def add_image(cls, pk, stored):
        """Attach a stored photo, which operators have not seen.

        Raises StayError when the house has MAX_IMAGES already.
        """
        house = cls.lock(pk)
        if house.owner.is_erased:
            raise StayError(_("这套房源已经不在了"))
        last = house.images.aggregate(last=Max("order"), count=models.Count("pk"))
        if last["count"] >= MAX_IMAGES:
            raise StayError(_("一套房源最多 %(n)s 张照片") % {"n": MAX_IMAGES})
        image = house.images.create(
            file=stored.name,
            width=stored.width,
            height=stored.height,
            order=0 if last["last"] is None else last["last"] + 1,
        )
        if house.cover_id is None:
            house.cover = image
        house.save(update_fields=["cover", "updated_at"])
        house.content_changed()
        return image

    @classmethod
    @durable
    def choose_cover(cls, image):
        """Raises StayError when the photo was deleted meanwhile."""
        house = cls.lock(image.house_id)
        house.cover = house.images.filter(pk=image.pk).first()
        if house.cover is None:
            raise StayError(_("这张照片已经不在了"))
        house.save(update_fields=["cover", "updated_at"])

    @classmethod
    @durable
    def move_image(cls, image, to):
        """Put the photo at the 0-based place `to` among its house's photos."""
        house = cls.lock(image.house_id)
        images = [other for other in house.images.all() if other != image]
        images.insert(max(0, to), image)
        for place, other in enumerate(images):
            house.images.filter(pk=other.pk).update(order=place)
        house_changed(house.pk)

    @classmethod
    @durable
    def remove_image(cls, image):
        """Delete the photo, by the name it has now; the next one becomes the cover.

        A refused home waits for another look: the photo may have been the reason.
        """
        house = cls.lock(image.house_id)
        if house.cover_id == image.pk:
            house.cover = house.images.exclude(pk=image.pk).first()
        house.save(update_fields=["cover", "updated_at"])
        house.images.filter(pk=image.pk).delete()
        house.ask_again()


def check_span(begin, end):
    """Raise StayError unless [begin, end) is one or more nights from today to the horizon."""
    today = dates.today()
    if begin < today:
        raise StayError(_("日期已经过去了"))
    if end <= begin:
        raise StayError(_("离开日期要晚于入住日期"))
    if end > today + HORIZON:
        raise StayError(_("最远只能排到 %(n)s 天以后") % {"n": HORIZON.days})


class HouseImage(Timestamped):
    house = models.ForeignKey(
        House, models.CASCADE, related_name="images", verbose_name=gettext_lazy("房源")
    )
    file = models.CharField(gettext_lazy("文件"), max_length=100)
    width = models.PositiveIntegerField(gettext_lazy("宽"))
    height = models.PositiveIntegerField(gettext_lazy("高"))
    order = models.PositiveSmallIntegerField(
        gettext_lazy("排序"), default=0, validators=[validate_place]
    )

    class Meta:
        verbose_name = verbose_name_plural = gettext_lazy("房源图片")
        ordering = ["order", "pk"]

    def __str__(self):
        return self.file

    @property
    def url(self):
        return default_storage.url(self.file)

    @property
    def small_url(self):
        name, _width = sizes(self.file, self.width, PHOTO_WIDTHS)[0]
        return default_storage.url(name)

    @property
    def srcset(self):
        """The value of an <img srcset>: every stored size with its width."""
        stored = sizes(self.file, self.width, PHOTO_WIDTHS)
        return ", ".join(f"{default_storage.url(name)} {width}w" for name, width in stored)


@receiver(post_delete, sender=HouseImage)
def remove_files(instance, **_kwargs):
    """Not in `delete`: a house that is deleted takes its photos' rows along without calling it.

    Every photo has files of its own, but those of bulk_houses, which is for speed runs alone.
    """
    delete_on_commit(instance.file, instance.width, PHOTO_WIDTHS)


class OccupiedNightQuerySet(models.QuerySet):
    def held(self):
        """Nights that cannot be booked now; an expired hold is as good as none."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))

    def blocked(self):
        return self.filter(kind=OccupiedNight.Kind.BLOCKED)

    def dates(self, begin, end):
        """The held dates in [begin, end) as a set."""
        span = self.held().filter(night__gte=begin, night__lt=end)
        return set(span.values_list("night", flat=True))


class OccupiedNight(Timestamped):
    """One night of one house that cannot be booked. Written by House alone."""

    class Kind(models.TextChoices):
        BOOKED = "booked", gettext_lazy("已预订")
        BLOCKED = "blocked", gettext_lazy("不租")

    house = models.ForeignKey(
        House, models.CASCADE, related_name="nights", verbose_name=gettext_lazy("房源")
    )
    night = models.DateField(gettext_lazy("晚上"))
    kind = models.CharField(gettext_lazy("种类"), max_length=8, choices=Kind.choices)
    holder = models.CharField(gettext_lazy("订单号"), max_length=16, blank=True)
    expires_at = models.DateTimeField(gettext_lazy("失效时间"), null=True, blank=True)

    objects = OccupiedNightQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = gettext_lazy("占用的晚上")
        constraints = [models.UniqueConstraint(fields=["house", "night"], name="night_once")]

    def __str__(self):
        return f"{self.house_id} {self.night}"
