"""The words that name a person, and what stands instead of them."""

import re
from copy import copy

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext as _

from accounts.models import User
from houses.models import House
from ihome_site.masking import masked
from ihome_site.models import OperationLog

SHORTEST = 2  # characters of a name that is looked for: one alone is in every other word
RARE = 3  # … of one that is looked for in rows about somebody else: there are many 张伟
RARE_PLACE = 6  # … of a title or an address that is: there are many 温馨小屋
STARS = "***"  # instead of a starred mobile that may be another's as well
CHUNK = 500  # values in one IN
BETWEEN = "[-\\s.·()（）]{0,2}"  # what people write between the digits of a mobile
FULL_WIDTH = {digit: f"[{digit}{chr(ord(digit) + 0xFEE0)}]" for digit in "0123456789"}
STARRED = re.compile("[0-9]{3}\\*{4}[0-9]{4}")
ANY_DIGIT = "[*0-9０-９]"  # what a star stands for
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
        if user.is_erased:  # forgotten once already: nothing is known of them any more
            return
        called = as_kept({user.name or "", *former_names(user)})
        self.exact.append(user.mobile)
        # Never because somebody chose it: a name or a title may be another's starred mobile.
        self.mobiles = list({user.masked_mobile, *former_mobiles(user)})
        if user.is_verified:
            self.exact.append(user.real_name.id_card)
            called.add(user.real_name.name)
            self.masks.append(user.real_name.masked_id_card)
        self.names = [name for name in called if len(name) >= SHORTEST and names_them(name)]
        self.places = [
            place for place in as_kept(places) if len(place) > SHORTEST and names_them(place)
        ]

    def alone(self, *, by_operators):
        """The same for a row that may be about anybody: numbers; in what operators wrote also
        names and places that few people share.

        And there the starred mobiles. Others may have the same seven digits, so what stands
        instead does not say who it was.
        """
        words = copy(self)
        words.starred = self.mobiles if by_operators else []
        words.masks, words.mobiles = [], []
        words.names = rare(self.names, RARE) if by_operators else []
        words.places = rare(self.places, RARE_PLACE) if by_operators else []
        return words

    def only(self, *kinds):
        """The words of these kinds alone."""
        words = copy(self)
        for kind in KINDS:
            if kind not in kinds:
                setattr(words, kind, [])
        return words

    def searched(self):
        """Regular expressions, as databases read them: whatever replaced() changes matches one.

        Of words for rows that may be about anybody; see alone().
        """
        yield from map(spelled, self.exact)
        yield from map(re.escape, self.names + self.places + self.starred)

    def are_in(self, text):
        return self.replaced(text) != text

    def replaced(self, text):
        """`text` without anything that names the person."""
        for pattern, instead in self.patterns():
            text = pattern.sub(instead, text)
        return text

    def patterns(self):
        if self.exact:
            yield any_of(map(spelled, self.exact)), gone_user()
        if self.places:
            yield any_of(map(whole, self.places)), gone_home()
        called = [*map(whole, self.names), *map(re.escape, self.masks)]
        called += map(spelled, self.mobiles)
        if called:
            yield any_of(called), gone_user()
        if self.starred:
            yield any_of(map(re.escape, self.starred)), STARS


def any_of(patterns):
    """One of them, the longest first; people write a name as li, Li or LI."""
    return re.compile("|".join(sorted(patterns, key=len, reverse=True)), re.IGNORECASE)


def spelled(number):
    """A number as people write it: 139 0000 0002, １３９-… Not as a part of a longer one.

    Of a mobile they had before, the stars are all that is known: any digit is taken there.
    """
    instead = FULL_WIDTH | {"*": ANY_DIGIT}
    digits = BETWEEN.join(instead.get(digit, digit) for digit in number)
    return f"(?<![0-9]){digits}(?![0-9])"


def whole(name):
    """A name; a Latin one not within a longer word. Chinese has nothing between its words.

    One of digits is not looked for within a starred number: 5678 is no part of 138****5678.
    """
    before, after = joins(name[0]), joins(name[-1])
    before = f"(?<!{before})" if before else ""
    after = f"(?!{after})" if after else ""
    return f"{before}{re.escape(name)}{after}"


def joins(char):
    """What makes a longer word of one that begins or ends with `char`."""
    if char in "0123456789*":
        return "[A-Za-z0-9*]"
    return "[A-Za-z0-9]" if re.match("[A-Za-z]", char) else ""


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


def as_kept(texts):
    """These texts, and as operators' records keep them: a mobile in a title is starred there."""
    return {*texts, *map(masked, texts)}


def chunks(values):
    values = list(values)
    return (values[first : first + CHUNK] for first in range(0, len(values), CHUNK))


# What operators' records still know.


def lines_about(model, **which):
    return OperationLog.objects.filter(subject_type=model._meta.label_lower, **which)


def deleted_homes(user):
    """The ids of the homes of theirs that operators deleted, as long as the log knows them."""
    lines = lines_about(House, owner=user)
    return {int(pk) for pk in lines.values_list("subject_id", flat=True)}


def former_places(houses):
    """Titles and addresses these homes had, where operators changed them."""
    labels = labels_of(House, "title", "address")
    for some in chunks(map(str, houses)):
        for line in lines_about(House, subject_id__in=some):
            yield line.subject_text
            yield from values_in(line, labels)


def former_mobiles(user):
    """Starred mobiles they had before operators changed them: a form's lines have labels."""
    for line in lines_about(User, subject_id=str(user.pk)):
        yield from filter(STARRED.fullmatch, [line.before, line.after])


def former_names(user):
    """Names they had; where they had none, their starred mobile stands there."""
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
