"""The words somebody who is erased has left, in rows of theirs and in what others wrote.

Their own free texts are replaced whole. In what the other side or operators wrote about them
their mobile, names, and their homes' titles and addresses are replaced, the rest stays.
"""

import re
from copy import copy

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, TextField
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from accounts.fields import EncryptedTextField
from accounts.models import IdCardView, Notice, RealName, User
from houses.models import House, HouseImage
from ihome_site.models import OperationLog
from orders.models import Order, OrderMove, Review

OURS = {"accounts", "houses", "orders", "ihome_site", "admin"}
SHORTEST = 2  # characters of a name that is looked for: one alone is in every other word
RARE = 3  # … of one that is looked for in rows about somebody else: there are many 张伟
# The moves whose note is the order's reason as well.
ENDS = (OrderMove.Action.REJECT, OrderMove.Action.CANCEL, OrderMove.Action.STOP)
CHUNK = 500  # values in one IN
BETWEEN = "[-\\s.·()（）]{0,2}"  # what people write between the digits of a mobile
FULL_WIDTH = {digit: f"[{digit}{chr(ord(digit) + 0xFEE0)}]" for digit in "0123456789"}


def gone_text():
    return _("（已随账号注销删除）")


def gone_home():
    return _("已注销房东的房源")


def gone_user():
    return _("已注销用户")


def text_columns(model):
    """The columns of a table in which people write; no choices, no keys, no ciphertext."""
    for field in model._meta.concrete_fields:
        is_text = isinstance(field, CharField | TextField)
        if is_text and not field.choices and not isinstance(field, EncryptedTextField):
            yield field


def blanks(model, *kept):
    """{column: empty} for every text column but `kept`: those of later are in it by themselves."""
    return {
        field.name: None if field.null else ""
        for field in text_columns(model)
        if field.name not in kept
    }


class Words:
    """What names a person. Read before their rows go."""

    def __init__(self, user, houses, titles):
        """`titles` are what their homes were called, and where they were, beside `houses`."""
        self.exact, self.names, self.masks, self.places, self.starred = [], [], [], [], []
        if user.is_erased:  # forgotten once already: nothing is known of them any more
            return
        self.exact.append(user.mobile)
        self.names.append(user.name or "")
        self.masks.append(user.masked_mobile)
        if user.is_verified:
            self.exact.append(user.real_name.id_card)
            self.names.append(user.real_name.name)
            self.masks.append(user.real_name.masked_id_card)
        self.names = [name for name in self.names if len(name) >= SHORTEST]
        places = {*titles, *(text for house in houses for text in (house.title, house.address))}
        self.places = [place for place in places if len(place) > SHORTEST]

    def alone(self, *, with_names):
        """The same for a row that may be about anybody: numbers, and names few people share.

        And where names go, the starred mobile. Others may have the same seven digits, so what
        stands instead does not say who it was.
        """
        words = copy(self)
        words.starred = self.masks[:1] if with_names else []
        words.masks, words.places = [], []
        words.names = [name for name in self.names if with_names and len(name) >= RARE]
        return words

    def __iter__(self):
        yield from self.exact + self.names + self.starred

    def replaced(self, text, longest=None):
        """`text` without anything that names the person, cut to `longest` characters."""
        for pattern, instead in self.patterns():
            text = pattern.sub(instead, text)
        return text[:longest]

    def patterns(self):
        if self.exact:
            yield any_of([spelled(number) for number in self.exact]), gone_user()
        if self.places:
            yield any_of([re.escape(place) for place in self.places]), gone_home()
        if self.names or self.masks:
            names = [whole(name) for name in self.names] + [re.escape(mask) for mask in self.masks]
            yield any_of(names), gone_user()
        if self.starred:
            yield any_of([re.escape(number) for number in self.starred]), "***"


def any_of(patterns):
    return re.compile("|".join(sorted(patterns, key=len, reverse=True)))


def spelled(number):
    """A number as people write it: 139 0000 0002, １３９-… Not as a part of a longer one."""
    digits = BETWEEN.join(FULL_WIDTH.get(digit, digit) for digit in number)
    return f"(?<![0-9]){digits}(?![0-9])"


def whole(name):
    """A name; a Latin one not within a longer word. Chinese has nothing between its words."""
    before = "(?<![A-Za-z0-9])" if re.match("[A-Za-z0-9]", name) else ""
    after = "(?![A-Za-z0-9])" if re.search("[A-Za-z0-9]\\Z", name) else ""
    return f"{before}{re.escape(name)}{after}"


def chunks(values):
    values = list(values)
    return (values[first : first + CHUNK] for first in range(0, len(values), CHUNK))


def lines_about_homes(**which):
    return OperationLog.objects.filter(subject_type=House._meta.label_lower, **which)


def deleted_homes(user):
    """The ids of the homes of theirs that operators deleted, as long as the log knows them."""
    lines = lines_about_homes(owner=user)
    return {int(pk) for pk in lines.values_list("subject_id", flat=True)}


def former_places(houses):
    """Titles and addresses these homes had, where operators changed them."""
    labels = {str(House._meta.get_field(name).verbose_name) for name in ("title", "address")}
    for some in chunks(map(str, houses)):
        for line in lines_about_homes(subject_id__in=some):
            yield line.subject_text
            for text in f"{line.before}\n{line.after}".splitlines():
                label, _colon, value = text.partition("：")
                if label in labels:
                    yield value


class Traces:
    """The rows in which an erased person shows; their houses must be locked."""

    def __init__(self, user, houses):
        self.user = user
        self.houses = [*(house.pk for house in houses), *deleted_homes(user)]
        self.received = list(Order.objects.filter(house__in=self.houses))
        self.trips = list(Order.objects.filter(guest=user))
        titles = {order.title for order in self.received}
        self.words = Words(user, houses, titles.union(former_places(self.houses)))

    @cached_property
    def orders(self):
        return {order.pk for order in self.received + self.trips}

    def remove(self):
        self.rewrite_orders()
        self.rewrite_reviews()
        self.rewrite_notices()
        self.rewrite_logs()
        self.rewrite_looks()
        self.rewrite_anywhere()

    # One step a table.

    def rewrite_orders(self):
        moves = OrderMove.objects.filter(actor=self.user).exclude(note="")
        ended = moves.filter(action__in=ENDS).values_list("order", flat=True)
        typed = self.orders & set(ended)
        for some in chunks(order.pk for order in self.received):
            received = Order.objects.filter(pk__in=some)
            received.update(title=gone_home())
            received.filter(status=Order.Status.REJECTED).exclude(reason="").update(
                reason=gone_text()
            )
        for some in chunks(self.orders):
            moves.filter(order__in=some).update(note=gone_text())
        for some in chunks(typed):
            Order.objects.filter(pk__in=some).exclude(reason="").update(reason=gone_text())
        for some in chunks(self.orders):
            self.replace_in(Order.objects.filter(pk__in=some), "reason")
            self.replace_in(OrderMove.objects.filter(order__in=some), "note")

    def rewrite_reviews(self):
        for some in chunks(order.pk for order in self.trips):
            mine = Review.objects.filter(order__in=some)
            mine.update(text=gone_text())
            mine.exclude(hidden_reason="").update(hidden_reason=gone_text())
            self.replace_in(mine, "answer")
        for some in chunks(order.pk for order in self.received):
            theirs = Review.objects.filter(order__in=some)
            theirs.exclude(answer="").update(answer=gone_text())
            self.replace_in(theirs, "text", "hidden_reason")

    def rewrite_notices(self):
        """A notice is the order's title and its days, one a line."""
        guests = {order.guest_id for order in self.received}
        for some in chunks(order.get_absolute_url() for order in self.received):
            for notice in Notice.objects.filter(user__in=guests, url__in=some):
                _title, line_end, days = notice.text.rpartition("\n")
                text = gone_home() + (f"\n{days}" if line_end else "")
                Notice.objects.filter(pk=notice.pk).update(text=text)

    def rewrite_logs(self):
        """Lines about them lose their words and keep who did what when."""
        log, entries = OperationLog.objects, LogEntry.objects
        theirs = {"before": "", "after": ""}
        for model, pks, name in self.subjects():
            kind = ContentType.objects.get_for_model(model)
            for some in chunks(map(str, pks)):
                lines = log.filter(subject_type=model._meta.label_lower, subject_id__in=some)
                lines.exclude(reason="").update(reason=gone_text())
                about = entries.filter(content_type=kind, object_id__in=some)
                about.update(change_message="")
                if name:
                    lines.update(subject_text=name, **theirs)
                    about.update(object_repr=name)
        self.replace_in(log.filter(actor=self.user))
        self.replace_in(entries.filter(user=self.user))

    def subjects(self):
        """(model, ids, what its rows are called now); an order's name is its number."""
        reviews = Review.objects.filter(order__in=self.orders).values_list("pk", flat=True)
        proofs = [self.user.real_name.pk] if self.user.is_verified else []
        photos = HouseImage.objects.filter(house__in=self.houses).values_list("pk", flat=True)
        yield User, [self.user.pk], gone_user()
        yield RealName, proofs, gone_user()
        yield House, self.houses, gone_home()
        yield HouseImage, photos, gone_home()
        yield Review, reviews, gone_text()
        yield Order, self.orders, None

    def rewrite_looks(self):
        """Who looked at whose ID number when stays; why they did, and from where, does not."""
        IdCardView.objects.filter(subject=self.user).update(reason=gone_text())
        looks = IdCardView.objects.filter(viewer=self.user)
        looks.update(address="")
        self.replace_in(looks, "reason")

    def rewrite_anywhere(self):
        """Numbers in any text of anybody, and names in what operators wrote."""
        records = {OperationLog, LogEntry, IdCardView}
        for model in apps.get_models():
            if model._meta.app_label not in OURS:
                continue
            for field in text_columns(model):
                words = self.words.alone(with_names=model in records)
                for word in words if not field.unique else []:
                    rows = model._base_manager.filter(**{f"{field.name}__contains": word})
                    self.replace_in(rows, field.name, words=words)

    def replace_in(self, rows, *columns, words=None):
        """Take what names the person out of these text columns (all, when none is named)."""
        model, words = rows.model, words or self.words
        fields = [model._meta.get_field(name) for name in columns] or list(text_columns(model))
        for pk, *texts in rows.order_by().values_list("pk", *(field.name for field in fields)):
            changes = {
                field.name: new
                for field, old in zip(fields, texts, strict=True)
                if old and (new := words.replaced(old, field.max_length)) != old
            }
            if changes:
                model._base_manager.filter(pk=pk).update(**changes)
