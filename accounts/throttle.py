"""Exact limits, counted in the database: they hold with several processes and without Redis.

A ledger (SmsCode, LoginAttempt) holds a row for each use. Counting and adding the row happen
inside a gate, so that of many uses at once no more than the limit get through.
"""

import zlib
from contextlib import contextmanager
from datetime import timedelta
from math import ceil

from django.db import transaction
from django.utils import timezone

from accounts.models import Gate

# Rows to lock, with the keys 1 to GATES; two subjects sharing one only wait a moment for each
# other. MySQL refuses the key 0, which it takes for "give me the next one".
GATES = 64


def gate_number(subject):
    return zlib.crc32(subject.encode()) % GATES or GATES


@contextmanager
def gate(*subjects):
    """A transaction in which nobody else is inside the gate of one of `subjects`.

    Gates are taken in one order, so that two callers never wait for each other.
    """
    numbers = sorted({gate_number(subject) for subject in subjects})
    for number in numbers:
        Gate.objects.get_or_create(pk=number)
    with transaction.atomic(durable=True):
        for number in numbers:
            Gate.objects.filter(pk=number).update(passed_at=timezone.now())
        yield


def seconds_to_wait(ledger, limits):
    """Seconds until `ledger` (a queryset of uses) has room again under every limit, 0 if now.

    `limits` are pairs (times, seconds): at most so many uses in any span of so long.
    """
    now = timezone.now()
    waits = [0]
    for times, seconds in limits:
        since = now - timedelta(seconds=seconds)
        uses = ledger.filter(created_at__gt=since).order_by("-created_at")
        for oldest in uses.values_list("created_at", flat=True)[times - 1 : times]:
            waits.append(ceil((oldest - since).total_seconds()))
    return max(waits)
