"""The browsers signed in to an account, and the cookie by which one is known again."""

import secrets
import time
from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.contrib.auth import login
from django.core import signing
from django.core.cache import caches
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import Device, LoginAttempt, User, network_of
from ihome_site.locking import retried
from ihome_site.logs import event

SALT = "accounts.devices"
KNOWN_FOR = 180 * 24 * 3600  # seconds; the owner of an account comes back within half a year
ACCOUNTS = 5  # that one cookie vouches for: a family's tablet
# Browsers signed in to one account: several times what a family or a shop has, and a page that
# is read at a glance. Operators are no exception.
MOST = 30
CHUNK = 500  # sessions ended by one statement: an account from before MOST may have any number
TOUCH_AFTER = 300  # seconds between two looks at a device's row: not at every request


def sign_in(request, user, response):
    """Sign `user` in under a new session key; `response` carries the known-device cookie."""
    login(request, user)
    device = user.devices.create(
        session_key=request.session.session_key, seen_at=timezone.now(), **traits(request)
    )
    make_room(user, device.pk)
    request.session["device"] = device.pk
    request.session["device_seen"] = request.session["signed_in_at"] = int(time.time())
    remember(request, user, response)
    event("signed in", user=user.pk, address=request.address)
    return response


def sign_in_by_code(request, user, response):
    """`sign_in` of somebody who proved the mobile instead of a password."""
    LoginAttempt.objects.create(
        mobile=user.mobile, method=LoginAttempt.Method.CODE, succeeded=True, **traits(request)
    )
    return sign_in(request, user, response)


def traits(request):
    return {"user_agent": user_agent_of(request), "address": network_of(request.address)}


def user_agent_of(request):
    return request.headers.get("user-agent", "")[:255]


def keep_seen(get_response):
    """Middleware: note now and then that a device is in use; one that was ended is signed out.

    Ending a device deletes its session. A copy that survived in a cache out of reach at that
    moment is found here.
    """

    def middleware(request):
        response = get_response(request)
        # Untouched sessions stay so: looking at one would make every answer vary by cookie.
        if request.session.accessed and is_due(request.session):
            touch(request)
        return response

    return middleware


def is_due(session):
    seen = session.get("device_seen", 0)
    return "device" in session and time.time() - seen > TOUCH_AFTER


def touch(request):
    device = Device.objects.filter(pk=request.session["device"])
    if device.update(seen_at=timezone.now(), **traits(request)):
        request.session["device_seen"] = int(time.time())
    else:
        request.session.flush()


def run_out():
    """Devices seen before this have sessions that are over."""
    return timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE)


def signed_in(user):
    """The user's devices whose sessions have not run out, the last used first."""
    return user.devices.filter(seen_at__gte=run_out()).order_by("-seen_at", "-pk")


def make_room(user, here):
    """Leave the device `here` and those used last, MOST in all; the others are ended.

    Called once `here` has its row, and without a lock: of many sign-ins at once the last to look
    sees the rows of all. What appears, or is used, after the look is newer than `edge` and stays.
    """
    too_old = Q(seen_at__lt=run_out())
    others = user.devices.exclude(pk=here)
    newest = others.order_by("-seen_at", "-pk").values_list("seen_at", "pk")
    for seen_at, pk in newest[MOST - 2 : MOST - 1]:
        too_old |= Q(seen_at__lt=seen_at) | Q(seen_at=seen_at, pk__lt=pk)
    end(others.filter(too_old))


def current(request):
    """The id of the device that sent the request, None for a session without one."""
    return request.session.get("device")


def rekey(request):
    """The session of this device has a new key."""
    Device.objects.filter(pk=current(request)).update(session_key=request.session.session_key)


def end(devices):
    """Sign the devices of this queryset out, a chunk at a time; how many they were."""
    count, last = 0, 0
    while rows := list(
        devices.filter(pk__gt=last).order_by("pk").values_list("pk", "session_key")[:CHUNK]
    ):
        pks, keys = zip(*rows, strict=True)
        retried(lambda keys=keys: delete_sessions(keys))
        retried(lambda pks=pks: Device.objects.filter(pk__in=pks).delete())
        count, last = count + len(pks), pks[-1]
    return count


def delete_sessions(keys):
    """As SessionStore(key).delete() for each, in database and cache, with a statement for all."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    store.get_model_class().objects.filter(session_key__in=keys).delete()
    if prefix := getattr(store, "cache_key_prefix", None):
        caches[settings.SESSION_CACHE_ALIAS].delete_many([prefix + key for key in keys])


def end_others(request):
    return end(request.user.devices.exclude(pk=current(request)))


# The cookie. Whoever signed in from here before is not shut out by strangers' guesses.


def fingerprint(mobile, user):
    """What a cookie says of an account. Another password, a disabling, or an ended device makes
    it another one.

    For a mobile without an account (`user` is None) it is as much work, and nothing's.
    """
    account = user or User()
    bound_to = f"{account.get_session_auth_hash()}{account.known_round or ''}"
    return salted_hmac(SALT, f"{mobile}:{user and user.pk}:{bound_to}").hexdigest()[:16]


def cookie_content(request):
    """What our cookie says; a new device when there is none or it is not ours."""
    text = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    try:
        return signing.loads(text, salt=SALT, max_age=KNOWN_FOR)
    except signing.BadSignature:
        return {"device": secrets.token_hex(8), "accounts": []}


def known_device(request, mobile):
    """The id of the device that asks, if it has signed in to this account before; else "".

    Before means since the password was set, and since the account was last disabled or a device
    of it ended by its person.
    """
    content = cookie_content(request)
    if not content["accounts"]:
        return ""
    user = User.objects.filter(mobile=mobile).first()
    return content["device"] if fingerprint(mobile, user) in content["accounts"] else ""


def know_this_one_alone(request, response):
    """Whoever ends a device may have lost it: none is known any more but the one that asks."""
    user = request.user
    User.objects.filter(pk=user.pk).update(known_round=F("known_round") + 1)
    user.refresh_from_db(fields=["known_round"])
    remember(request, user, response)
    return response


def remember(request, user, response):
    content = cookie_content(request)
    mine = fingerprint(user.mobile, user)
    others = [account for account in content["accounts"] if account != mine]
    content["accounts"] = [mine, *others][:ACCOUNTS]
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps(content, salt=SALT),
        max_age=KNOWN_FOR,
        secure=bool(settings.SESSION_COOKIE_SECURE),
        httponly=True,
        samesite="Lax",
    )
