"""Business numbers that operators change without a deploy.

A parameter is declared beside its use, with the constant that is its default:

    PAGE = 24  # divides into rows of 2, 3 and 4
    page_size = WholeNumber("page_size", _("搜索每页几套"), PAGE, low=6, high=60)

and read as `page_size()`. What operators chose lies in SiteParameter; it is remembered until
one is saved, and a value that breaks the bounds (they may have become narrower) is not used.
"""

import re

from django.apps import apps
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ihome_site.caching import remember

LIFE = 24 * 3600  # seconds; whoever saves one says so
DIGITS = re.compile("[0-9]{1,9}")

registry = {}


class Parameter:
    """A named value with a default. `clean` turns text into it or raises ValidationError."""

    def __init__(self, name, label, default):
        self.name, self.label, self.default = name, label, default
        registry[name] = self

    def __call__(self):
        return self.meant_by(chosen().get(self.name))

    def meant_by(self, text):
        """The value of a stored text; None is none."""
        if text is None:
            return self.default
        try:
            return self.clean(text)
        except ValidationError:
            return self.default


class WholeNumber(Parameter):
    def __init__(self, name, label, default, low, high):
        super().__init__(name, label, default)
        self.low, self.high = low, high

    @property
    def rule(self):
        return _("%(low)s 到 %(high)s 的整数") % {"low": self.low, "high": self.high}

    def clean(self, text):
        text = text.strip()
        if not DIGITS.fullmatch(text) or not self.low <= int(text) <= self.high:
            raise ValidationError(_("请填写 %(rule)s") % {"rule": self.rule})
        return int(text)


class Text(Parameter):
    """A short text that matches `pattern` in full; `rule` says so to people."""

    def __init__(self, name, label, default, pattern, rule):
        super().__init__(name, label, default)
        self.pattern, self.rule = re.compile(pattern), rule

    def clean(self, text):
        text = text.strip()
        if not self.pattern.fullmatch(text):
            raise ValidationError(_("请填写 %(rule)s") % {"rule": self.rule})
        return text


def accepts(name, text):
    """Whether operators could choose `text`; any text for a name that no parameter has."""
    try:
        return name not in registry or registry[name].clean(text) is not None
    except ValidationError:
        return False


def chosen():
    """{name: text} of what operators chose. One look in the cache, or one query."""
    return remember("parameters", ["site"], LIFE, read_all)


def read_all():
    rows = apps.get_model("ihome_site", "SiteParameter").objects
    return dict(rows.values_list("name", "value"))
