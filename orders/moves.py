"""The states of an order and what leads from one to the next, as data."""

from typing import NamedTuple

from django.db.models import Q
from django.utils import timezone


class Move(NamedTuple):
    """From which states an action leads to which, and the column that keeps the time."""

    conditions: dict  # source status → a function giving the Q that must hold now
    target: str
    stamp: str

    def sources(self):
        return [(source, condition()) for source, condition in self.conditions.items()]


def unexpired():
    return Q(expires_at__gt=timezone.now())


def overdue():
    return Q(expires_at__lte=timezone.now())


def before_check_in():
    return Q(begin_date__gt=timezone.localdate())


def before_check_out():
    return Q(end_date__gt=timezone.localdate())


def checked_out():
    return Q(end_date__lte=timezone.localdate())


MOVES = {
    "accept": Move({"WAIT_ACCEPT": unexpired}, "WAIT_COMMENT", "accepted_at"),
    "reject": Move({"WAIT_ACCEPT": unexpired}, "REJECTED", "rejected_at"),
    "cancel": Move(
        {"WAIT_ACCEPT": unexpired, "WAIT_COMMENT": before_check_in}, "CANCELED", "canceled_at"
    ),
    "stop": Move(
        {"WAIT_ACCEPT": unexpired, "WAIT_COMMENT": before_check_out}, "CANCELED", "canceled_at"
    ),
    "expire": Move({"WAIT_ACCEPT": overdue}, "CANCELED", "canceled_at"),
    "review": Move({"WAIT_COMMENT": checked_out}, "COMPLETE", "completed_at"),
}
