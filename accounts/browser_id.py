"""The random id of a browser: what it asked for (a picture, a code) is good there alone.

The id stands signed in a cookie, and signed in a hidden field of the forms, for a cookie may be
replaced between two tabs or get lost. It names nobody, and lasts a day beyond the last form.
"""

import re
import secrets

from django.conf import settings
from django.core import signing

SALT = "accounts.browser_id"
FIELD = "browser"  # the hidden field of forms
KEPT_FOR = 24 * 3600  # seconds; the longest span over which tries are counted
SIGNED = re.compile("[0-9a-f]{16}:[A-Za-z0-9_-]{43}")


def signed(browser):
    return signing.Signer(salt=SALT).sign(browser)


def unsigned(text):
    """The id in a signed text, None when the text is not ours."""
    if not SIGNED.fullmatch(text):
        return None
    try:
        return signing.Signer(salt=SALT).unsign(text)
    except signing.BadSignature:
        return None


def shown_ids(request):
    """The ids that the request proves, the form's before the cookie's; maybe none."""
    texts = [request.POST.get(FIELD, ""), request.COOKIES.get(settings.BROWSER_COOKIE_NAME, "")]
    return list(dict.fromkeys(filter(None, map(unsigned, texts))))


def browser_of(request):
    """The id of the browser that asks; a new one, the same all through a request, if it has none.

    A new id is of use only if the answer carries it: see `keep`.
    """
    if not hasattr(request, "browser_id"):
        shown = shown_ids(request)
        request.browser_id = shown[0] if shown else secrets.token_hex(8)
    return request.browser_id


def keep(request, response):
    """Give the browser its id, or the id it has for another day. Returns `response`."""
    response.set_cookie(
        settings.BROWSER_COOKIE_NAME,
        signed(browser_of(request)),
        max_age=KEPT_FOR,
        secure=bool(settings.SESSION_COOKIE_SECURE),
        httponly=True,
        samesite="Lax",
    )
    return response
