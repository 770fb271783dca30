import secrets
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.limits import BOOKINGS, CANCELLATIONS, DECISIONS, REPLIES, REVIEWS
from accounts.models import Notice, User
from accounts.notices import tell
from houses.caching import house_changed
from houses.listing import Check
from houses.models import House, OccupiedNight, end_of_day, nights
from houses.prices import ORDER_AMOUNT_HOLDS, ORDER_PRICE_HOLDS, YuanField, within
from ihome_site.dates import day_range
from ihome_site.locking import durable
from ihome_site.masking import masked
from ihome_site.models import OperationLog, Timestamped
from ihome_site.parameters import WholeNumber
from orders import earnings, timeline, waiting
from orders.moves import MOVES

NUMBER_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing looks alike
NUMBER_LENGTH = 12  # 60 bits: cannot be guessed
HOUR = timedelta(hours=1)
ANSWER_WITHIN = timedelta(hours=24)  # an owner who sleeps on it once still answers in time
MAX_WAITING = 5  # requests of one guest at a time: more is squatting, not travelling
answer_hours = WholeNumber(
    "answer_hours", gettext_lazy("房东要在几小时内答复"), ANSWER_WITHIN // HOUR, low=1, high=72
)
most_waiting = WholeNumber(
    "most_waiting", gettext_lazy("一位房客最多几个待接单的订单"), MAX_WAITING, low=1, high=50
)


class OrderError(Exception):
    """Why an order was refused or cannot make this move; the text is fit to show."""


def check_active(user):
    """Raise OrderError for who was disabled or erased while their request was under way.

    The house must be locked: erasing somebody locks all houses they have to do with.
    """
    if not User.objects.filter(pk=user.pk, is_active=True).exists():
        raise OrderError(_("这个账号已停用或注销"))


class PriceChanged(OrderError):
    """The house costs something else than the guest was shown."""

    def __init__(self, price):
        super().__init__(_("价格刚刚变成每晚 ￥%(price)s，请确认后再提交") % {"price": price})
        self.price = price


def new_number():
    return "".join(secrets.choice(NUMBER_LETTERS) for _ in range(NUMBER_LENGTH))


def plain_number(text):
    """An order's number as it is kept, from the groups of four in which pages show it."""
    return "".join(text.replace("-", " ").split()).upper()


class Rules(NamedTuple):
    """What holds for a guest now; operators may set it differently from the constants above."""

    answer_within: timedelta
    most_waiting: int
    most_nights: int
    bookings: int

    @classmethod
    def of_now(cls, guest):
        return cls(
            timedelta(hours=answer_hours()),
            most_waiting(),
            waiting.most_nights(guest),
            BOOKINGS.most_of(guest),
        )


def expiry(placed_at, begin, answer_within=ANSWER_WITHIN):
    """When an unanswered request dies: a day after it was made, or with the check-in day.

    On a full minute: searches are remembered until then (houses/caching.py).
    """
    full_minute = placed_at.replace(second=0, microsecond=0)
    if full_minute < placed_at:
        full_minute += timedelta(minutes=1)
    return min(full_minute + answer_within, end_of_day(begin))


class OrderQuerySet(models.QuerySet):
    def with_cards(self):
        """With what an order's card shows."""
        return self.select_related("house__area", "house__cover", "house__owner", "guest", "review")

    def numbered(self, text):
        """The order whose number somebody typed or pasted, or None."""
        return self.filter(number=plain_number(text)).first()

    def newest_first(self):
        return self.order_by("-created_at", "-pk")

    def waiting(self):
        """Requests that can still be answered."""
        return self.filter(status=Order.Status.WAIT_ACCEPT, expires_at__gt=timezone.now())

    def waiting_long(self):
        """Requests whose owner ought to be reminded: half of the time to answer is gone."""
        half = timedelta(hours=answer_hours()) / 2
        return self.waiting().filter(created_at__lte=timezone.now() - half)

    def expired(self):
        """Requests that died unanswered and have not been tidied yet."""
        return self.filter(status=Order.Status.WAIT_ACCEPT, expires_at__lte=timezone.now())

    def unanswered(self):
        """Requests that died so, and were tidied."""
        return self.filter(status=Order.Status.CANCELED, reason=str(Order.TIMED_OUT))

    def agreed(self):
        """Accepted by the owner, slept or still to come."""
        return self.filter(status__in=[Order.Status.WAIT_COMMENT, Order.Status.COMPLETE])

    def received_by(self, user, houses):
        """Those for these homes, and those the user answered when another home was theirs."""
        answers = [OrderMove.Action.ACCEPT, OrderMove.Action.REJECT]
        moves = OrderMove.objects.filter(actor=user, action__in=answers)
        answered = list(moves.values_list("order", flat=True))  # two indexes are used, or none
        return self.filter(Q(house__in=houses) | Q(pk__in=answered))

    def month_figures(self, first, houses):
        return earnings.month_figures(self, first, houses)

    def to_review(self):
        status = Order.Status.WAIT_COMMENT
        return self.filter(status=status, end_date__lte=timezone.localdate())

    def upcoming(self):
        """Accepted stays that have not begun, the next one first."""
        accepted = self.filter(status=Order.Status.WAIT_COMMENT)
        return accepted.filter(begin_date__gte=timezone.localdate()).order_by("begin_date")


class Order(Timestamped):
    """A guest's booking of a house for the nights [begin_date, end_date)."""

    class Status(models.TextChoices):
        WAIT_ACCEPT = "WAIT_ACCEPT", gettext_lazy("待接单")
        WAIT_COMMENT = "WAIT_COMMENT", gettext_lazy("已接单")
        COMPLETE = "COMPLETE", gettext_lazy("已完成")
        REJECTED = "REJECTED", gettext_lazy("已拒单")
        CANCELED = "CANCELED", gettext_lazy("已取消")

    HOLDING = (Status.WAIT_ACCEPT, Status.WAIT_COMMENT, Status.COMPLETE)
    TIMED_OUT = gettext_lazy("超时未接单")

    number = models.CharField(
        gettext_lazy("订单号"), max_length=16, unique=True, default=new_number, editable=False
    )
    token = models.CharField(gettext_lazy("提交凭证"), max_length=128)
    guest = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="orders",
        verbose_name=gettext_lazy("房客"),
    )
    house = models.ForeignKey(
        House, models.PROTECT, related_name="orders", verbose_name=gettext_lazy("房源")
    )
    title = models.CharField(gettext_lazy("下单时的标题"), max_length=64)
    price = YuanField(gettext_lazy("下单时的每晚价格"), max_digits=10, decimal_places=2)
    begin_date = models.DateField(gettext_lazy("入住"))
    end_date = models.DateField(gettext_lazy("离开"))
    days = models.PositiveSmallIntegerField(gettext_lazy("晚数"))
    amount = YuanField(gettext_lazy("合计"), max_digits=12, decimal_places=2)
    guests = models.PositiveSmallIntegerField(gettext_lazy("入住人数"), default=1)
    status = models.CharField(
        gettext_lazy("状态"), max_length=12, choices=Status.choices, default=Status.WAIT_ACCEPT
    )
    reason = models.CharField(gettext_lazy("拒单或取消的原因"), max_length=255, blank=True)
    expires_at = models.DateTimeField(gettext_lazy("最晚接单时间"))
    accepted_at = models.DateTimeField(gettext_lazy("接单时间"), null=True, blank=True)
    rejected_at = models.DateTimeField(gettext_lazy("拒单时间"), null=True, blank=True)
    canceled_at = models.DateTimeField(gettext_lazy("取消时间"), null=True, blank=True)
    completed_at = models.DateTimeField(gettext_lazy("完成时间"), null=True, blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = gettext_lazy("订单")
        permissions = [("stop_order", gettext_lazy("可以取消订单"))]
        indexes = [
            models.Index(fields=["created_at", "status", "amount"], name="order_figures"),
            models.Index(fields=["guest", "created_at"], name="order_guest_created"),
            models.Index(fields=["house", "status", "begin_date"], name="order_house_status"),
            models.Index(fields=["status", "expires_at"], name="order_status_expires"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["guest", "token"], name="order_once_per_token"),
            models.CheckConstraint(
                condition=Q(end_date__gt=F("begin_date")), name="order_end_after_begin"
            ),
            within("order_price_fits", "price", 0, ORDER_PRICE_HOLDS),
            within("order_amount_fits", "amount", 0, ORDER_AMOUNT_HOLDS),
        ]

    def __str__(self):
        return self.display_number

    def get_absolute_url(self):
        return reverse("orders:detail", args=[self.number])

    @classmethod
    def place(cls, house_pk, guest, begin, end, guests, token, shown_price=None):
        """Book the nights [begin, end), or return the order this token has made already.

        `shown_price` is the price a night the guest saw, None when it is not known. Raises
        StayError, OrderError, PriceChanged, or TooMany or Busy of ihome_site.refusals.
        """
        rules = Rules.of_now(guest)  # may ask the cache, which has no place in the transaction
        return cls._place(rules, house_pk, guest, begin, end, guests, token, shown_price)

    @classmethod
    @durable
    def _place(cls, rules, house_pk, guest, begin, end, guests, token, shown_price):
        house = House.lock(house_pk)
        if not User.objects.lock_active(guest.pk):
            raise OrderError(_("这个账号已停用或注销"))
        if placed := cls.objects.filter(guest=guest, token=token).first():
            return placed.sent_again(house, begin, end, guests)
        house.check_stay(begin, end, guests, guest)
        cls.check_waiting(house, guest, (end - begin).days, rules)
        waiting.check_not_just_canceled(house, guest, begin, end)
        if shown_price is not None and shown_price != house.price:
            raise PriceChanged(house.price)
        BOOKINGS.take(guest, rules.bookings)
        days = (end - begin).days
        order = cls(
            token=token,
            guest=guest,
            house=house,
            title=house.title,
            price=house.price,
            begin_date=begin,
            end_date=end,
            days=days,
            amount=house.price * days,
            guests=guests,
            expires_at=expiry(timezone.now(), begin, rules.answer_within),
        )
        house.occupy(begin, end, OccupiedNight.Kind.BOOKED, order.number, order.expires_at)
        order.save(force_insert=True)
        OrderMove.objects.create(order=order, action="place", actor=guest, after=order.status)
        order._tell(house.owner_id, Notice.Kind.REQUESTED)
        return order

    def sent_again(self, house, begin, end, guests):
        """This order, for a form that arrives twice.

        Raises OrderError when the form now asks for something else, or the order holds no more.
        """
        asked = (house.pk, begin, end, guests)
        booked = (self.house_id, self.begin_date, self.end_date, self.guests)
        if asked == booked and self.state in self.HOLDING:
            return self
        sentence = _(
            "这一页已经提交过订单 %(number)s（%(state)s），没有再订。确认日期和人数后，请再提交一次"
        )
        raise OrderError(sentence % {"number": self, "state": self.state_label})

    @classmethod
    def check_waiting(cls, house, guest, days, rules):
        """Raise OrderError when the guest has too many unanswered requests, or nights in them."""
        asked = cls.objects.waiting().filter(guest=guest)
        if asked.filter(house=house).exists():
            raise OrderError(_("您在这套房源已有一个待接单的订单，等房东答复后再订吧"))
        if asked.count() >= rules.most_waiting:
            raise OrderError(
                _("您已有 %(n)s 个待接单的订单，等房东答复或取消一个再订")
                % {"n": rules.most_waiting}
            )
        if sentence := waiting.why_too_many_nights(guest, asked, days, rules.most_nights):
            raise OrderError(sentence)

    # Moves. Each is one conditional UPDATE; the nights change in the same transaction. The house
    # is locked first, as in place(): whoever moves the orders of one house queues there, and
    # nobody meets the others halfway with half of their locks.

    @durable
    def accept(self, actor):
        """The owner says yes, which fails when the hold expires at this very moment.

        Nor is it possible with a home that operators took off, or a guest whom they shut out: the
        request runs out, or is refused. What changed at the home since operators approved it is
        in nobody's way.
        """
        self.house = house = House.lock(self.house_id)  # as they are now, for the page as well
        self.guest = User.objects.get(pk=self.guest_id)
        if self.shut_out:
            raise OrderError(self.shut_out)
        DECISIONS.take(actor)
        self._move("accept", actor)
        if house.keep(self.number) != self.days:
            raise OrderError(_("这个订单已超时取消"))
        self._tell(self.guest_id, Notice.Kind.ACCEPTED)

    @durable
    def reject(self, actor, reason):
        """The owner says no, and why."""
        house = House.lock(self.house_id)
        DECISIONS.take(actor)
        self._move("reject", actor, reason)
        house.release(self.number)
        self._tell(self.guest_id, Notice.Kind.REJECTED)

    @durable
    def cancel(self, actor, reason=""):
        """The guest changes plans: while waiting, or before the check-in day."""
        house = House.lock(self.house_id)
        CANCELLATIONS.take(actor)
        self._move("cancel", actor, reason)
        house.release(self.number)
        for user_id in {self.guest_id, house.owner_id} - {actor.pk}:
            self._tell(user_id, Notice.Kind.CANCELED)

    @durable
    def stop(self, actor, reason):
        """Operators cancel, also during the stay; both sides read why. Nobody their own."""
        house = House.lock(self.house_id)
        if actor.pk in {self.guest_id, house.owner_id}:
            raise OrderError(_("这个订单是您自己的，要由别的运营人员来取消"))
        before = self._move("stop", actor, reason).label
        house.release(self.number)
        for user_id in (self.guest_id, house.owner_id):
            self._tell(user_id, Notice.Kind.CANCELED)
        after = self.state_label
        OperationLog.objects.record(actor, _("取消订单"), self, before, after, reason)

    @durable
    def expire(self):
        """Tidy a request that died unanswered. False when it was answered or tidied already."""
        house = House.lock(self.house_id)
        try:
            self._move("expire", None, str(self.TIMED_OUT))
        except OrderError:
            return False
        house.release(self.number)
        for user_id in (self.guest_id, house.owner_id):
            self._tell(user_id, Notice.Kind.EXPIRED)
        return True

    @durable
    def write_review(self, actor, stars, text):
        """The guest tells how it was; the order is complete and the house's counts grow."""
        house = House.lock(self.house_id)
        check_active(actor)
        REVIEWS.take(actor)
        self._move("review", actor)
        review = Review.objects.create(order=self, stars=stars, text=text)
        House.objects.filter(pk=self.house_id).update(
            order_count=F("order_count") + 1,
            review_count=F("review_count") + 1,
            star_total=F("star_total") + stars,
        )
        house_changed(house.pk, house.area_id)
        self._tell(house.owner_id, Notice.Kind.REVIEWED)
        return review

    def _move(self, action, actor, reason=""):
        """Go from a state that allows `action` to the next one, or raise OrderError.

        Returns the state it came from, which may not be the one this object was read in.
        """
        move = MOVES[action]
        changes = {"status": move.target, move.stamp: timezone.now(), "updated_at": timezone.now()}
        if reason:
            changes["reason"] = reason
        for source, condition in move.sources():
            if Order.objects.filter(condition, pk=self.pk, status=source).update(**changes):
                break
        else:
            raise OrderError(self.why_not())
        OrderMove.objects.create(
            order=self, action=action, actor=actor, before=source, after=move.target, note=reason
        )
        self.refresh_from_db()
        return Order.Status(source)

    def _tell(self, user_id, kind):
        """Leave word of the move for the other side, in the transaction of the move."""
        text = f"{self.title}\n{day_range(self.begin_date, self.end_date)}"
        tell(user_id, kind, text, self.get_absolute_url())

    def why_not(self):
        """The sentence for a move that came too early, too late or twice."""
        self.refresh_from_db()
        if self.is_expired:
            return _("这个订单超时未接单，已自动取消")
        return _("订单现在是「%(state)s」，不能这样操作了") % {"state": self.pill.label}

    # What the order is now, for readers.

    @property
    def is_expired(self):
        return self.status == self.Status.WAIT_ACCEPT and self.expires_at <= timezone.now()

    @property
    def state(self):
        """The status as of this moment: an expired request is canceled, tidied or not."""
        return self.Status.CANCELED if self.is_expired else self.Status(self.status)

    @property
    def state_label(self):
        return self.state.label

    @property
    def shown_reason(self):
        return str(self.TIMED_OUT) if self.is_expired else self.reason

    @property
    def can_reject(self):
        return self.state == self.Status.WAIT_ACCEPT

    @property
    def can_accept(self):
        return self.can_reject and not self.shut_out

    @property
    def shut_out(self):
        """Why nobody may agree on this order: operators are in the way. "" when they are not."""
        if self.house.held_reason:
            return _("运营人员已下架这套房源，不能接单")
        if self.house.check_state == Check.REFUSED:
            return _("这套房源没有通过审核，不能接单")
        if not self.house.can_be_listed:
            return _("这套房源正在等待审核，通过后才能接单")
        return "" if self.guest.is_active else _("房客的账号已停用，不能接单")

    @property
    def can_cancel(self):
        if self.state == self.Status.WAIT_COMMENT:
            return timezone.localdate() < self.begin_date
        return self.state == self.Status.WAIT_ACCEPT

    @property
    def can_review(self):
        return self.state == self.Status.WAIT_COMMENT and self.end_date <= timezone.localdate()

    @property
    def has_review(self):
        return hasattr(self, "review")

    @property
    def can_answer(self):
        return self.has_review and not self.review.answer

    @property
    def display_number(self):
        return "-".join(self.number[n : n + 4] for n in range(0, len(self.number), 4))

    @property
    def pill(self):
        return timeline.pill(self)

    @property
    def timeline(self):
        return timeline.steps(self)

    @property
    def nights(self):
        return nights(self.begin_date, self.end_date)


class OrderMove(Timestamped):
    """One line of an order's history: who did what, and what it changed."""

    class Action(models.TextChoices):
        PLACE = "place", gettext_lazy("提交")
        ACCEPT = "accept", gettext_lazy("接单")
        REJECT = "reject", gettext_lazy("拒单")
        CANCEL = "cancel", gettext_lazy("取消")
        STOP = "stop", gettext_lazy("取消")
        EXPIRE = "expire", gettext_lazy("超时取消")
        REVIEW = "review", gettext_lazy("评价")

    order = models.ForeignKey(
        Order, models.CASCADE, related_name="moves", verbose_name=gettext_lazy("订单")
    )
    action = models.CharField(gettext_lazy("操作"), max_length=8, choices=Action.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=gettext_lazy("操作人"),
    )
    before = models.CharField(gettext_lazy("之前"), max_length=12, blank=True)
    after = models.CharField(gettext_lazy("之后"), max_length=12)
    note = models.CharField(gettext_lazy("说明"), max_length=255, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = gettext_lazy("订单历史")
        ordering = ["pk"]

    def __str__(self):
        return f"{self.order_id} {self.action}"


class ReviewQuerySet(models.QuerySet):
    def shown(self):
        return self.filter(hidden_reason="")


class Review(Timestamped):
    """What the guest writes after the stay, one per order; the owner may answer once."""

    order = models.OneToOneField(
        Order, models.PROTECT, related_name="review", verbose_name=gettext_lazy("订单")
    )
    stars = models.PositiveSmallIntegerField(
        gettext_lazy("星数"), validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    text = models.CharField(gettext_lazy("评价"), max_length=512)
    answer = models.CharField(gettext_lazy("房东回复"), max_length=512, blank=True)
    answered_at = models.DateTimeField(gettext_lazy("回复时间"), null=True, blank=True)
    hidden_reason = models.CharField(
        gettext_lazy("隐藏的原因"), max_length=255, blank=True, db_default=""
    )

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = gettext_lazy("评价")
        permissions = [("hide_review", gettext_lazy("可以隐藏和恢复评价"))]
        constraints = [
            models.CheckConstraint(condition=Q(stars__gte=1, stars__lte=5), name="review_stars"),
        ]

    def __str__(self):
        return f"{self.stars}★ {masked(self.text)[:20]}"  # operators read it in every heading

    @durable
    def give_answer(self, text):
        """The owner's one answer. Raises OrderError when there is one already."""
        owner = House.lock(self.order.house_id).owner
        check_active(owner)
        REPLIES.take(owner)
        unanswered = Review.objects.filter(pk=self.pk, answer="")
        if not unanswered.update(answer=text, answered_at=timezone.now()):
            raise OrderError(_("您已经回复过这条评价了"))
        self.refresh_from_db()
        house_changed(self.order.house_id)
        self.order._tell(self.order.guest_id, Notice.Kind.ANSWERED)

    @property
    def is_hidden(self):
        return bool(self.hidden_reason)

    @durable
    def hide(self, actor, reason):
        """Take the review off the house's page; the house's stars no longer count it."""
        self._show_or_hide(actor, _("隐藏评价"), "", reason, reason)

    @durable
    def show(self, actor):
        """Undo hide."""
        self._show_or_hide(actor, _("恢复评价"), self.hidden_reason, "", "")

    def _show_or_hide(self, actor, verb, before, after, reason):
        house = House.lock(self.order.house_id)
        if actor.pk in {self.order.guest_id, house.owner_id}:
            raise OrderError(_("这条评价是您写的，或写的是您的房源，要由别的运营人员来处理"))
        as_seen = Review.objects.filter(pk=self.pk, hidden_reason=before)
        if before == after or not as_seen.update(hidden_reason=after, updated_at=timezone.now()):
            raise OrderError(_("这条评价已经是这样了"))
        self.refresh_from_db(fields=["text"])  # its writer may have been erased meanwhile
        more = -1 if after else 1
        House.objects.filter(pk=house.pk).update(
            review_count=F("review_count") + more, star_total=F("star_total") + more * self.stars
        )
        house_changed(house.pk, house.area_id)
        words = [_("显示"), _("隐藏")]
        OperationLog.objects.record(
            actor, verb, self, words[bool(before)], words[bool(after)], reason
        )
        self.refresh_from_db()
