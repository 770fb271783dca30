"""What people may call themselves: two that look alike are one name, and nobody is the site."""

import re
import unicodedata
from pathlib import Path
from string import ascii_letters, ascii_lowercase

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

HERE = Path(__file__).parent
# One pattern a line, of what `readings` makes of a name. 上官 is a surname, Kefu a given name.
OFFICIAL = re.compile("|".join((HERE / "official_names.txt").read_text(encoding="utf-8").split()))
# Putting marks in order takes the square of their number: a longer text is refused as it is.
LONGEST = 500
# Control characters, but NUL, which has a sentence of its own; a sign that makes an emoji of what
# is one anyhow; what chooses among the forms of a Mongolian letter, seen or not. What divides the
# last vowel from its word is seen.
INVISIBLE = re.compile(
    "[\x01-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufe0f\u180b-\u180d\u180f]|\u180e(?![\u1820\u1821])"
)
# Elsewhere the joiner of emoji joins nothing: one pattern a line, with + for it.
JOINED = re.sub(r"\s+", "|", (HERE / "joined_emoji.txt").read_text(encoding="utf-8").strip())
JOINED_OR_JOINER = re.compile("({})|\u200d".format(JOINED.replace("+", "\u200d")))
# These are emoji before a joiner with the sign alone.
SIGNED = re.compile("(?<=[\u2640\u2642\u26d3\u26f9\u2764\U0001f3cb\U0001f3cc\U0001f3f3\U0001f441"
                    "\U0001f575])(?=\u200d)")  # fmt: skip
# A character in a circle or a square is no letter, though NFKC makes one of it.
FRAMED = re.compile("([\u3220-\u3247\u3280-\u32b0\U0001f200-\U0001f265]+)")

# Letters of the three alphabets that are drawn alike, one under the other; . stands for none.
LATIN = "ABCEHIIJKMNOPQSTWXYZacdehijlopqsvwxy"
CYRILLIC = "АВСЕНӀІЈКМ.ОРԚЅТԜХУ.асԁеһіјӏорԛѕѵԝху"
GREEK = "ΑΒ.ΕΗ.ΙͿΚΜΝΟΡ..Τ.ΧΥΖ......ϳ.ο...ν..."
ALPHABETS = {CYRILLIC: re.compile("[\u0400-\u052f]"), GREEK: re.compile("[\u0370-\u03ff]")}
WORD = re.compile("[A-Za-z\u0370-\u03ff\u0400-\u052f]+")


def pairs(letters, others):
    return {ord(a): b for a, b in zip(letters, others, strict=True) if "." not in (a, b)}


AS_LATIN = pairs(GREEK, LATIN) | pairs(CYRILLIC, LATIN)
# Letters that are read as others where nobody looks closely, small capitals and white on black.
READ_AS_LATIN = AS_LATIN | pairs("вкмнптғαβεηικρτυχᴀᴅᴍɪɴᴋᴇꜰᴜɑıƒ", "bkmhntfabenikptuxadminkefuaif")
READ_AS_LATIN |= {
    start + n: a for start in (0x1F150, 0x1F170) for n, a in enumerate(ascii_lowercase)
}
# Letters that people put between others as an ornament: dots and strokes.
ORNAMENTS = {0x119E, 0x4E28, 0x4E36, 0x4E3F, 0x706C}


class NameField(forms.CharField):
    """A name in one form of its letters, without what nobody sees; its form takes out the rest."""

    def to_python(self, value):
        text = super().to_python(value)
        if not text or len(text) > LONGEST:
            return text
        text = JOINED_OR_JOINER.sub(lambda found: found[1] or "", INVISIBLE.sub("", text))
        parts = FRAMED.split(SIGNED.sub("\ufe0f", text))
        parts[::2] = [unicodedata.normalize("NFKC", part) for part in parts[::2]]
        text = WORD.sub(lambda found: in_one_alphabet(found[0]), "".join(parts))
        return " ".join(text.split()) or self.empty_value


def in_one_alphabet(word):
    """`word` in Latin letters as far as it looks like that; in Cyrillic or Greek ones when it has
    a letter of that alphabet alone."""
    latin = word.translate(AS_LATIN)
    others = [letters for letters, own in ALPHABETS.items() if own.search(latin)]
    if len(others) != 1 or set(latin) & set(ascii_letters) - set(LATIN):
        return latin
    return latin.translate(pairs(LATIN, others[0]))


def readings(name):
    """How `name` may be read, in small Latin letters: with what symbols stand for and without
    them, its words apart and as one."""
    without_symbols = "".join(c for c in name if unicodedata.category(c) != "So")
    for text in (name, without_symbols):
        text = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in text if unicodedata.category(c) != "Mn")
        text = text.translate(READ_AS_LATIN).casefold()
        words = "".join(c if is_read(c) else " " for c in text).split()
        yield from (" ".join(words), "".join(words))


def is_read(char):
    return char.isalnum() and unicodedata.category(char) != "Lm" and ord(char) not in ORNAMENTS


def refuse_official(name, user):
    """Raises ValidationError when `name` is one for people who work here, and `user` does not."""
    found = next(filter(None, map(OFFICIAL.search, readings(name or ""))), None)
    if found and not user.is_staff:
        sentence = _("名字里不能有「%(word)s」，会让人以为您是平台的工作人员")
        raise ValidationError(sentence, code="official", params={"word": found[0]})
