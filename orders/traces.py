"""The rows in which an erased person shows, and what becomes of each.

Their own free texts are replaced whole. In what the other side or operators wrote about them
their mobiles, names, and their homes' titles and addresses are replaced, the rest stays. What
operators typed about others (see orders.typed) loses those of them that few people share; what
they wrote for everybody loses numbers, and a person is told of the rest.
"""

import re
from collections import defaultdict
from datetime import timedelta
from urllib.parse import parse_qs, unquote

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from accounts.fields import holds_words
from accounts.models import Device, IdCardView, LoginAttempt, Notice, RealName, SmsCode, User
from houses.models import Facility, House, HouseImage, OccupiedNight
from ihome_site.caching import changed
from ihome_site.models import (
    Banner,
    HelpArticle,
    OnEveryPage,
    OperationLog,
    SiteNotice,
    SiteParameter,
)
from ihome_site.parameters import accepts
from orders.models import Order, OrderMove, Review
from orders.typed import CONTEXT, change_message, in_account_notice, in_entry, in_line
from orders.words import (
    Words,
    chunks,
    deleted_homes,
    former_places,
    given_away,
    gone_home,
    gone_text,
    gone_user,
    is_whole,
)

OURS = {"accounts", "houses", "orders", "ihome_site", "admin", "auth"}
# The moves whose note is the order's reason as well.
ENDS = (OrderMove.Action.REJECT, OrderMove.Action.CANCEL, OrderMove.Action.STOP)
# The columns of the logs in which words are; the others are the site's.
LOGGED, DJANGO_LOGGED = (
    ["subject_text", "before", "after", "reason"],
    ["object_repr", "change_message"],
)
# What operators write for everybody. Columns that the site fills are none: somebody may be
# called "webp".
PUBLISHED = {
    Banner: ["title"],
    SiteNotice: ["text"],
    HelpArticle: ["title", "body"],
    SiteParameter: ["value"],
}
PORTION = 5000  # rows in one query
# What the site fills, with file names, addresses and the like, in rows of anybody. Digits in them
# are nobody's number, whoever proves one that looks like them.
WRITTEN_BY_SITE = {
    User: {"password", "avatar"},
    RealName: {"id_card_index", "consent_version"},
    IdCardView: {"address"},
    SmsCode: {"address", "browser", "device", "code_hmac"},
    LoginAttempt: {"address", "device", "user_agent"},
    Device: {"session_key", "address", "user_agent"},
    Notice: {"url"},
    Facility: {"icon"},
    HouseImage: {"file"},
    OccupiedNight: {"holder"},
    Banner: {"file"},
    OperationLog: {"verb", "subject_type", "subject_id", "request_id"},
    SiteParameter: {"name"},
    Order: {"number", "token"},
    LogEntry: {"object_id"},
    Permission: {"name", "codename"},
}
# What other people call their homes, and what the logs call rows of anybody.
CALLED = {
    (House, "title"),
    (House, "address"),
    (OperationLog, "subject_text"),
    (LogEntry, "object_repr"),
}
HOME = re.compile("/houses/([0-9]+)")
# A name or a title in more of one table's rows about others is common speech, and nobody's.
# Operators may well write of one person at several homes: not less.
MOST_ABOUT_OTHERS = 8
COMMON = "a word that many share, not rewritten"
MOST_LISTED = 20  # rows of a column that are named to a person
# What is left to a person in what operators publish: whoever is called as a help page says could
# take it out of there.
LEFT = {"names": "a name, not rewritten", "places": "a title or an address, not rewritten"}


def leads_nowhere(model):
    """What a publication is instead of a link to a home of theirs.

    A banner has to lead somewhere, and its picture may show the home: it is over.
    """
    if model is SiteNotice:
        return {"link": ""}
    return {"link": "/", "begins_on": None, "ends_on": timezone.localdate() - timedelta(days=1)}


def typed_columns():
    """{model: names of the columns in which somebody's words may be}"""
    columns = {
        model: [
            field.name
            for field in text_columns(model)
            if field.name not in WRITTEN_BY_SITE.get(model, ())
        ]
        for model in apps.get_models()
        if model._meta.app_label in OURS
    }
    return {model: names for model, names in columns.items() if names}


def operators_words():
    """(rows, columns, what finds the typed parts, column of the time they were written by at the
    latest) of what operators wrote, whoever it is about."""
    yield OperationLog.objects.all(), LOGGED, in_line, "created_at"
    yield LogEntry.objects.all(), DJANGO_LOGGED, in_entry, "action_time"
    yield IdCardView.objects.all(), ["reason"], None, "created_at"
    # Of these they told the person why; other notices begin with the title of anybody's home.
    told = Notice.objects.filter(kind=Notice.Kind.ACCOUNT)
    yield told, ["text"], in_account_notice, "created_at"
    yield House.objects.all(), ["check_reason", "held_reason"], None, "updated_at"
    yield Review.objects.all(), ["hidden_reason"], None, "updated_at"
    stopped = OrderMove.objects.filter(action=OrderMove.Action.STOP)
    yield stopped, ["note"], None, "created_at"
    yield Order.objects.filter(pk__in=stopped.values("order")), ["reason"], None, "updated_at"


def is_operators(model):
    """Whether operators alone write in it."""
    return model is Group or issubclass(model, OnEveryPage)


def text_columns(model):
    return filter(holds_words, model._meta.concrete_fields)


def blanks(model, *kept):
    """{column: empty} for every text column but `kept`: those of later are in it by themselves."""
    return {
        field.name: None if field.null else ""
        for field in text_columns(model)
        if field.name not in kept
    }


class Search:
    """The rows in which somebody's words stand, in every text column there is.

    Reading them all takes long, so it comes before anything is locked; what is added to them
    meanwhile was written after the person was looked for.
    """

    def __init__(self):
        self.found = defaultdict(set)  # (model, column) → ids
        self.known = set()  # the words that were looked for
        self.rows_with = defaultdict(set)  # (word, model) → ids in operators' records about others

    def knows(self, words):
        return words.every() <= self.known

    def look_for(self, words, own):
        """`own` are the ids, by model, of the rows about the person."""
        self.known |= words.every()
        anybodys = words.alone(by_operators=False)
        operators = words.alone(by_operators=True)
        by_operators = {
            (rows.model, name) for rows, names, _, _ in operators_words() for name in names
        }
        each = operators.one_by_one()
        for model, columns in typed_columns().items():
            finders = [
                operators
                if (model, column) in by_operators | CALLED or is_operators(model)
                else anybodys
                for column in columns
            ]
            for pk, *texts in read(model, *columns):
                for column, text, finder in zip(columns, texts, finders, strict=True):
                    if text and holds(finder, model, column, text):
                        self.found[model, column].add(pk)
                        if (model, column) in by_operators and pk not in own[model]:
                            self.count(each, model, column, pk, text)

    def count(self, each, model, column, pk, text):
        """Which of these words the text holds; no further than it has to be known."""
        for word, alone in each.items():
            rows = self.rows_with[word, model]
            if len(rows) <= MOST_ABOUT_OTHERS and holds(alone, model, column, text):
                rows.add(pk)

    def common(self):
        """The words that stand in many records about others."""
        return {word for (word, _), rows in self.rows_with.items() if len(rows) > MOST_ABOUT_OTHERS}

    def among(self, rows, column):
        """Querysets of those rows that were found, some hundred at a time."""
        for some in chunks(sorted(self.found[rows.model, column])):
            yield rows.filter(pk__in=some)


def holds(words, model, column, text):
    """JSON has its own ways to write a letter."""
    if (model, column) == (LogEntry, "change_message"):
        return change_message(text, words.replaced) != text
    return words.are_in(text)


def read(model, *columns):
    """(id, *texts) of every row, some thousand at a time: MariaDB sends all that is asked for."""
    rows, last = model._base_manager.order_by("pk").values_list("pk", *columns), 0
    while some := list(rows.filter(pk__gt=last)[:PORTION]):
        yield from some
        last = some[-1][0]


class Traces:
    """The rows in which an erased person shows; their houses must be locked when they go.

    What others wrote is looked for by `search`, if it does not know their words yet.
    """

    def __init__(self, user, houses, search):
        self.user = user
        self.houses = [*(house.pk for house in houses), *deleted_homes(user)]
        self.given_away = given_away(user).difference(self.houses)
        self.received = list(Order.objects.received_by(user, self.houses))
        self.trips = list(Order.objects.filter(guest=user))
        places = {order.title for order in self.received}.union(former_places(user, self.houses))
        places.update(text for house in houses for text in (house.title, house.address))
        self.words = Words(user, places)
        self.search = search
        if not search.knows(self.words):
            search.look_for(self.words, self.own)
        self.to_look_at = []  # what a person has to read, in words without any of theirs

    @cached_property
    def orders(self):
        return {order.pk for order in self.received + self.trips}

    @cached_property
    def own(self):
        """{model: ids} of the records about them, which do not tell whether a word is common."""
        theirs = defaultdict(set, {House: set(self.houses), Order: self.orders})
        for lines, entries in self.records():
            theirs[OperationLog].update(lines.values_list("pk", flat=True))
            theirs[LogEntry].update(entries.values_list("pk", flat=True))
        for some in chunks(self.orders):
            for model in (Review, OrderMove):
                found = model.objects.filter(order__in=some)
                theirs[model].update(found.values_list("pk", flat=True))
        theirs[Notice].update(self.user.notices.values_list("pk", flat=True))
        theirs[IdCardView].update(self.user.id_card_views.values_list("pk", flat=True))
        return theirs

    def records(self):
        """(operation log, Django's history) of each of their rows, some hundred at a time."""
        for model, pks, _name in self.subjects():
            for some in chunks(map(str, pks)):
                yield self.records_of(model, some)

    def records_of(self, model, pks):
        kind = ContentType.objects.get_for_model(model)
        return (
            OperationLog.objects.filter(subject_type=model._meta.label_lower, subject_id__in=pks),
            LogEntry.objects.filter(content_type=kind, object_id__in=pks),
        )

    def remove(self):
        self.rewrite_orders()
        self.rewrite_reviews()
        self.rewrite_notices()
        self.rewrite_logs()
        self.rewrite_given_away()
        self.rewrite_looks()
        self.rewrite_operators_words()
        self.cut_links()
        self.rewrite_published()
        self.rewrite_anywhere()
        self.list_unique()
        self.list_called()

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
            notes = OrderMove.objects.filter(order__in=some)
            reasons = Order.objects.filter(pk__in=some).exclude(reason=Order.TIMED_OUT)
            self.replace_in(reasons, "reason")
            self.replace_in(notes.exclude(action=OrderMove.Action.EXPIRE), "note")

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
            for some in chunks(map(str, pks)):
                lines, about = self.records_of(model, some)
                lines.exclude(reason="").update(reason=gone_text())
                about.update(change_message="")
                if name:
                    lines.update(subject_text=name, **theirs)
                    about.update(object_repr=name)
        self.replace_in(log.filter(actor=self.user), *LOGGED, typed=in_line)
        self.replace_in(entries.filter(user=self.user), *DJANGO_LOGGED, typed=in_entry)

    def rewrite_given_away(self):
        """Of homes that are another's now: lines from before lose the title, which was theirs;
        those from after lose what names them, for its new owner may have kept the title."""
        words = self.words.alone(by_operators=True).only("exact", "names", "starred")
        for some in chunks(map(str, self.given_away)):
            lines, entries = self.records_of(House, some)
            theirs = lines.filter(owner=self.user)
            theirs.update(subject_text=gone_home())
            theirs.exclude(reason="").update(reason=gone_text())
            deleted = lines.filter(verb=_("删除"))
            deleted.filter(owner=self.user).update(before=gone_home())
            self.replace_in(deleted, "before", words=words)
            self.replace_in(theirs, "before", "after", typed=in_line)
            self.replace_in(lines, "subject_text", words=words)
            self.replace_in(entries, "object_repr", words=words)

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

    def rewrite_operators_words(self):
        """What was written before they had an account is about somebody else, but for numbers.

        A word that is common is left: whoever calls a home as operators say 照片与实际不符 would
        take that out of their records. A person is told where it stands.
        """
        words = self.words.alone(by_operators=True)
        common = self.search.common()
        rare, left = words.without(common), words.but(exact=[], starred=[]).among(common)
        for rows, columns, typed, time in operators_words():
            before = rows.filter(**{f"{time}__lt": self.user.created_at})
            since = rows.filter(**{f"{time}__gte": self.user.created_at})
            for column in columns:
                self.replace_where(before, column, words.only("exact", "starred"), typed)
                self.replace_where(since, column, rare, typed)
                if common:
                    self.list_those(since, column, left, typed, COMMON)

    def list_those(self, rows, column, words, typed, fate):
        """A line for all rows of a column; the first of them are named."""
        holding = [
            row["pk"]
            for some in self.search.among(rows, column)
            for row, _column, _new in self.differing(some, [column], words.replaced, typed)
            if row["pk"] not in self.own[rows.model]
        ]
        if holding:
            which = ", ".join(map(str, holding[:MOST_LISTED]))
            which += ", …" if holding[MOST_LISTED:] else ""
            self.note(rows.model, which, column, fate)

    def cut_links(self):
        """Nothing that operators publish leads to a home of theirs, by its number or its name.

        Other links with a word of theirs are left: somebody may be called "help".
        """
        words = self.words.alone(by_operators=True)
        for model in (Banner, SiteNotice):
            for pk, link in model.objects.exclude(link="").values_list("pk", "link"):
                address = unquote(link)
                theirs = self.leads_home(address) or self.searches_home(link, words)
                if theirs or words.only("exact", "starred").are_in(address):
                    model.objects.filter(pk=pk, link=link).update(**leads_nowhere(model))
                    self.note(model, pk, "link", "leads nowhere now")
                elif words.are_in(address):
                    self.note(model, pk, "link", "not rewritten")

    def leads_home(self, address):
        return any(int(pk) in self.houses for pk in HOME.findall(address))

    def searches_home(self, link, words):
        """Whether it searches for the whole title or address of theirs, and finds no other home."""
        others = House.objects.listed().exclude(pk__in=self.houses)
        return any(
            is_whole(words.only("places").replaced(text)) and not others.matching(text).exists()
            for text in parse_qs(link.partition("?")[2]).get("q", [])
        )

    def rewrite_published(self):
        """All rows are read: there are few, and nobody starred the numbers in them.

        Who calls themselves, or their home, by a word of the help pages must not be able to take
        it out of them: of names, titles and addresses a person decides.
        """
        changed("site")  # kept pages are drawn anew, as when one of these is saved
        words = self.words.alone(by_operators=True)
        numbers = words.only("exact", "starred")
        self.reset_parameters(numbers)
        for model, columns in PUBLISHED.items():
            rows = model.objects.all()
            for pk, column in self.replace_in(rows, *columns, words=numbers):
                self.note(model, pk, column, "rewritten")
            for pk, *texts in rows.values_list("pk", *columns):
                for column, text in zip(columns, texts, strict=True):
                    for kind, fate in LEFT.items():
                        if words.only(kind).are_in(text):
                            self.note(model, pk, column, fate)

    def reset_parameters(self, numbers):
        """A value that the parameter would refuse without the number goes: the default is used."""
        for pk, name, value in SiteParameter.objects.values_list("pk", "name", "value"):
            new = numbers.replaced(value)
            if new != value and not accepts(name, new):
                SiteParameter.objects.filter(pk=pk, value=value).delete()
                self.note(SiteParameter, pk, "value", "its default now")

    def rewrite_anywhere(self):
        """Numbers in any text of anybody."""
        words = self.words.alone(by_operators=False)
        for model, columns in typed_columns().items():
            for column in columns:
                if not model._meta.get_field(column).unique:
                    self.replace_where(model._base_manager.all(), column, words)

    def list_unique(self):
        """What is unique is part of an address, or chosen by somebody: a person decides."""
        for model, columns in typed_columns().items():
            words = self.words.alone(by_operators=is_operators(model))
            for column in columns:
                if model._meta.get_field(column).unique:
                    for rows in self.search.among(model._base_manager.all(), column):
                        for pk, text in rows.values_list("pk", column):
                            if words.are_in(text):
                                self.note(model, pk, column, "not rewritten")

    def list_called(self):
        """What is somebody else's and holds a name of theirs: titles, and what logs call rows.

        Whoever is called as others call their home could take it from them: a person decides.
        """
        words = self.words.alone(by_operators=True).only("names").without(self.search.common())
        for model, column in sorted(CALLED, key=str):
            others = model.objects.exclude(pk__in=self.houses) if model is House else model.objects
            self.list_those(others.all(), column, words, None, "a name, not rewritten")

    def note(self, model, pk, column, fate):
        self.to_look_at.append(f"{model._meta.label} {pk} {column}: {fate}")

    def replace_where(self, rows, column, words, typed=None):
        for some in self.search.among(rows, column):
            self.replace_in(some, column, words=words, typed=typed)

    def replace_in(self, rows, *columns, words=None, typed=None):
        """Take what names the person out of these text columns.

        With `typed`, a function of orders.typed, only out of what it finds typed in them.

        The (id, column) of each text that was rewritten. One that somebody changes meanwhile is
        left as they wrote it: a reason is a state as well.
        """
        model, rewritten = rows.model, []
        replace = (words or self.words).replaced
        for row, column, new in self.differing(rows, columns, replace, typed):
            new = new[: model._meta.get_field(column).max_length]
            same = model._base_manager.filter(pk=row["pk"], **{column: row[column]})
            same.update(**{column: new})
            rewritten.append((row["pk"], column))
        return rewritten

    def differing(self, rows, columns, replace, typed):
        """(row, column, text that `replace` makes of it) of each text that is another then."""
        context = CONTEXT.get(rows.model.__name__, []) if typed else []
        for row in rows.order_by().values("pk", *columns, *context):
            for column in columns:
                old = row[column] or ""
                new = typed(row, column, replace) if typed else replace(old)
                if new != old:
                    yield row, column, new
