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
CHUNK = 500  # values in one IN
BETWEEN = "[-\\s.·()（）]{0,2}"  # what people write between the digits of a mobile
FULL_WIDTH = {digit: f"[{digit}{chr(ord(digit) + 0xFEE0)}]" for digit in "0123456789"}
STARRED = re.compile("[0-9]{3}\\*{4}[0-9]{4}")
ANY_DIGIT = "[*0-9０-９]"  # what a star stands for


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
        self.mobiles = list({user.masked_mobile, *filter(STARRED.fullmatch, called)})
        if user.is_verified:
            self.exact.append(user.real_name.id_card)
            called.add(user.real_name.name)
            self.masks.append(user.real_name.masked_id_card)
        self.names = [name for name in called.difference(self.mobiles) if len(name) >= SHORTEST]
        self.places = [place for place in as_kept(places) if len(place) > SHORTEST]

    def alone(self, *, by_operators):
        """The same for a row that may be about anybody: numbers; in what operators wrote also
        names and places that few people share.

        And there the starred mobiles. Others may have the same seven digits, so what stands
        instead does not say who it was.
        """
        words = copy(self)
        words.starred = self.mobiles if by_operators else []
        words.masks, words.mobiles = [], []
        words.names = [name for name in self.names if by_operators and len(name) >= RARE]
        words.places = [place for place in self.places if by_operators and len(place) >= RARE_PLACE]
        return words

    def without_names(self):
        """The same for the address of a page: somebody may be called "help"."""
        words = copy(self)
        words.names = []
        return words

    def __iter__(self):
        yield from self.exact + self.names + self.places + self.starred

    def are_in(self, text):
        return self.replaced(text) != text

    def replaced(self, text, longest=None):
        """`text` without anything that names the person, cut to `longest` characters."""
        for pattern, instead in self.patterns():
            text = pattern.sub(instead, text)
        return text[:longest]

    def patterns(self):
        if self.exact:
            yield any_of(map(spelled, self.exact)), gone_user()
        if self.places:
            yield any_of(map(re.escape, self.places)), gone_home()
        called = [*map(whole, self.names), *map(re.escape, self.masks)]
        called += map(spelled, self.mobiles)
        if called:
            yield any_of(called), gone_user()
        if self.starred:
            yield any_of(map(re.escape, self.starred)), "***"


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
    """A name; a Latin one not within a longer word. Chinese has nothing between its words."""
    before = "(?<![A-Za-z0-9])" if re.match("[A-Za-z0-9]", name) else ""
    after = "(?![A-Za-z0-9])" if re.search("[A-Za-z0-9]\\Z", name) else ""
    return f"{before}{re.escape(name)}{after}"


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


def former_names(user):
    """Names they had, and starred mobiles: of when they had no name, or that operators changed."""
    labels = labels_of(User, "name")
    for line in lines_about(User, subject_id=str(user.pk)):
        yield line.subject_text
        yield from values_in(line, labels)
        yield from filter(STARRED.fullmatch, [line.before, line.after])
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
