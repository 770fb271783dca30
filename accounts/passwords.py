"""What a new password may not be made of: the site's own words and what everybody types."""

import re
import unicodedata
from pathlib import Path

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

LEAST_OF_ONES_OWN = 5  # characters; guessers begin with the rest
# Names of the site and its trade, cities and provinces, keyboard rows and what many people take.
# Longer ones come first, or "aijia" would leave the "zufang" of "aijiazufang".
WORDS = (Path(__file__).parent / "common_words.txt").read_text(encoding="utf-8").split()
LOOK_ALIKES = {"a": "a4@", "e": "e3", "i": "i1!", "l": "l1", "o": "o0", "s": "s5$", "t": "t7"}
# Lines of the keypad and thirds of the alphabet: 147852369, 159357, def456. A single one is in
# many good words ("student").
TRIPLES = (
    "147|258|369|741|852|963|159|951|357|753|123|456|789|321|654|987|"
    "abc|def|ghi|jkl|mno|pqr|stu|vwx|xyz"
)
PATTERNS = re.compile(
    r"(?:19|20)[0-9]{2}"  # a year
    r"|5211314|7758521|7758258|1314|52[01]"  # "I love you", "for life", "kiss me"
    r"|([0-9a-z])\1{2,}"  # the same character three times and more
    r"|(?:([0-9])\2){3,}|(?:([0-9a-z])\3){4,}"  # pairs: 112233, aabbccdd
    rf"|(?:{TRIPLES}){{2,}}"
    r"|123(?:4(?:5(?:6(?:7(?:8(?:90?)?)?)?)?)?)?|87654321|147896325"
)
# Surnames and given names that millions have. Only as all the letters in a row: parts of other
# words read the same.
SURNAMES = (
    "li|wang|zhang|liu|chen|yang|zhao|huang|zhou|wu|xu|sun|hu|zhu|gao|lin|he|guo|ma|luo|liang|song|"
    "zheng|xie|han|tang|feng|yu|dong|cao|deng"
)
GIVEN_NAMES = (
    "wei|fang|na|min|jing|li|qiang|lei|jun|yang|yong|yan|jie|juan|tao|ming|chao|xiu|ying|xia|ping|"
    "gang|hong|hui|peng|bo|bin|lin|ting|hao|jian|hua|mei|xiao|yu|long|xin|bing|dan|feng|kai"
)
FULL_NAME = re.compile(f"(?<![a-z])(?:{SURNAMES})(?:{GIVEN_NAMES}){{1,2}}(?![a-z])")


def word_pattern(word):
    """The word as people disguise it: P@ssw0rd."""
    return "".join(f"[{re.escape(LOOK_ALIKES.get(letter, letter))}]" for letter in word)


COMMON = re.compile("|".join(map(word_pattern, WORDS)))


def own_part(password, mobile=""):
    """`password` without case, punctuation, common words and names, patterns and the mobile."""
    text = unicodedata.normalize("NFKC", password).lower()
    for part in [mobile, mobile[3:], mobile[-6:], mobile[-4:]] if mobile else []:
        text = text.replace(part, " ")
    return min(stripped(text), stripped("".join(filter(str.isalnum, text))), key=len)


def stripped(text):
    for pattern in (FULL_NAME, COMMON, PATTERNS):
        text = pattern.sub(" ", text)
    return "".join(filter(str.isalnum, text))


class OwnWordsValidator:
    """A password must have something of its own besides the words and patterns above."""

    def validate(self, password, user=None):
        if len(own_part(password, getattr(user, "mobile", ""))) < LEAST_OF_ONES_OWN:
            raise ValidationError(self.get_help_text(), code="password_too_common")

    def get_help_text(self):
        return _("别只用网站名、常见词、手机号或年份，加几个只有自己知道的字")
