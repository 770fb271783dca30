"""Sessions of operators: they see other people's data, so theirs end sooner.

At most LONGEST since the sign-in and IDLE since the last page they asked for. Whether somebody is
an operator is looked at when a view asks who is signed in, so that somebody made one is bound by
it at once, in sessions from before, and pages that do not ask cost nothing.
"""

import time

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from accounts.models import Device
from ihome_site.logs import event

LONGEST = 12 * 3600  # seconds
IDLE = 30 * 60
SIGNED_IN_AT = "signed_in_at"  # in the session


def keep_short(get_response):
    """Middleware, after AuthenticationMiddleware: `request.user` is nobody when it is too late.

    The time of the last page is kept in a signed cookie bound to the session: in the session it
    would be a write at each request, or be known to the minute only. Who deletes it, or brings
    an old one, is signed out the sooner.
    """

    def middleware(request):
        request.user = SimpleLazyObject(lambda: user_in_time(request))
        response = get_response(request)
        if getattr(request, "operator_is_active", False) and not request.session.is_empty():
            set_cookie(request, response)
        return response

    return middleware


def user_in_time(request):
    user = get_user(request)
    if not (user.is_authenticated and (user.is_staff or user.is_superuser)):
        return user
    sentence = why_over(request)
    if sentence is None:
        request.operator_is_active = is_asked_for(request)
        return user
    event("operator signed out", user=user.pk, address=request.address)
    Device.objects.filter(pk=request.session.get("device")).delete()
    request.session.flush()
    messages.info(request, sentence, fail_silently=True)
    return AnonymousUser()


def why_over(request):
    """The sentence for a session that is over; None while it lasts."""
    now, signed_in_at = time.time(), request.session.get(SIGNED_IN_AT)
    if signed_in_at is None:  # signed in before this was counted
        signed_in_at = request.session[SIGNED_IN_AT] = int(now)
    if now - signed_in_at > LONGEST:
        hours = LONGEST // 3600
        return _("运营人员登录满 %(n)s 小时要重新登录，登录后接着做") % {"n": hours}
    if now - max(signed_in_at, last_page_at(request)) > IDLE:
        return _("有 %(n)s 分钟没有操作，请重新登录，登录后接着做") % {"n": IDLE // 60}
    return None


def is_asked_for(request):
    """Whether a person asked for this, and not a script of a page that lies open."""
    by_script = "HX-Request" in request.headers or "X-Requested-With" in request.headers
    return request.method == "POST" or not by_script


# The cookie.


def salt(request):
    return f"accounts.operator_sessions {request.session.session_key}"


def last_page_at(request):
    """When this session last asked for a page, in seconds; 0 when the cookie does not say."""
    text = request.COOKIES.get(settings.OPERATOR_COOKIE_NAME, "")
    try:
        return signing.loads(text, salt=salt(request))
    except signing.BadSignature:
        return 0


def set_cookie(request, response):
    response.set_cookie(
        settings.OPERATOR_COOKIE_NAME,
        signing.dumps(int(time.time()), salt=salt(request)),
        max_age=LONGEST,
        secure=bool(settings.SESSION_COOKIE_SECURE),
        httponly=True,
        samesite="Lax",
    )
