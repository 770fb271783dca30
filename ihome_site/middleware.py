"""What every request passes: an id, the visitor's address, and refusals that no view answers."""

import ipaddress
import logging
import re
import secrets

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from ihome_site.images import MAX_BYTES
from ihome_site.locking import is_conflict
from ihome_site.logs import event, request_id
from ihome_site.refusals import Busy, TooMany

logger = logging.getLogger("ihome.site")
REQUEST_ID = re.compile("[0-9a-f]{32}")
SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}
# Also on answers that come from outside the middlewares which set them elsewhere.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": settings.X_FRAME_OPTIONS,
    "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
    "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def every_answer(get_response):
    """The outermost middleware: the request's id, the headers, and a line for each change."""

    def middleware(request):
        request_id.set(id_of(request))
        response = get_response(request)
        response["X-Request-ID"] = request_id.get()
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.method == "HEAD" and not response.streaming:
            response.content = b""  # Content-Length stays that of the whole page
        if request.method not in SAFE_METHODS:
            event(
                f"{request.method} {request.path}",
                status=response.status_code,
                user=signed_in_as(request),
                address=getattr(request, "address", None),
            )
        return response

    return middleware


def id_of(request):
    """The id our proxy gave the request, or a new one."""
    given = request.headers.get("x-request-id", "") if settings.TRUSTED_PROXIES else ""
    return given if REQUEST_ID.fullmatch(given) else secrets.token_hex(16)


def signed_in_as(request):
    """The id of the signed-in user, None when nobody is, or nobody asked."""
    session = getattr(request, "session", None)
    try:
        return session.get(SESSION_KEY) if session and session.accessed else None
    except DatabaseError:
        return None


def private_answers(get_response):
    """No cache keeps an answer that knows who asked, nor does Back show it after signing out.

    Inside accounts.devices.keep_seen, which may end the session. One that nobody has looked at
    stays so: the answer is the same for everybody, and may be kept as its view says.
    """

    def middleware(request):
        response = get_response(request)
        if signed_in_as(request) is not None:
            response["Cache-Control"] = "private, no-store"
        return response

    return middleware


class BodyLimit:
    """Refuse a body by its announced length, before a byte of it is read.

    A view that takes pictures says so by `largest_body`, in bytes.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        view = getattr(view, "view_class", view)
        largest = getattr(view, "largest_body", settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isascii() and length.isdigit() and int(length) > largest:
            return too_large(request)
        return None


def real_address(get_response):
    """Set `request.address`: the visitor's IP, seen through the proxies we trust."""
    trusted = [ipaddress.ip_network(proxy) for proxy in settings.TRUSTED_PROXIES]

    def middleware(request):
        request.address = visitor_address(request.META, trusted)
        return get_response(request)

    return middleware


def visitor_address(meta, trusted):
    """The nearest address in the chain that is not a trusted proxy.

    X-Forwarded-For is read from its right end, the only part our own proxies wrote.
    """
    forwarded = meta.get("HTTP_X_FORWARDED_FOR", "").split(",")
    chain = [*forwarded, meta.get("REMOTE_ADDR", "")]
    nearest = "0.0.0.0"  # noqa: S104 - a unix socket gives no address
    for text in reversed(chain):
        try:
            address = ipaddress.ip_address(text.strip())
        except ValueError:
            break
        address = getattr(address, "ipv4_mapped", None) or address
        nearest = str(address)
        if not any(address in network for network in trusted):
            break
    return nearest


class Refusals:
    """Turn "not now" exceptions into 429 and 503 pages that say when to come back."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, error):
        return not_now(request, error)


def not_now(request, error):
    """The answer to an exception that means "not now"; None for any other."""
    if isinstance(error, TooMany):
        return refusal(request, 429, str(error), error.wait)
    if isinstance(error, Busy):
        return refusal(request, 503, str(error), error.wait)
    if isinstance(error, OperationalError | InterfaceError):
        if is_conflict(error):
            logger.warning("conflict: %s", error)
        else:
            logger.error("database unavailable", exc_info=error)
        return refusal(request, 503, str(Busy()), Busy.wait)
    return None


def too_large(request):
    """The answer to a body that is not read to its end."""
    sentence = _("图片太大了，每张最多 %(n)s MB") % {"n": MAX_BYTES // 1024 // 1024}
    return refusal(request, 413, sentence)


def refusal(request, status, sentence, wait=None):
    """An answer that says no for now: JSON for programs, a page for people."""
    if request.accepts("text/html"):
        context = {"sentence": sentence, "wait": wait}
        response = render(request, f"{status}.html", context, status=status)
    else:
        body = {"ok": False, "errors": {"__all__": [sentence]}}
        response = JsonResponse({**body, "wait": wait} if wait else body, status=status)
    if wait:
        response["Retry-After"] = str(wait)
    return response
