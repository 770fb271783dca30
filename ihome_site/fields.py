"""Form fields that take ASCII digits only; Django's own also accept ４５６ and 1e9."""

import re

from django import forms
from django.core.exceptions import ValidationError

ISO_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
PK = re.compile("[0-9]{1,18}")
WHOLE = re.compile("-?[0-9]{1,9}")
MONEY = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")


class PlainText:
    """A field whose raw text must match `pattern` in full before it is converted."""

    pattern = None

    def to_python(self, value):
        if isinstance(value, str):
            value = value.strip()
            if value and not self.pattern.fullmatch(value):
                raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class IsoDateField(PlainText, forms.DateField):
    pattern = ISO_DATE
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})

    def __init__(self, **kwargs):
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)


class WholeNumberField(PlainText, forms.IntegerField):
    pattern = WHOLE


class RowsField(forms.ModelMultipleChoiceField):
    """Several rows by their ids. SQLite raises for an id that has more than 64 bits."""

    def _check_values(self, value):
        for pk in value or []:
            if not PK.fullmatch(str(pk)):
                message = self.error_messages["invalid_pk_value"]
                raise ValidationError(message, code="invalid_pk_value", params={"pk": pk})
        return super()._check_values(value)


class MoneyField(PlainText, forms.DecimalField):
    pattern = MONEY
