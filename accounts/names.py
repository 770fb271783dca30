"""What people may call themselves: two that look alike are one name, and nobody is the site."""

import re
import unicodedata
from pathlib import Path

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# One pattern a line; 上官 is a surname.
OFFICIAL = re.compile(
    "|".join((Path(__file__).parent / "official_names.txt").read_text(encoding="utf-8").split())
)
# Control characters, but NUL, which has a sentence of its own, and a sign that makes an emoji of
# what is one anyhow.
# Putting marks in order takes the square of their number: a longer text is refused as it is.
LONGEST = 500
INVISIBLE = re.compile("[\x01-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]|\ufe0f(?!\u200d)")


class NameField(forms.CharField):
    """A name in one form of its letters, without what nobody sees; its form takes out the rest."""

    def to_python(self, value):
        text = super().to_python(value)
        if (
            not text or len(text) > LONGEST
        ):  # putting marks in order takes the square of their number
            return text
        text = unicodedata.normalize("NFKC", INVISIBLE.sub("", text))
        return " ".join(text.split()) or self.empty_value


def refuse_official(name, user):
    """Raises ValidationError when `name` is one for people who work here, and `user` does not."""
    found = OFFICIAL.search("".join(filter(str.isalnum, name or "")))
    if found and not user.is_staff:
        sentence = _("名字里不能有「%(word)s」，会让人以为您是平台的工作人员")
        raise ValidationError(sentence, code="official", params={"word": found[0]})
