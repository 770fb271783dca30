"""The hidden token of a booking form: makes a form book once, and remembers the price shown."""

import secrets
from decimal import Decimal

from django.core import signing

signer = signing.Signer(salt="orders.tokens")


def new_token(price):
    """A token for a form that shows `price`, in yuan a night."""
    return signer.sign(f"{secrets.token_urlsafe(16)}:{price}")


def shown_price(token):
    """The price a night the form showed; None for a token that is not ours."""
    try:
        return Decimal(signer.unsign(token).rsplit(":", 1)[1])
    except signing.BadSignature:
        return None
