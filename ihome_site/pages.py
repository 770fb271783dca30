"""Whole pages, kept as nobody in particular sees them and completed for each visitor.

What is kept is drawn without the request, so it cannot know who asked. Where the visitor shows
(base.html) it has holes; they are filled each time.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from django.contrib import messages
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers

from accounts.notices import has_news

VIEWERS = 2000  # of some 3 KB each
HOLE = re.compile("<!--hole:([a-z]+)-->")


def cut(template, context):
    """The page without a visitor as text (bytes), name of a hole, text, name…, text."""
    html = render_to_string(template, {**context, "for_anyone": True})
    pieces = HOLE.split(html)
    return [piece if place % 2 else piece.encode() for place, piece in enumerate(pieces)]


def fill(pieces, parts):
    """The pieces with those holes filled that `parts` has something for."""
    return [piece if isinstance(piece, bytes) else parts.get(piece, piece) for piece in pieces]


def complete(request, pieces, tab=""):
    """The answer to `request`; `tab` is the place marked in the navigation."""
    parts = visitor_parts(request, tab) if len(pieces) > 1 else {}
    response = HttpResponse(b"".join(fill(pieces, parts)))
    patch_vary_headers(response, ["Cookie"])
    return response


def has_messages(request):
    return bool(request.COOKIES) and len(messages.get_messages(request)) > 0


def visitor_parts(request, tab):
    """What fills the holes, by their names."""
    if not request.COOKIES or not request.user.is_authenticated:
        return parts(tab, None, False)
    user = request.user
    viewer = Viewer(user.pk, user.display_name, user.avatar_url, user.is_verified)
    return parts(tab, viewer, has_news(user))


class Viewer(NamedTuple):
    """What a page shows of whoever looks at it."""

    pk: int
    display_name: str
    avatar_url: str
    is_verified: bool


@lru_cache(maxsize=VIEWERS)
def parts(tab, viewer, news):
    """Drawn once for each combination; who has another name today is another viewer."""
    context = {"tab": tab, "viewer": viewer, "news": news}
    return {
        name: render_to_string(f"_visitor_{name}.html", context).encode()
        for name in ("person", "top", "tab")
    }
