"""One number that is known, a mobile or an ID number, found in free text however it is written.

`ihome_site.masking` says which characters stand for a digit. It has to guess what is a number and
is therefore careful with what stands between the digits; here the digits are known, so nearly
anything may: any marks, and between the groups of a number also letters.
"""

import re
import sys
import unicodedata
from functools import cache

from ihome_site.masking import CHINESE, COUNTRY, SPOKEN, signs_and_places, signs_of

DIGITS = f"0-9{CHINESE}"
BETWEEN_GROUPS = f"[^{DIGITS}]{{0,4}}"  # signs: a mark and blanks, or 年, or 然后
BETWEEN = f"[^{DIGITS}w]{{0,3}}"  # no letters: names of files have many digits with some between
BETWEEN_STARS = f"[^{DIGITS}*w]{{0,3}}"
# Length of a number → the places at which people divide it.
GROUPS = {11: {3, 7}, 18: {6, 10, 12, 14}, 15: {6, 8, 10, 12}}
MOBILE_LENGTH = 11
# Numbers that were written without anything between them.
ANOTHER = "1[3-9][0-9]{9}"
SEARCHED = 4  # digits at the end that are looked for before the whole number is


class KnownNumber:
    """`number`: digits in ASCII, of an ID number also a final X, of a starred number stars.

    With `any_digit` a star stands for whatever digit was starred, else for a star alone.
    """

    def __init__(self, number, *, any_digit=False):
        signs = {"X": "[Xx]", "*": f"[*{DIGITS}]" if any_digit else r"\*"}
        signs |= {str(n): f"[{n}{CHINESE[n]}]" for n in range(10)}
        digits = "".join(
            (between(number, place) if place else "") + signs[char]
            for place, char in enumerate(number)
        )
        country = f"(?:\\+?{COUNTRY})?" if len(number) == MOBILE_LENGTH else ""
        begin = f"(?:(?<![0-9])|(?<={ANOTHER}))"
        end = "" if number.endswith("X") else f"(?:(?![0-9])|(?={ANOTHER}(?![0-9])))"
        self.pattern = re.compile(begin + country + digits + end)
        self.maybe = maybe(number, any_digit)

    def replaced(self, text, instead):
        """`text` with `instead` in every place of the number."""
        if not self.maybe.search(text):
            return text
        signs, places = signs_and_places(text)
        parts, end = [], 0
        for found in self.pattern.finditer(signs):
            parts += [text[end : places[found.start()]], instead]
            end = places[found.end() - 1] + 1
        return "".join(parts) + text[end:]


def between(number, place):
    """The pattern of what may stand before the digit at this place."""
    if "*" in number:
        return BETWEEN_STARS
    return BETWEEN_GROUPS if place in GROUPS.get(len(number), ()) else BETWEEN


def maybe(number, any_digit):
    """A pattern of characters that is quickly searched for: it is in every text with the number."""
    ways, several = ways_to_write()
    digits = "".join(ways[str(n)] for n in range(10))
    chars = ways | {"*": ways["*"] + digits} if any_digit else ways
    gap = f"[^{digits}{ways['*'] if '*' in number else ''}]*"
    last = number.removesuffix("X")[-SEARCHED:]
    return re.compile(f"[{several}]|" + gap.join(f"[{chars[char]}]" for char in last))


@cache
def ways_to_write():
    """({digit or star: the characters that stand for it}, those that stand for several digits)."""
    ways, several = {sign: [] for sign in "0123456789*"}, []
    for char in filter(may_be_digit, map(chr, range(sys.maxunicode + 1))):
        signs = [str(CHINESE.find(sign)) if sign in CHINESE else sign for sign in signs_of(char)]
        digits = [sign for sign in signs if sign in ways]
        for sign in digits:
            ways[sign].append(char)
        if len(digits) > 1:
            several.append(char)
    return {sign: "".join(chars) for sign, chars in ways.items()}, "".join(several)


def may_be_digit(char):
    """Whether it has a numeric value, or is made of characters that may have."""
    return (
        char in SPOKEN
        or unicodedata.numeric(char, None) is not None
        or bool(unicodedata.decomposition(char))
        or char == "*"
    )
