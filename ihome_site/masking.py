"""Mobiles and ID numbers in free text, starred however they are written.

What operators type goes through `masked` before it is kept, and every log line before it is
written: both are read by more people than the rows they tell of.
"""

import re
import unicodedata

CHINESE = dict(zip("〇零一二三四五六七八九幺", "001234567891", strict=True))
DIGIT = f"[\\d{''.join(CHINESE)}]"  # \d: full-width and all other scripts' digits as well
# What people and programs put between digits: blanks (no line breaks), dashes, brackets, and
# characters nobody sees. Full stops and the like only in groups of 3-4-4: addresses have groups
# of three.
BETWEEN = "[ \t\u00a0\u2000-\u200f\u202a-\u202f\u2060-\u2069\u3000\ufeff\u00ad_()（）‐‑‒–—―－-]"
GAP = f"(?:{BETWEEN}{{0,3}})"


def digits(count):
    return GAP.join([DIGIT] * count)


ONE, THREE_TO_NINE = "[1１一幺]", "[3-9３-９三四五六七八九]"
COUNTRY = f"(?:(?:00)?86|８６|0|０){GAP}"  # a 0 is how long-distance calls used to begin
PLAIN = f"({ONE}{GAP}{THREE_TO_NINE}{GAP}{DIGIT}){GAP}{digits(4)}{GAP}({digits(4)})"
DOT = " ?[./·、~*] ?"
DOTTED = f"(1[3-9][0-9]){DOT}[0-9]{{4}}{DOT}([0-9]{{4}})"
MOBILE = re.compile(f"(?<!\\d)({COUNTRY})?(?:{PLAIN}|{DOTTED})(?!\\d)")
ID_CARD = re.compile(f"(?<!\\d)({digits(17)}{GAP}[\\dXxＸｘ{''.join(CHINESE)}])(?!\\d)")
CENTURIES = {"18", "19", "20"}  # at the place of the year of birth


def masked(text):
    """`text` with the middle of every mobile and ID number in it starred."""
    return MOBILE.sub(starred_mobile, without_id_numbers(text))


def without_id_numbers(text):
    """`text` with ID numbers starred and mobiles as they are."""
    return ID_CARD.sub(starred_id_card, text)


def mobile_of(text):
    """The plain digits of a text that is one whole mobile; "" for any other."""
    found = MOBILE.fullmatch(text.strip().removeprefix("+"))
    return plain(found[0])[-11:] if found else ""


def plain(text):
    """The digits of a number, and a final X, in ASCII; what stood between them is gone."""
    return "".join(map(plain_character, text))


def plain_character(char):
    if char in CHINESE:
        return CHINESE[char]
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    return char if char in "Xx" else {"Ｘ": "X", "ｘ": "x"}.get(char, "")


def starred_mobile(found):
    country, head, tail, dotted_head, dotted_tail = found.groups(default="")
    return f"{plain(country)}{plain(head + dotted_head)}****{plain(tail + dotted_tail)}"


def starred_id_card(found):
    number = plain(found[1])
    as_kept = found[1] == number and number[0] in "12345678"
    if not as_kept and number[6:8] not in CENTURIES:
        return found[0]  # prices in a row
    return f"{number[0]}{'*' * 16}{number[-1]}"
