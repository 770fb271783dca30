"""How much a night, a deposit and a stay may cost, and the column that keeps such amounts."""

from decimal import Context, Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

LEAST_PRICE = Decimal("0.01")
# Far above any flat in the city; the dearest year, 36,499,996.35, still fits an order's amount.
MOST_PRICE = Decimal("99999.99")
MOST_DEPOSIT = MOST_PRICE
MOST_NIGHTS = 365
MOST_AMOUNT = MOST_PRICE * MOST_NIGHTS
# What the columns of an order hold. Orders from before MOST_PRICE keep what was agreed.
ORDER_PRICE_HOLDS = Decimal("99999999.99")
ORDER_AMOUNT_HOLDS = Decimal("9999999999.99")
DIGITS_OF_A_DOUBLE = 330  # of the largest number SQLite can keep, with its cents


class YuanField(models.DecimalField):
    """A DecimalField that also reads what SQLite took and it should not have.

    Django rounds what it reads from SQLite to `max_digits` and raises InvalidOperation for a
    longer number: one such row, and no list, check or dump that meets it works any more.
    `least` and `most`, in yuan, are the bounds for whoever types an amount.
    """

    def __init__(self, *args, least=None, most=None, **kwargs):
        self.least, self.most = least, most
        if most is not None:
            kwargs["validators"] = [at_least(least), at_most(most)]
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        """For migrations a plain DecimalField: the column is the same."""
        name, _path, args, kwargs = super().deconstruct()
        kwargs.pop("validators", None)
        return name, "django.db.models.DecimalField", args, kwargs

    @cached_property
    def context(self):
        return Context(prec=DIGITS_OF_A_DOUBLE)

    def formfield(self, **kwargs):
        """One sentence for every amount that is too large, instead of one about digits."""
        field = super().formfield(**{"max_digits": None} | kwargs)
        if self.most is not None:
            field.validators += [at_least(self.least), at_most(self.most)]
        return field


def at_least(amount):
    return MinValueValidator(amount, _("不能少于 %(limit_value)s 元"))


def at_most(amount):
    return MaxValueValidator(amount, _("不能超过 %(limit_value)s 元"))


def within(name, column, low, high):
    """The constraint that a column lies between two amounts, both included."""
    condition = Q(**{f"{column}__gte": low, f"{column}__lte": high})
    sentence = _("金额超出了允许的范围")
    return models.CheckConstraint(condition=condition, name=name, violation_error_message=sentence)
