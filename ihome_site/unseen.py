"""Characters nobody sees, taken out of what people type and others read.

They hide a text, turn it round (U+202E shows gpj.exe as exe.jpg), or make two texts that look the
same. `ihome_site.forms.ShownTexts` lets every text of a form through `without_unseen`.
"""

import re
import unicodedata

from ihome_site.masking import UNSEEN_CATEGORIES

BLANKS = {"Zs", "Zl", "Zp"}
BRAILLE_BLANK = "\u2800"
# Category Cf, what Unicode calls default ignorable, and letters and signs with nothing in them.
# Line breaks and other control characters (Cc) are left: forms keep those as they were typed.
UNSEEN = (
    "\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffc\U000110bd\U000110cd\U00013430-\U0001343f\U00013441\U00013442\U00016fe4"
    "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
EMOJI = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u27bf\u2900-\u2bff\u3030\u303d"
    "\u3297\u3299\U0001f000-\U0001faff]"
)
# What joins emoji (a family), makes a symbol one (a heart, a keycap), or chooses among the forms
# of a Mongolian letter.
KEPT = (
    f"(?:(?<={EMOJI})|(?<={EMOJI}\ufe0f))\u200d(?={EMOJI})"
    f"|(?<={EMOJI})\ufe0f|(?<=[0-9#*])\ufe0f(?=\u20e3)|(?<=[\u1820-\u18aa])[\u180b-\u180f]"
)
KEPT_OR_UNSEEN = re.compile(f"({KEPT})|[{UNSEEN}]")


def without_unseen(text):
    """`text` without characters nobody sees; "" when there are no others."""
    text = KEPT_OR_UNSEEN.sub(lambda found: found[1] or "", text.replace(BRAILLE_BLANK, " "))
    # A NUL is refused with a sentence of its own.
    return text if "\0" in text or any(map(is_seen, text)) else ""


def is_seen(char):
    return unicodedata.category(char) not in UNSEEN_CATEGORIES | BLANKS
