"""What a new password may not be made of: the site's own words and what everybody types."""

import gzip
import re
import unicodedata
from pathlib import Path

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

LEAST_OF_ONES_OWN = 5  # characters; guessers begin with the rest
# A sentence in Chinese may be made of common words, but not of these words alone.
CHINESE = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
SENTENCE, SENTENCE_DIFFERENT, SENTENCE_OF_ONES_OWN = 8, 5, 1  # characters
HERE = Path(__file__).parent
# Names of the site and its trade, cities and provinces, keyboard rows and what many people take.
# Longer ones come first, or "aijia" would leave the "zufang" of "aijiazufang".
WORDS = (HERE / "common_words.txt").read_text(encoding="utf-8").split()
LATIN = str.maketrans("авекмнорстухіјѕαβεικνορτυχ", "abekmhopctyxijsabeikvoptux")
LOOK_ALIKES = {"a": "a4@", "e": "e3", "i": "i1!", "l": "l1", "o": "o0", "s": "s5$", "t": "t7"}
# All ways to write a letter become one sign; i and l share two.
AS_ONE = str.maketrans("4@3!1l05$7", "aaeiiiosst")
# Lines of the keypad and thirds of the alphabet: 147852369, 159357, def456. A single one is in
# many good words ("student").
TRIPLES = (
    "147|258|369|741|852|963|159|951|357|753|123|456|789|321|654|987|"
    "abc|def|ghi|jkl|mno|pqr|stu|vwx|xyz"
)
MONTH_AND_DAY = r"(?:0[1-9]|1[0-2])[-./]?(?:0[1-9]|[12][0-9]|3[01])"
BIRTHDAY = rf"(?:18|19|20)[0-9]{{2}}[-./]?{MONTH_AND_DAY}"
PATTERNS = re.compile(
    rf"[1-9][0-9]{{5}}{BIRTHDAY}[0-9]{{3}}[0-9x]"  # an ID number
    rf"|{BIRTHDAY}|(?<![0-9])[0-9]{{2}}{MONTH_AND_DAY}(?![0-9])"  # 19900101, 900101
    r"|(?:19|20)[0-9]{2}"  # a year
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
# Syllables of Mandarin without tones, ü as v, longer ones first. Without a, e and o, which would
# make "leading" one word.
SYLLABLE = "|".join((HERE / "pinyin_syllables.txt").read_text().split())
REPEATED = re.compile(rf"({SYLLABLE})\1+")
WORD_SYLLABLES = 3  # lanqiu, caonima: a dictionary has them all
DIGITS_AROUND = 4  # 1, 123, 2024 before or after it, or any of the patterns
AROUND = r"[\W\d_]*"
# Around a word of the breach lists: digits and marks, and up to three letters behind digits, as in
# iphone15pro. What is between them begins and ends anywhere in the digits and marks: m1chell3.
ENDS = re.compile(rf"({AROUND})(.*?)({AROUND})", re.DOTALL)
SHORT_END = re.compile(rf"(?<=[a-z])({AROUND}[0-9]{AROUND})[a-z]{{1,3}}({AROUND})\Z")
# Guessers try the first half of the list with every tail they know, the second with a few.
OFTEN, OWN_OF_RARE = 10_000, 2
NEAR = 12
LONGEST = 256  # of the plain text: one sign may stand for many, and no list has such passwords
# The same thing twice and more; bounded, for each length is tried at each place.
AGAIN = re.compile(r"(.{3,32}?)(?:[\W_]{0,3}\1)+", re.DOTALL)


def pinyin_word(syllables):
    return re.compile(rf"{AROUND}(?:{SYLLABLE}){{1,{syllables}}}{AROUND}")


# With marks in it a word is shorter: "lan-qiu" is one, "nangua-tang" is two.
WHOLE_WORD, DIVIDED_WORD = pinyin_word(WORD_SYLLABLES), pinyin_word(WORD_SYLLABLES - 1)


def word_pattern(word):
    """The word as people disguise it: P@ssw0rd."""
    return "".join(f"[{re.escape(LOOK_ALIKES.get(letter, letter))}]" for letter in word)


COMMON = re.compile("|".join(map(word_pattern, WORDS)))


def plain(password, mobile=""):
    """`password` without case, width, accents and the mobile, letters that look Latin as such."""
    text = unicodedata.normalize("NFKD", password).lower().translate(LATIN)
    text = "".join(char for char in text if unicodedata.category(char) != "Mn")
    for part in [mobile, mobile[3:], mobile[-6:], mobile[-4:]] if mobile else []:
        text = text.replace(part, " ")
    return text


def own_part(text):
    """`text` without punctuation, common words and names, patterns and repeated syllables."""
    return min(stripped(text), stripped(joined(text)), key=len)


def stripped(text):
    for pattern in (FULL_NAME, COMMON, PATTERNS):
        text = pattern.sub(" ", text)
    return joined(REPEATED.sub(r"\1", text))


def is_sentence(text):
    characters = CHINESE.findall(text)
    return len(characters) >= SENTENCE and len(set(characters)) >= SENTENCE_DIFFERENT


def is_pinyin_word(text):
    """Whether it is one word in pinyin with a few digits: lanqiu123, hehehehe1, chen-chen-666."""
    return one_word(text, WHOLE_WORD) or one_word(joined(text), DIVIDED_WORD)


def one_word(text, word):
    text = REPEATED.sub(r"\1", PATTERNS.sub("", text))
    return bool(word.fullmatch(text)) and sum(map(str.isdigit, text)) <= DIGITS_AROUND


def joined(text):
    return "".join(filter(str.isalnum, text))


def own_length(text):
    return min(len(own_part(text)), len(own_part(text[::-1])))


def ways_to_read(text):
    """`text`, it without the marks that divide it, and that with what is said twice said once:
    jessica for j.e.s.s.i.c.a and jessica-jessica."""
    return {text, undivided(text), AGAIN.sub(r"\1", undivided(AGAIN.sub(r"\1", text)))}


def undivided(text):
    before, letters, after = ENDS.fullmatch(text).groups()
    return before + joined(letters) + after


def words_with_tails(text):
    """(word, what is around it) for all that may be a word with digits and marks around it.

    Of these, at most NEAR on each side may be the word's, so that a long row of them costs no more.
    """
    found = SHORT_END.search(text)
    for whole in [text, text[: found.start()] + found[1] + found[2]] if found else [text]:
        before, letters, after = ENDS.fullmatch(whole).groups()
        first_end = len(whole) - len(after) if letters else 0
        last_start = len(before) if letters else min(NEAR, len(before))
        last_end = min(first_end + NEAR, len(whole)) if letters else len(whole)
        for start in range(max(0, last_start - NEAR), last_start + 1):
            for end in range(max(start, first_end, last_end - NEAR), last_end + 1):
                yield whole[start:end], f"{whole[:start]} {whole[end:]}"


class BreachedValidator(CommonPasswordValidator):
    """Django's list of passwords from breaches, and its words with a tail: jessica1!, m1chelle99.

    A tail may make them a password by what it has of one's own.
    """

    def __init__(self):
        with gzip.open(self.DEFAULT_PASSWORD_LIST_PATH, "rt", encoding="utf-8") as lines:
            self.passwords = {line.strip(): rank for rank, line in enumerate(lines)}
        self.ranks = {}  # the most frequent first
        for word, rank in self.passwords.items():
            self.ranks.setdefault(word.translate(AS_ONE), rank)
        self.longest = max(map(len, self.ranks))

    def validate(self, password, user=None):
        super().validate(password, user)
        text = plain(password, getattr(user, "mobile", ""))
        if len(text) <= LONGEST and any(map(self.is_weak, ways_to_read(text))):
            raise ValidationError(self.get_error_message(), code="password_too_common")

    def is_weak(self, text):
        return any(self.is_common(*parts) for parts in words_with_tails(text))

    def is_common(self, word, around):
        if len(word) > self.longest:
            return False
        rank = self.ranks.get(word.translate(AS_ONE))
        if rank is None:
            return False
        return own_length(around) < (LEAST_OF_ONES_OWN if rank < OFTEN else OWN_OF_RARE)


class OwnWordsValidator:
    """A password must have something of its own besides the words and patterns above."""

    def validate(self, password, user=None):
        text = plain(password, getattr(user, "mobile", ""))
        least = SENTENCE_OF_ONES_OWN if is_sentence(text) else LEAST_OF_ONES_OWN
        if own_length(text) < least or is_pinyin_word(text):
            raise ValidationError(self.get_help_text(), code="password_too_common")

    def get_help_text(self):
        return _("别只用网站名、常见词、手机号或年份，加几个只有自己知道的字")
