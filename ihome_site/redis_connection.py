import time

from redis.connection import Connection
from redis.exceptions import ConnectionError, TimeoutError

REST = 1  # seconds


class RestingConnection(Connection):
    """A connection to Redis that is not tried again right after it failed.

    A page asks the cache several times. Waiting for a time-out each time would make every page
    of a frozen Redis a slow one; like this it is one in a while.
    """

    silent_until = 0  # of time.monotonic(), for all connections of this process

    def connect(self):
        if time.monotonic() < RestingConnection.silent_until:
            raise ConnectionError("Redis did not answer a moment ago")
        try:
            super().connect()
        except (ConnectionError, TimeoutError):
            RestingConnection.silent_until = time.monotonic() + REST
            raise
