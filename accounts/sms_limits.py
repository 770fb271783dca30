"""How many texts may go out: to a mobile, for an address, from the site's purse."""

import logging
from datetime import timedelta

from django.core.cache import cache
from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import SmsCode
from accounts.throttle import seconds_to_wait

logger = logging.getLogger("ihome.sms")
HOUR, DAY = 3600, 86400
# (messages, seconds). Someone who wants to annoy a stranger or empty our purse stops here.
PER_MOBILE = [(5, HOUR), (10, DAY)]
# Of these, what unknown browsers of one network may use up: the rest is for the others, so that
# one stranger does not keep a mobile from registering, signing in or setting a new password. Its
# person may need a second text, as when the first one came too late.
PER_MOBILE_AND_NETWORK = [(3, HOUR), (6, DAY)]
ONE_A_MINUTE = [(1, SmsCode.WAIT)]
PER_ADDRESS = [(30, HOUR), (100, DAY)]
PER_SITE = [(500, HOUR), (3000, DAY)]
# Registering stops here: who has an account can sign in while somebody empties the purse.
REGISTERING = [(350, HOUR), (2100, DAY)]
# What is left to the devices that have signed in to an account before, when strangers used up
# the rest: of its mobile, and of the purse.
PER_KNOWN_MOBILE = [(3, HOUR), (5, DAY)]
PER_SITE_KNOWN = [(50, HOUR), (300, DAY)]
# Messages that the provider certainly did not take: soon again, yet no hammer on its door.
NOT_TAKEN = [(30, 600)]
WARNING = 50  # percent of the purse
WARNED = "sms-purse-warned"


def wait_for_text(mobile, purpose, address, device=""):
    """Seconds until `mobile` may be sent a text, 0 if now; to be asked inside the gate.

    `address` is a network (network_of), and `device` the known device of this mobile that asks,
    if it is one. A message that failed may be tried again at once; it counts by the hour and the
    day unless it cannot arrive.
    """
    taken = SmsCode.objects.filter(not_taken=False)
    strangers_here = taken.filter(mobile=mobile, address=address, device="")
    wait = max(
        wait_of_mobile(taken.filter(mobile=mobile), PER_MOBILE),
        0 if device else seconds_to_wait(strangers_here, PER_MOBILE_AND_NETWORK),
        seconds_to_wait(taken.filter(address=address), PER_ADDRESS),
        seconds_to_wait(taken, REGISTERING if purpose == SmsCode.Purpose.REGISTER else PER_SITE),
    )
    if wait and device:
        known = taken.exclude(device="")
        wait = max(
            wait_of_mobile(known.filter(mobile=mobile), PER_KNOWN_MOBILE),
            min(seconds_to_wait(taken, PER_SITE), seconds_to_wait(known, PER_SITE_KNOWN)),
        )
    asker = {"mobile": mobile, "device": device} if device else {"address": address, "device": ""}
    failed = SmsCode.objects.filter(not_taken=True, **asker)
    return max(wait, seconds_to_wait(failed, NOT_TAKEN))


def wait_of_mobile(texts, limits):
    return max(
        seconds_to_wait(texts.filter(failed_at=None), ONE_A_MINUTE),
        seconds_to_wait(texts, limits),
    )


def purse():
    """[(seconds, texts sent in them, how many there may be)]"""
    now = timezone.now()
    since = {span: now - timedelta(seconds=span) for _limit, span in PER_SITE}
    taken = SmsCode.objects.filter(not_taken=False, created_at__gt=min(since.values()))
    counts = {f"in_{span}": Count("pk", filter=Q(created_at__gt=at)) for span, at in since.items()}
    sent = taken.aggregate(**counts)
    return [(span, sent[f"in_{span}"], limit) for limit, span in PER_SITE]


def low_purse():
    """The spans of `purse` of which WARNING percent are used up."""
    return [part for part in purse() if part[1] * 100 >= part[2] * WARNING]


def warn_of_low_purse():
    """A line for the operators' alarm, about once an hour in each server process at most."""
    low = low_purse()
    if low and cache.add(WARNED, 1, HOUR) is not False:
        for span, sent, limit in low:
            fields = {"span": span, "sent": sent, "limit": limit}
            logger.warning("texts run low", extra={"fields": fields})
