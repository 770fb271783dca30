"""The site with the guards of accounts taken off: the control arm of the races.

Everything here looks first and acts afterwards, as one would write it without thinking of
two visitors at once. Between the two it takes a breath, as a busy machine does.
"""

import time
from contextlib import contextmanager, nullcontext
from functools import partial

from ihome_site.wsgi import application  # isort: skip - sets Django up

from captcha.models import CaptchaStore
from django.contrib import auth
from django.utils import timezone

from accounts import captcha, codes, devices, models, sign_in_forms, sms, sms_limits, throttle
from accounts.devices import known_device
from accounts.limits import Limit
from accounts.logins import CaptchaNeeded
from accounts.models import DayCount, LoginAttempt, RealName, SmsCode
from houses.models import House, StayError
from ihome_site import images
from ihome_site.refusals import TooMany

__all__ = ["application"]


def breathe(seconds=0.05):
    time.sleep(seconds)


def seconds_to_wait(ledger, limits, breath=0.15):
    wait = throttle.seconds_to_wait(ledger, limits)
    breathe(breath)
    return wait


@contextmanager
def open_gate(*subjects):
    yield


def claim(key, answer, browsers):
    row = CaptchaStore.objects.filter(hashkey=key, response=answer.lower()).first()
    breathe()
    CaptchaStore.objects.filter(hashkey=key).delete()
    return row is not None


def take_try(codes, mobile, purpose, browser):
    newest = codes.filter(mobile=mobile, purpose=purpose, browser=browser).order_by("-pk").first()
    if newest.tries >= SmsCode.TRIES or newest.used_at:
        return None
    breathe()
    newest.tries += 1
    newest.save(update_fields=["tries"])
    return newest


def use(code):
    code.used_at = timezone.now()
    code.save(update_fields=["used_at"])
    return True


def prove(real_names, user, name, id_card):
    index = models.blind_index(id_card)
    if (
        RealName.objects.filter(user=user).exists()
        or RealName.objects.filter(id_card_index=index).exists()
    ):
        raise models.RealNameError("已经认证")
    breathe()
    return real_names.create(
        user=user,
        name=name,
        sealed_id_card=f"{user.pk}:{id_card}",
        id_card_index=index,
        consented_at=timezone.now(),
        consent_version="",
    )


def count(limit, user, most):
    fresh = {"day": timezone.localdate()}
    row, _new = DayCount.objects.get_or_create(user=user, action=limit.action, defaults=fresh)
    if row.count >= most:
        return False
    breathe()
    row.count += 1
    row.save(update_fields=["count"])
    return True


def reserve_attempt(mobile, address, device="", user_agent="", captcha=False):
    failures = LoginAttempt.objects.wrong(mobile=mobile, device=device).count()
    if failures >= 25:
        raise TooMany("试得太多了", 1)
    if failures >= 5 and not captcha:
        raise CaptchaNeeded
    breathe()
    return LoginAttempt(mobile=mobile, address=address, succeeded=True)


def authenticate(request, mobile, password):
    """As libraries do it: a failure is written down once it has happened."""
    user = auth.authenticate(request, mobile=mobile, password=password)
    if user is None:
        device = known_device(request, mobile)
        LoginAttempt.objects.create(mobile=mobile, address=request.address, device=device)
    return user


def add_image(pk, stored):
    images = House.objects.get(pk=pk).images
    if images.count() >= 12:
        raise StayError("满了")
    breathe(4)  # pictures are decoded one after the other, so they come by one after the other
    return images.create(file=stored.name, width=stored.width, height=stored.height)


def make_no_room(user, here):
    """As it was before there was a bound."""


codes.gate = open_gate
devices.make_room = make_no_room
sms_limits.seconds_to_wait = seconds_to_wait
codes.seconds_to_wait = partial(seconds_to_wait, breath=0.5)
sign_in_forms.reserve_attempt = reserve_attempt
sign_in_forms.authenticate = authenticate
House.add_image = add_image
images.place = nullcontext
captcha.claim = claim
models.SmsCodeQuerySet.take_try = take_try
SmsCode.use = use
models.RealNameManager.prove = prove
Limit.count = count


class EndlessLines:
    def acquire(self, timeout):
        return True

    def release(self):
        pass


sms.LINES = EndlessLines()
