"""Mobiles and ID numbers in free text, starred however they are written.

What operators type goes through `masked` before it is kept, and every log line before it is
written: both are read by more people than the rows they tell of.

The numbers are looked for in a copy of the text in which every way to write a digit, a blank or
a mark is one sign (`signs_and_places`); what is starred is the place in the text itself.
"""

import re
import unicodedata
from functools import lru_cache

# A decimal digit of any script becomes 0–9. Digits of other kinds (①, 壹) become the Chinese ones:
# they may stand before a number without being part of it, as in a numbered list.
CHINESE = "〇一二三四五六七八九"
TO_ASCII = str.maketrans(CHINESE, "0123456789")
SPOKEN = {"幺": 1, "两": 2}  # how digits are read out; Unicode gives these two no value
LINE_BREAKS = "\n\v\f\x85\u2028\u2029"
# Between digits: "_" is a run of characters nobody sees, "-" a run of those, blanks, dashes and
# brackets, however long.
GAPS = "_-"
UNSEEN_CATEGORIES = {"Mn", "Me", "Cf", "Cc"}
GAP_CATEGORIES = {"Zs", "Pd", "Ps", "Pe", "Pc"}
# Letters and symbols with nothing in them.
UNSEEN = "\u115f\u1160\u2800\ufffc\U00013441\U00013442\U0001d159"
OTHER_DASHES = "−ー"  # a minus sign, and the long vowel of Japanese
# Marks that people put between the groups of one number, and mix: after NFKC, which turns
# ，．：～｜ into ,.:~|
MARKS = ".,:;/|\\*~·•・‧∙⋅、。∼"
TIMES = "×✕✖╳⨯⨉хХχΧ"  # what stands for an X: multiplication signs, Cyrillic and Greek letters
OTHER = "w"  # a letter or a currency sign: it gives the number before or after it a meaning
# A run of the same mark, such as …, is one sign; not of stars, which numbers starred before have.
REPEATED = re.compile(f"[^0-9{CHINESE}{re.escape(GAPS)}{OTHER}\\n*Xx]")


@lru_cache(maxsize=10_000)
def signs_of(char):
    """The signs of one character; several when it stands for several, such as ⑬."""
    if char in LINE_BREAKS:
        return "\n"
    return "".join(sign(part, char.isdecimal()) for part in unicodedata.normalize("NFKC", char))


def sign(char, is_decimal):
    digit = SPOKEN.get(char, unicodedata.numeric(char, None))
    if digit in range(10):
        return str(int(digit)) if is_decimal else CHINESE[int(digit)]
    if char in "Xx" or char in MARKS:
        return char
    if char in TIMES:
        return "X"
    category = unicodedata.category(char)
    if category in GAP_CATEGORIES or char in OTHER_DASHES or char == "\t":
        return "-"
    if category in UNSEEN_CATEGORIES or char in UNSEEN:
        return "_"
    return char if category[0] in "PS" and category != "Sc" else OTHER


def signs_and_places(text):
    """The signs of `text`, and for each of them the position of its character."""
    signs, places = [], []
    for place, char in enumerate(text):
        for one in signs_of(char):
            if one in GAPS and signs and signs[-1] in GAPS:
                signs[-1] = max(one, signs[-1], key=GAPS.index)
            elif not (signs and signs[-1] == one and REPEATED.match(one)):
                signs.append(one)
                places.append(place)
    return "".join(signs), places


# Patterns of signs. Every repetition in them is bounded, so that a long text takes no longer than
# its length.
DIGIT = f"[0-9{CHINESE}]"
GAP = "[_-]?"
BREAK = f"{GAP}\n{GAP}"
MARK = f"[{re.escape(MARKS)}]"
DOT = f"[{re.escape('.~*·•・‧∙⋅。')}]"  # not between prices, as the others are
ANY_MARK = f"[^0-9{CHINESE}{re.escape(GAPS)}{OTHER}\n]"  # an X too: 138x1234x5678
BETWEEN_GROUPS = f"(?:{GAP}(?:{MARK}|\n){GAP}|-)"


def in_a_row(parts):
    """The digits with blanks, dashes and brackets between any of them."""
    return GAP.join(parts)


def group(parts):
    """The digits of one group: all of them apart, or none."""
    return f"(?:{'_?'.join(parts)}|{'-'.join(parts)})"


def one_by_one(parts, name):
    """The digits with the same mark between all of them: with two kinds it is a list of dates."""
    first, *others = parts
    again = f"{GAP}(?P={name}){GAP}"
    return f"{first}{GAP}(?P<{name}>{ANY_MARK}){GAP}{again.join(others)}(?!{again}{DIGIT})"


def in_other_groups(head, lengths, name):
    """Groups with the same mark between all of them, after `head`; `lengths` are of all ways."""
    again = f"{GAP}(?P={name}){GAP}"
    rests = [again.join(group([DIGIT] * length) for length in way) for way in lengths]
    return f"{head}{GAP}(?P<{name}>{DOT}){GAP}(?:{'|'.join(rests)})"


MOBILE_DIGITS = ["[1一]", "[3-9三四五六七八九]", *[DIGIT] * 9]
HEAD, MIDDLE, TAIL = map(group, (MOBILE_DIGITS[:3], MOBILE_DIGITS[3:7], MOBILE_DIGITS[7:]))
MOBILE_FORMS = [
    in_a_row(MOBILE_DIGITS),
    # Marks only between groups of 3-4-4, and two of them: addresses have groups of three, and
    # "1380000，2000" are two prices.
    HEAD + BETWEEN_GROUPS + MIDDLE + BETWEEN_GROUPS + TAIL,
    # Any mark at all when it is the same in both places: "150+1280=1430" is a sum.
    f"{HEAD}{GAP}(?P<same>{ANY_MARK}){GAP}{MIDDLE}{GAP}(?P=same){GAP}{TAIL}",
    HEAD + BREAK + MIDDLE + GAP + TAIL,
    HEAD + GAP + MIDDLE + BREAK + TAIL,
    one_by_one(MOBILE_DIGITS, "mobile_mark"),
    in_other_groups(
        HEAD,
        [
            (3, 5),
            (5, 3),
            (3, 3, 2),
            (3, 2, 3),
            (2, 3, 3),
            (4, 2, 2),
            (2, 4, 2),
            (2, 2, 4),
            (2, 2, 2, 2),
        ],
        "dot",
    ),
]
# A 0 is how long-distance calls used to begin, and people write 0086, 086, 0186 and 01186; others
# are what one dials before a number to pay less.
CHEAPER = "17951|17911|17909|12593|10193"
COUNTRY = f"(?:(?:0{{1,2}}1{{0,2}}{GAP})?86|0{{1,2}}|{CHEAPER}){GAP}"
MOBILE = re.compile(f"(?<![0-9])(?:{COUNTRY})?(?:{'|'.join(MOBILE_FORMS)})(?![0-9])")

# Marks of a list or a sum, and line breaks, may be between numbers as well as in one. These are
# prices, 158、1280、2000: the long ones end with 0 and begin with another digit, as in one mobile
# of 123. So are 1380000 2000: full thousands, divided where people do not divide mobiles.
LISTING = f"{GAP}[,、;+\n]{GAP}"
PRICES = re.compile(
    f"1[0-9]{{2}}{LISTING}[1-9][0-9]{{2}}0{LISTING}[1-9][0-9]{{2}}0|1[0-9]{{3}}000-[1-9]000"
)

# 138.100.200.10, an address on the internet.
BYTE = "(?:1?[0-9]{1,2}|2[0-4][0-9]|25[0-5])"
ADDRESS = re.compile(rf"{BYTE}(?:\.{BYTE}){{3}}")

# Region, year, month, day, and the rest; those of before 1999 have two digits of the year and no
# check character, and are kept apart from bank cards and order numbers by their groups.
CARD_DIGITS = [DIGIT] * 17 + [f"[0-9Xx{CHINESE}]"]
CARD_GROUPS = [
    in_a_row(CARD_DIGITS[start:end])
    for start, end in [(0, 6), (6, 10), (10, 12), (12, 14), (14, 18)]
]
OLD_CARD_GROUPS = [group([DIGIT] * length) for length in (6, 2, 2, 2, 3)]
# Any marks: the date of birth shows what it is.
BETWEEN_CARD_GROUPS = f"(?:{GAP}(?:{ANY_MARK}|\n){GAP}|[_-])?"
ID_CARD_FORMS = [
    BETWEEN_CARD_GROUPS.join(CARD_GROUPS),
    one_by_one(CARD_DIGITS, "card_mark"),
]
OLD_ID_CARD_FORMS = [
    BETWEEN_CARD_GROUPS.join(OLD_CARD_GROUPS),
    one_by_one([DIGIT] * 15, "old_card_mark"),
]
ID_CARD, OLD_ID_CARD = (
    re.compile(f"(?<![0-9])(?:{'|'.join(forms)})(?:(?<=[Xx])|(?![0-9]))")  # an X ends it
    for forms in (ID_CARD_FORMS, OLD_ID_CARD_FORMS)
)
# Regions begin with 1 to 8, cards of foreigners with 9. A bank card has no date in its middle.
DAY = "(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
ID_NUMBER = re.compile(
    f"[1-9][0-9]{{5}}(?:18|19|20)[0-9]{{2}}{DAY}[0-9]{{3}}[0-9Xx]|[1-8][0-9]{{7}}{DAY}[0-9]{{3}}"
)

# Several numbers without anything between them, from the first digit of a row to its last.
ONE_MOBILE = "1[3-9][0-9]{9}"
ONE_CARD = f"[1-9][0-9]{{5}}(?:18|19|20)[0-9]{{2}}{DAY}[0-9]{{3}}[0-9Xx]"
GLUED = re.compile(f"(?<![0-9])(?:{ONE_MOBILE}){{2,9}}(?![0-9])")
GLUED_WITH_CARD = re.compile(
    f"(?<![0-9])(?:{ONE_MOBILE}){{0,3}}{ONE_CARD}(?:{ONE_CARD}|{ONE_MOBILE}){{0,4}}(?![0-9])"
)


def masked(text):
    """`text` with the middle of every mobile and ID number in it starred."""
    text = replaced(MOBILE, starred_mobile, without_id_numbers(text))
    return replaced(GLUED, starred_glued, text)


def without_id_numbers(text):
    """`text` with ID numbers starred and mobiles as they are."""
    text = replaced(OLD_ID_CARD, starred_id_card, replaced(ID_CARD, starred_id_card, text))
    return replaced(GLUED_WITH_CARD, starred_glued, text)


def has_digit(text):
    """Whether a digit is in the text, however it is written."""
    return bool(re.search(DIGIT, signs_and_places(text)[0]))


def mobile_of(text):
    """The plain digits of a text that is one whole mobile; "" for any other."""
    signs, _places = signs_and_places(text.strip().removeprefix("+"))
    found = MOBILE.fullmatch(signs.strip(GAPS))
    return plain(found[0])[-11:] if found else ""


def replaced(pattern, starred, text):
    """`text` with what `starred` makes of the signs of each number found; "" leaves it."""
    signs, places = signs_and_places(text)
    parts, end, searched = [], 0, 0
    while found := pattern.search(signs, searched):
        shown = starred(found[0])
        # What is left as it is may hold the beginning of a number.
        searched = found.end() if shown else found.start() + 1
        if shown:
            parts += [text[end : places[found.start()]], shown]
            end = places[found.end() - 1] + 1
    return "".join(parts) + text[end:]


def plain(signs):
    """The digits of a number, and a final X, in ASCII; what stood between them is gone."""
    return re.sub(r"[^0-9Xx]|[Xx](?!\Z)", "", signs.translate(TO_ASCII))


def starred_mobile(signs):
    """A country code stays before it. Prices and addresses are left."""
    if PRICES.fullmatch(signs) or ADDRESS.fullmatch(signs):
        return ""
    number = plain(signs)
    return f"{number[:-8]}****{number[-4:]}"


def starred_glued(signs):
    return f"{signs[:3]}{'*' * (len(signs) - 7)}{signs[-4:]}"


def starred_id_card(signs):
    """Prices in a row and bank cards are left."""
    number = plain(signs)
    if not ID_NUMBER.fullmatch(number):
        return ""
    return f"{number[0]}{'*' * (len(number) - 2)}{number[-1]}"
