"""How much memory the workers take when every thread has the worst picture of a format."""

import re
import runpy
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import User
from ihome_site.testing import PASSWORD, house_of_wang
from ihome_site.tests.serving import Visitor, all_at_once, serving_as_shipped
from ihome_site.tests.worst_pictures import (
    COUNTLESS,
    KINDS,
    OF_EACH_FORMAT,
    webp_of_countless_tables,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux"),
]
UNGUARDED = "ihome_site.tests.unguarded_memory_wsgi"
MOST = 350  # MB a worker with its decoders
WORKERS = 2
THREADS = runpy.run_path(str(settings.BASE_DIR / "deploy/gunicorn.conf.py"))["threads"]
# A request up to this size is held in memory while it waits for its turn.
HELD = settings.FILE_UPLOAD_MAX_MEMORY_SIZE - 2000


def person(number):
    mobile = f"138{number:08d}"
    return User.objects.create_user(mobile, PASSWORD, name=f"客人{number}")


def avatar(visitor, content):
    form = {"csrfmiddlewaretoken": visitor.CSRF}
    files = {"avatar": ("a.jpg", content)}
    return visitor.ask("POST", "/accounts/avatar/", data=form, files=files, timeout=300)


def photos(visitor, house, contents):
    form = {"csrfmiddlewaretoken": visitor.CSRF}
    files = [("house_image", ("a.jpg", content)) for content in contents]
    path = f"/houses/{house.pk}/images/"
    return visitor.ask("POST", path, data=form, files=files, timeout=300)


class Memory:
    """Of the workers, each with its decoders: `peak` since the start of the block and `after` it,
    in MB, as lists.

    A worker's own peak is exact; that of both is the most that was seen, looked at all the time.
    """

    def __init__(self, server):
        self.pids = server.worker_pids()
        self.both = dict.fromkeys(self.pids, 0)
        self.over = threading.Event()
        self.watching = threading.Thread(target=self.watch)

    def __enter__(self):
        for pid in self.pids:
            Path(f"/proc/{pid}/clear_refs").write_text("5")  # VmHWM begins anew
        self.watching.start()
        return self

    def __exit__(self, *error):
        time.sleep(0.5)  # the last answer has come before its request is cleared up
        self.over.set()
        self.watching.join()
        self.peak = [max(self.read(pid, "VmHWM"), self.both[pid]) for pid in self.pids]
        self.after = [self.read(pid, "VmRSS") for pid in self.pids]

    def watch(self):
        while not self.over.wait(0.01):
            for pid in self.pids:
                both = self.read(pid, "VmRSS")
                both += sum(self.read(child, "VmHWM") for child in children_of(pid))
                self.both[pid] = max(self.both[pid], both)

    def read(self, pid, name):
        """In MB; 0 for a decoder that has ended meanwhile."""
        with suppress(OSError):
            found = re.search(rf"{name}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
            return int(found[1]) // 1024 if found else 0
        return 0


def children_of(pid):
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            yield from map(int, (thread / "children").read_text().split())


@pytest.fixture
def people():
    return [person(number) for number in range(WORKERS * THREADS)]


def flood(server, people, content, expected=302):
    """Every thread of every worker gets this picture; the workers' Memory."""
    senders = [Visitor(server, user) for user in people]
    with Memory(server) as memory:
        answers = all_at_once([lambda s=sender: avatar(s, content) for sender in senders])
    # Some find no place, and are told to come back: their bytes were held all the same.
    assert expected in {answer.status_code for answer in answers} <= {expected, 429}
    return memory


def test_all_threads_decode_the_worst_picture_of_each_format(collected_static, people, figure):
    with serving_as_shipped(workers=WORKERS) as server:
        for name, make in OF_EACH_FORMAT.items():
            memory = flood(server, people, make().ljust(HELD, b"x"))
            figure(f"{name}: workers' MB during {memory.peak}, after", memory.after, f"≤ {MOST}")
            assert max(memory.peak + memory.after) <= MOST, name


def guesses(server, guesser, over):
    """Wrong passwords one after the other, each of another mobile from another network."""
    visitor, number = Visitor(server), 0
    while not over.is_set():
        number += 1
        form = {"csrfmiddlewaretoken": visitor.CSRF, "password": "wrong-password"}
        form["mobile"] = f"139{guesser:02d}{number:06d}"
        headers = {"X-Forwarded-For": f"{20 + guesser}.{number // 250}.{number % 250}.1"}
        visitor.ask("POST", "/accounts/login/", data=form, headers=headers)


def test_pictures_and_passwords_together(collected_static, people, figure):
    worst = OF_EACH_FORMAT["WEBP"]().ljust(HELD, b"x")
    over = threading.Event()
    with serving_as_shipped(workers=WORKERS, TRUSTED_PROXIES="127.0.0.1/32") as server:
        threads = [threading.Thread(target=guesses, args=(server, n, over)) for n in range(4)]
        for thread in threads:
            thread.start()
        try:
            memory = flood(server, people, worst)
        finally:
            over.set()
            for thread in threads:
                thread.join()
    figure(f"WebP and passwords: MB during {memory.peak}, after", memory.after, f"≤ {MOST}")
    assert max(memory.peak) <= MOST


def test_all_threads_read_pictures_of_countless_parts(collected_static, people, figure):
    with serving_as_shipped(workers=WORKERS) as server:
        for name in ("JPEG, APP5", "PNG, iTXt"):
            memory = flood(server, people, COUNTLESS[name](), expected=400)
            figure(f"{name}: workers' MB during {memory.peak}, after", memory.after, f"≤ {MOST}")
            assert max(memory.peak + memory.after) <= MOST, name


def test_all_threads_read_pictures_of_countless_tables(collected_static, people, figure):
    worst = webp_of_countless_tables().ljust(HELD, b"x")
    with serving_as_shipped(workers=WORKERS) as server:
        memory = flood(server, people, worst, expected=400)
    figure(f"65,536 tables: workers' MB during {memory.peak}, after", memory.after, f"≤ {MOST}")
    assert max(memory.peak + memory.after) <= MOST


def test_two_owners_send_every_kind_of_picture_twelve_a_request(collected_static, figure):
    owners = [person(number) for number in range(2)]
    houses = [house_of_wang(owner=owner) for owner in owners]
    kinds = [make() for make in KINDS.values()]
    shares = [kinds[::2], kinds[1::2]]
    with serving_as_shipped(workers=WORKERS) as server:
        visitors = [Visitor(server, owner) for owner in owners]
        with Memory(server) as memory:
            all_at_once(
                [
                    lambda given=given: photos(*given)
                    for given in zip(visitors, houses, shares, strict=True)
                ]
            )
    figure(f"{len(kinds)} kinds: MB during {memory.peak}, after", memory.after, f"≤ {MOST}")
    assert max(memory.peak + memory.after) <= MOST
    # One is cut off.
    assert sum(house.images.count() for house in houses) == len(kinds) - 1


@pytest.mark.parametrize("guard", ["turns", "limits"])
def test_without_the_guard_it_takes_more(collected_static, people, figure, guard):
    worst = OF_EACH_FORMAT["PNG"]() if guard == "turns" else webp_of_countless_tables()
    with serving_as_shipped(UNGUARDED, workers=1, GUARD_OFF=guard) as server:
        memory = flood(server, people[:THREADS], worst.ljust(HELD, b"x"))
    figure(f"without {guard}: MB during {memory.peak}, after", memory.after, f"> {MOST}")
    assert max(memory.peak) > MOST
