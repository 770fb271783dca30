"""The words that name a person, and what stands instead of them."""

import re
from copy import copy

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from accounts.models import FormerWord, User
from houses.models import House
from ihome_site.known_numbers import KnownNumber
from ihome_site.masking import masked
from ihome_site.models import OperationLog

SHORTEST = 2  # characters of a name that is looked for: one alone is in every other word
RARE = 3  # … of one that is looked for in rows about somebody else: there are many 张伟
RARE_PLACE = 6  # … of a title or an address that is: there are many 温馨小屋
STARS = "***"  # instead of a starred mobile that may be another's as well
CHUNK = 500  # values in one IN
BLANKS = "[\\s\u200b-\u200d\u2060\ufeff]{0,2}"
LATIN = "A-Za-z0-9Ａ-Ｚａ-ｚ０-９"
HALF_WIDTH = {code + 0xFEE0: code for code in range(ord("!"), ord("~") + 1)}
STARRED = re.compile("[0-9]{3}\\*{4}[0-9]{4}")
# A starred number, or a part of one: it may be anybody's, whoever calls themselves so.
STARRED_PART = re.compile("[-+\\s()（）0-9Xx]*\\*[-+\\s()（）0-9Xx*]*")
KINDS = ("exact", "names", "masks", "places", "mobiles", "starred")


def gone_text():
    return _("（已随账号注销删除）")


def gone_home():
    return _("已注销房东的房源")


def gone_user():
    return _("已注销用户")


class Words:
    """What names a person. Read before their rows go."""

    def __init__(self, user, places):
        """`places` are what their homes are and were called, and where they are and were."""
        self.exact, self.names, self.masks, self.places = [], [], [], []
        self.mobiles, self.starred = [], []
        self.numbers = {}
        if user.is_erased:  # forgotten once already: nothing is known of them any more
            return
        called = {user.name or "", *former_names(user)}
        self.exact.append(user.mobile)
        # Never because somebody chose it: a name or a title may be another's starred mobile.
        self.mobiles = list({user.masked_mobile, *former_mobiles(user)})
        if user.is_verified:
            self.exact += ways_to_number(user.real_name.id_card)
            called.add(user.real_name.name)
            self.masks.append(user.real_name.masked_id_card)
        called, places = self.as_kept(called), self.as_kept(places)
        self.names = [name for name in called if len(name) >= SHORTEST and names_them(name)]
        self.places = [place for place in places if len(place) > SHORTEST and names_them(place)]

    def as_kept(self, texts):
        """These, as operators' records keep them: a mobile in a title is starred there. And as
        they are once the person's numbers have gone."""
        kept = {*texts, *map(masked, texts)}
        return kept.union(map(self.without_exact, kept))

    def alone(self, *, by_operators):
        """The same for a row that may be about anybody: numbers; in what operators wrote also
        names and places that few people share.

        And there the starred mobiles. Others may have the same seven digits, so what stands
        instead does not say who it was.
        """
        if not by_operators:
            return self.only("exact")
        return self.but(
            masks=[],
            mobiles=[],
            starred=self.mobiles,
            names=rare(self.names, RARE),
            places=rare(self.places, RARE_PLACE),
        )

    def only(self, *kinds):
        """The words of these kinds alone."""
        return self.but(**{kind: [] for kind in KINDS if kind not in kinds})

    def but(self, **words):
        """A copy with other words."""
        changed = copy(self)
        changed.__dict__.pop("patterns", None)
        changed.__dict__.update(words)
        return changed

    def among(self, some):
        """A copy with those names and places alone that are among `some`."""
        return self.but(
            names=[word for word in self.names if word in some],
            places=[word for word in self.places if word in some],
        )

    def without(self, some):
        """A copy without those names and places."""
        return self.among({*self.names, *self.places}.difference(some))

    def one_by_one(self):
        """{name, title or address: a copy that knows of it alone}"""
        nothing = self.only()
        called = {name: nothing.but(names=[name]) for name in self.names}
        return called | {place: nothing.but(places=[place]) for place in self.places}

    def every(self):
        return {word for kind in KINDS for word in getattr(self, kind)}

    def are_in(self, text):
        return self.replaced(text) != text

    def replaced(self, text):
        """`text` without anything that names the person."""
        text = self.without_exact(text)
        for pattern, instead in self.patterns:
            text = pattern.sub(instead, text)
        for number in self.mobiles:
            text = self.known(number, any_digit=True).replaced(text, gone_user())
        for number in self.starred:
            text = self.known(number).replaced(text, STARS)
        return text

    def without_exact(self, text):
        for number in self.exact:
            text = self.known(number).replaced(text, gone_user())
        return text

    def known(self, number, *, any_digit=False):
        """Kept for as long as these words are; copies share what is kept.

        Of a mobile they had before, the stars are all that is known: there any digit is taken, but
        not in rows about others, who may have the same seven digits.
        """
        key = number, any_digit
        if key not in self.numbers:
            self.numbers[key] = KnownNumber(number, any_digit=any_digit)
        return self.numbers[key]

    @cached_property
    def patterns(self):
        """[(regular expression, what stands instead)] of names, titles and addresses."""
        called = [*map(whole, self.names), *map(re.escape, self.masks)]
        patterns = [(list(map(whole, self.places)), gone_home()), (called, gone_user())]
        return [(any_of(some), instead) for some, instead in patterns if some]


def ways_to_number(id_card):
    """An ID number, and as it was before 1999: two digits of the year and no check character."""
    yield id_card
    if id_card[6:8] == "19":
        yield id_card[:6] + id_card[8:17]


def any_of(patterns):
    """One of them, the longest first; people write a name as li, Li or LI."""
    return re.compile("|".join(sorted(patterns, key=len, reverse=True)), re.IGNORECASE)


def whole(name):
    """A name; a Latin one not within a longer word. Chinese has nothing between its words.

    One of digits is not looked for within a starred number: 5678 is no part of 138****5678.
    """
    name = name.translate(HALF_WIDTH)
    before, after = joins(name[0]), joins(name[-1])
    before = f"(?<!{before})" if before else ""
    after = f"(?!{after})" if after else ""
    return before + "".join(any_width(name)) + after


def any_width(name):
    """Pattern by pattern: full-width letters are the same ones, and blanks may be anywhere but
    between two Latin letters."""
    for place, char in enumerate(name):
        is_in_word = place and joins(char) and joins(name[place - 1])
        yield "" if is_in_word or not place else BLANKS
        if not char.isspace():
            wide = chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else ""
            yield f"[{re.escape(char)}{wide}]" if wide else re.escape(char)


def joins(char):
    """What makes a longer word of one that begins or ends with `char`."""
    if char in "0123456789*":
        return f"[{LATIN}*＊]"
    return f"[{LATIN}]" if re.match("[A-Za-z]", char) else ""


def is_whole(text):
    """Whether a text, after words in it were replaced, was nothing but one of them."""
    return text in {gone_user(), gone_home(), STARS}


def names_them(word):
    """Not a starred number, and no part of what we write instead of words."""
    instead = (gone_text(), gone_home(), gone_user())
    return not STARRED_PART.fullmatch(word) and not any(word in text for text in instead)


def rare(words, shortest):
    """Those long enough that few people share them, and no number: it may be anybody's."""
    return [word for word in words if len(word) >= shortest and names_them(masked(word))]


def chunks(values):
    values = list(values)
    return (values[first : first + CHUNK] for first in range(0, len(values), CHUNK))


# What operators' records still know.


def lines_about(model, **which):
    return OperationLog.objects.filter(subject_type=model._meta.label_lower, **which)


def deleted_homes(user):
    """The ids of the homes of theirs that operators deleted, as long as the log knows them."""
    return homes_in(lines_about(House, owner=user)) - given_away(user)


def given_away(user):
    """The ids of homes that were theirs until operators gave them to others."""
    homes = homes_in(lines_about(House, owner=user))
    there, others = set(), set()
    for some in chunks(homes):
        there.update(House.objects.filter(pk__in=some).values_list("pk", flat=True))
        lines = lines_about(House, subject_id__in=list(map(str, some))).exclude(owner=None)
        others |= homes_in(lines.exclude(owner=user))
    return there | others


def homes_in(lines):
    return {int(pk) for pk in lines.values_list("subject_id", flat=True)}


def former_places(user, houses):
    """Titles and addresses that homes of theirs had; `houses` are those of today, and deleted."""
    yield from changed_by_forms(user, FormerWord.Kind.PLACE)
    labels = labels_of(House, "title", "address")
    for some in chunks(map(str, houses)):
        for line in lines_about(House, subject_id__in=some):
            yield line.subject_text
            yield from values_in(line, labels)


def former_mobiles(user):
    """Starred mobiles they had before operators changed them: a form's lines have labels."""
    for line in lines_about(User, subject_id=str(user.pk)):
        yield from filter(STARRED.fullmatch, [line.before, line.after])


def changed_by_forms(user, kind):
    """What they, or their homes, were called before somebody saved a form, however long ago."""
    return user.former_words.filter(kind=kind).values_list("text", flat=True)


def former_names(user):
    """Names they had; where they had none, their starred mobile stands there."""
    yield from changed_by_forms(user, FormerWord.Kind.NAME)
    labels = labels_of(User, "name")
    for line in lines_about(User, subject_id=str(user.pk)):
        yield line.subject_text
        yield from values_in(line, labels)
    kind = ContentType.objects.get_for_model(User)
    entries = LogEntry.objects.filter(content_type=kind, object_id=str(user.pk))
    yield from entries.values_list("object_repr", flat=True)


def labels_of(model, *columns):
    return {str(model._meta.get_field(name).verbose_name) for name in columns}


def values_in(line, labels):
    """What stands behind these labels in a line of a form: 标题：旧, 标题：新."""
    for text in f"{line.before}\n{line.after}".splitlines():
        label, _colon, value = text.partition("：")
        if label in labels:
            yield value
