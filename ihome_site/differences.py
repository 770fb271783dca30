"""What a form of the desk changed, as two texts for the operation log: 标题：旧, and 标题：新."""

from itertools import count

from django import forms
from django.utils.translation import gettext as _

from ihome_site.masking import masked
from ihome_site.models import OperationLog

AROUND = 40  # characters shown on both sides of what differs; more than a name has
OF_ALL = 4  # ... and at most this part of the room
LEFT_OUT = 20  # characters that saying how much was left out takes


def differences(form):
    """(before, after), neither longer than the log keeps.

    Fields share the room: what a short one leaves is for the longer ones, none hides another.
    """
    rows = [field_changes(form, name) for name in form.changed_data]
    places = sorted(range(len(rows)), key=lambda place: longest(rows[place]))
    room = OperationLog.LONGEST
    for place, others in zip(places, count(len(rows), -1), strict=False):
        label, before, after = rows[place]
        share = room // others - len(label) - 1  # and the end of the line
        rows[place] = label, *shortened(before, after, share)
        room -= longest(rows[place]) + 1
    befores = [label + before for label, before, _after in rows]
    afters = [label + after for label, _before, after in rows]
    return "\n".join(befores), "\n".join(afters)


def field_changes(form, name):
    """(label, before, after) of a field; of several rows, those taken away and those added.

    Numbers are starred while they are whole.
    """
    field, values = form.fields[name], [form.initial.get(name), form.cleaned_data.get(name)]
    if isinstance(field, forms.ModelMultipleChoiceField):
        old, new = (set(rows or []) for rows in values)
        values = [old - new, new - old]
    return f"{field.label}：", *(masked(in_words(field, value)) for value in values)


def longest(row):
    label, before, after = row
    return len(label) + max(len(before), len(after))


def shortened(before, after, room):
    """Both texts; when one has no room, without what they begin and end with alike."""
    if max(len(before), len(after)) <= room:
        return before, after
    start = alike(before, after)
    end = alike(before[start:][::-1], after[start:][::-1])
    around = min(AROUND, room // OF_ALL)
    start, end = max(start - around, 0), max(end - around, 0)
    return part(before, start, end, room), part(after, start, end, room)


def alike(one, other):
    """How many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


def part(text, start, end, room):
    """`text` without its first `start` and last `end` characters, and how many more it lacks."""
    shown = text[start : len(text) - end]
    first, last = "…" if start else "", "…" if end else ""
    if len(shown) + len(first) + len(last) > room:
        kept = room - LEFT_OUT
        last = _("…（还有 %(n)s 字）") % {"n": len(shown) - kept}
        shown = shown[:kept]
    return first + shown + last


def in_words(field, value):
    """A field's value, initial or cleaned, as people read it."""
    if isinstance(field, forms.ModelMultipleChoiceField):
        return "、".join(sorted(str(item) for item in value or []))
    if isinstance(field, forms.ModelChoiceField) and value and not hasattr(value, "pk"):
        return str(field.queryset.filter(pk=value).first() or value)
    if isinstance(value, bool):
        return _("是") if value else _("否")
    return "" if value is None else str(value)
