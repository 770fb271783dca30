"""Doing a short transaction again when the database itself asks for it."""

import functools
import logging
import secrets
import time

from django.db import OperationalError, transaction

from ihome_site.refusals import Busy

logger = logging.getLogger("ihome.site")

ATTEMPTS = 4  # the first and three more
PAUSE = 0.05  # seconds; grows with each attempt and is jittered

# 1213 deadlock, 1205 lock wait timeout, 1020 record changed since last read.
# https://mariadb.com/kb/en/mariadb-error-codes/
MYSQL_CONFLICTS = {1213, 1205, 1020}


def is_conflict(error):
    """True when this OperationalError only says that another transaction was in the way."""
    code = error.args[0] if error.args else None
    return code in MYSQL_CONFLICTS or "database is locked" in str(error)


def retried(attempt):
    """What `attempt()` returns, tried again after a conflict, at most ATTEMPTS times.

    Raises Busy when every attempt met a conflict. It must leave nothing behind outside the
    database, for it may run more than once.
    """
    for number in range(1, ATTEMPTS + 1):
        try:
            return attempt()
        except OperationalError as error:
            if not is_conflict(error):
                raise
            name = getattr(attempt, "__name__", attempt)
            logger.info("conflict in %s, attempt %s: %s", name, number, error)
            time.sleep(PAUSE * number * (1 + secrets.randbelow(1000) / 1000))
    raise Busy


def durable(function):
    """Run `function` in a durable transaction, again after a conflict: see retried()."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        @functools.wraps(function)
        def attempt():
            with transaction.atomic(durable=True):
                return function(*args, **kwargs)

        return retried(attempt)

    return wrapper
