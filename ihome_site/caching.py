"""Remembering what was computed until something it depends on changes.

`remember(key, subjects, life, compute)` keeps a value together with the *marks* of the subjects
it depends on ("site", "house:17"). `changed("house:17")`, called by whoever writes, gives the
subject a new mark right after the commit. A value counts only while all marks are those that
were read before it was computed, so one computed from old rows is never shown afterwards.

Marks must be the same for every process:
- in Redis they are keys beside the values, read with the value in one round trip;
- with SQLite they are counters in a small file beside the database, mapped into memory, for
  the in-process caches of several processes know nothing of each other;
- with MySQL and no Redis the processes may be on several machines: nothing is remembered.

Without Redis answering, everything is computed each time; a mark that could not be written is
written as soon as Redis is back, and a process waits for that before it ends: `settle`.
"""

import atexit
import fcntl
import logging
import mmap
import os
import secrets
import struct
import threading
import time
import zlib
from functools import lru_cache, partial

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.transaction import on_commit
from django_redis.exceptions import ConnectionInterrupted

logger = logging.getLogger("ihome.site")

RENEW = 0.8  # of a value's life: from then on one reader computes it anew, the others go on
LOCK = 10  # seconds after which a reader that died while computing is in nobody's way
PATIENCE = 3  # seconds a reader waits for another's computing before it does it itself
GLANCE = 0.02  # seconds between looks at what another is computing
MARK_LIFE = 24 * 3600  # seconds; a mark that is gone only means computing once more
REST = 2  # seconds a silent Redis is left alone: waiting for it at each page would add up
TRIED = "takes-writes"  # the key that is written to see whether Redis takes it
TRUST = 1  # seconds it is believed to take what is written
RETRY = 1  # seconds between attempts to write a mark
FAREWELL = 30  # seconds a process that ends waits for Redis to take its marks


def remember(key, subjects, life, compute):
    """What `compute()` returned within the last `life` seconds, under the marks of now.

    `life` may be a function that finds the seconds from what was computed.

    When many ask for a missing value, one computes it and the rest wait for it; they compute
    it themselves only when that takes longer than PATIENCE, or no cache answers.
    """
    shelf = open_shelf()
    if shelf is None:
        return compute()
    patient_until = time.monotonic() + PATIENCE
    while True:
        marks, value = shelf.look(key, subjects)
        if value and not value.is_aging:
            return value.content
        locked = cache.add(f"{key}:lock", 1, LOCK)
        if locked:
            return compute_alone(shelf, key, subjects, life, compute)
        if value:
            return value.content  # still right, and somebody is at it
        if locked is None or time.monotonic() > patient_until:  # no cache answers, or too slowly
            return shelf.keep(key, subjects, marks, life, compute())
        time.sleep(GLANCE)


def compute_alone(shelf, key, subjects, life, compute):
    try:
        marks, value = shelf.look(key, subjects)  # it may have come just before the lock
        if value and not value.is_aging:
            return value.content
        return shelf.keep(key, subjects, marks, life, compute())
    finally:
        cache.delete(f"{key}:lock")


def changed(*subjects):
    """Forget what depends on these subjects, as soon as the transaction commits."""
    on_commit(partial(renew, set(subjects)))


def renew(subjects):
    if shelf := open_shelf(for_writing=True):
        shelf.renew(subjects)


class Value:
    """What is kept: the content, the marks it was computed under, and when it gets old."""

    def __init__(self, content, marks, life):
        self.content, self.marks = content, marks
        self.renew_at = time.time() + life * RENEW

    @property
    def is_aging(self):
        return time.time() >= self.renew_at


def put(key, content, marks, life):
    seconds = int(life(content) if callable(life) else life)
    cache.set(key, Value(content, marks, seconds), max(0, seconds))  # 0 keeps nothing


class RedisShelf:
    """Marks are random numbers kept as keys."""

    silent_until = 0  # of time.monotonic(); it does not answer, or takes nothing
    trusted_until = 0
    owed = set()  # subjects whose new mark Redis has not got yet
    paying = threading.Lock()

    def look(self, key, subjects):
        """The marks of now (None for a missing one), and the value if it is right."""
        names = [f"mark:{subject}" for subject in subjects]
        try:
            found = cache.client.get_many([key, *names])  # cache.get_many would hide a failure
        except ConnectionInterrupted:
            RedisShelf.silent_until = time.monotonic() + REST
            found = {}
        marks = [found.get(name) for name in names]
        value = found.get(key)
        return marks, value if value and None not in marks and value.marks == marks else None

    def keep(self, key, subjects, marks, life, content):
        """Keep the content, unless a writer set a mark that was missing before."""
        for place, subject in enumerate(subjects):
            if marks[place] is None:
                marks[place] = new_mark()
                if not cache.add(f"mark:{subject}", marks[place], MARK_LIFE):
                    return content
        put(key, content, marks, life)
        return content

    def renew(self, subjects):
        """Give the subjects new marks; what Redis does not take is tried again until it does."""
        with self.paying:
            waiting = bool(self.owed)
            self.owed.update(subjects)
            if not waiting:
                self.pay()

    def pay(self):
        """Write what is owed; as long as Redis does not take it, again a little later."""
        if not self.pay_now():
            retry = threading.Timer(RETRY, self.pay_again)
            retry.daemon = True
            retry.start()

    def pay_again(self):
        with self.paying:
            self.pay()

    def pay_now(self):
        """True when Redis has taken every mark that is owed."""
        for subject in list(self.owed):
            if not cache.set(f"mark:{subject}", new_mark(), MARK_LIFE):
                logger.warning("Redis does not take the mark of %s yet", subject)
                RedisShelf.silent_until = time.monotonic() + REST  # it may go on being read
                return False
            self.owed.discard(subject)
        return True


def settle(seconds=FAREWELL):
    """Wait until Redis has every mark of this process. False when it still has not then.

    Until they run out, pages kept from before may be shown again: PAGE_LIFE of houses.caching.
    """
    patient_until = time.monotonic() + seconds
    while True:
        with RedisShelf.paying:
            if RedisShelf().pay_now():
                return True
        if time.monotonic() > patient_until:
            logger.error("Redis never took the marks of %s", ", ".join(sorted(RedisShelf.owed)))
            return False
        time.sleep(RETRY)


# Of a command, and of a worker that is replaced or told to go.
atexit.register(settle)


class FileShelf:
    """Marks are counters in a file. Subjects that share a place only cost a computing more."""

    PLACES = 1 << 16
    COUNTER = struct.Struct("=Q")

    def __init__(self, path):
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(file, self.PLACES * self.COUNTER.size)
        self.file, self.memory = file, mmap.mmap(file, self.PLACES * self.COUNTER.size)
        self.writing = threading.Lock()  # flock is the process's, not the thread's

    def place(self, subject):
        return zlib.crc32(subject.encode()) % self.PLACES * self.COUNTER.size

    def look(self, key, subjects):
        places = map(self.place, subjects)
        marks = [self.COUNTER.unpack_from(self.memory, place)[0] for place in places]
        value = cache.get(key)
        return marks, value if value and value.marks == marks else None

    def keep(self, key, subjects, marks, life, content):
        put(key, content, marks, life)
        return content

    def renew(self, subjects):
        with self.writing:
            fcntl.flock(self.file, fcntl.LOCK_EX)
            try:
                for place in {self.place(subject) for subject in subjects}:
                    (count,) = self.COUNTER.unpack_from(self.memory, place)
                    self.COUNTER.pack_into(self.memory, place, count + 1)
            finally:
                fcntl.flock(self.file, fcntl.LOCK_UN)


def open_shelf(for_writing=False):
    """Where marks are kept; None when nothing can be remembered now."""
    if settings.REDIS_URL:
        return RedisShelf() if for_writing or redis_takes_writes() else None
    name = str(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or "memory" in name:
        return None
    return file_shelf(f"{name}-marks", os.getpid())


def redis_takes_writes():
    """Whether what was written lately is there. Tried once in TRUST seconds.

    A Redis without room, without a disk it wants, or that follows another goes on being read: what
    this process, or another, has taken away since would be there for ever.
    """
    if not settings.REDIS_URL:
        return True
    now = time.monotonic()
    if now >= RedisShelf.trusted_until and now >= RedisShelf.silent_until:
        RedisShelf.trusted_until = now + TRUST
        if not cache.set(TRIED, 1, REST):
            RedisShelf.silent_until = now + REST
    return now >= RedisShelf.silent_until


@lru_cache(maxsize=8)
def file_shelf(path, process):
    """Each process opens the file itself: a file shared by fork shares its lock as well."""
    return FileShelf(path)


def new_mark():
    return secrets.randbits(62)
