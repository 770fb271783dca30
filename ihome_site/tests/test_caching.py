"""What ihome_site/caching.py promises, on whichever cache the tests run with."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.db import transaction
from django_redis.cache import RedisCache

from ihome_site import caching
from ihome_site.caching import changed, remember
from ihome_site.testing import house_of_wang

pytestmark = pytest.mark.django_db
LIFE = 100


@pytest.fixture(autouse=True)
def shelf(monkeypatch):
    monkeypatch.setattr(caching.RedisShelf, "silent_until", 0)
    if not caching.open_shelf():
        pytest.skip("nothing is remembered on this database without Redis")


@pytest.fixture
def silent_redis(settings):
    """A Redis nobody answers for, as IGNORE_EXCEPTIONS lets it look."""
    if not settings.REDIS_URL:
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
    options = {"IGNORE_EXCEPTIONS": True, "SOCKET_CONNECT_TIMEOUT": 0.3}
    backend = {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": backend | {"OPTIONS": options}}
    yield
    caching.RedisShelf.owed.clear()


class Counter:
    def __init__(self, wait=0.0):
        self.wait, self.count = wait, 0
        self.lock = threading.Lock()

    def __call__(self):
        with self.lock:
            self.count += 1
        time.sleep(self.wait)
        return self.count


def test_a_value_is_computed_once():
    compute = Counter()
    assert [remember("k", ["a"], LIFE, compute) for _n in range(3)] == [1, 1, 1]


@pytest.mark.parametrize("subject", ["a", "b"])
def test_it_is_computed_again_when_a_subject_has_changed(subject):
    compute = Counter()
    remember("k", ["a", "b"], LIFE, compute)
    changed("c")
    assert remember("k", ["a", "b"], LIFE, compute) == 1
    changed(subject)
    assert [remember("k", ["a", "b"], LIFE, compute) for _n in range(2)] == [2, 2]


def test_what_was_computed_from_old_rows_is_not_kept():
    def slow():
        changed("a")  # somebody commits while we compute
        return "old"

    assert remember("k", ["a"], LIFE, slow) == "old"
    assert remember("k", ["a"], LIFE, lambda: "new") == "new"


@pytest.mark.django_db(transaction=True)
def test_a_change_counts_from_the_commit_on():
    compute = Counter()
    with transaction.atomic():
        changed("a")
        assert remember("k", ["a"], LIFE, compute) == 1
    assert remember("k", ["a"], LIFE, compute) == 2
    with transaction.atomic():
        changed("a")
        transaction.set_rollback(True)
    assert remember("k", ["a"], LIFE, compute) == 2


def test_a_value_may_say_how_long_it_lives(monkeypatch):
    compute = Counter()
    for life, expected in [(lambda content: 0, [1, 2]), (lambda content: 9, [3, 3])]:
        assert [remember("k", ["a"], life, compute) for _n in range(2)] == expected


def at_once(count, action):
    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(action) for _n in range(count)]]


def test_a_hundred_readers_of_a_missing_key_compute_it_at_most_twice(figure):
    compute = Counter(wait=0.3)
    values = at_once(100, lambda: remember("hot", ["a"], LIFE, compute))
    figure("computed for 100 readers of a cold key", compute.count, "<= 2")
    assert (compute.count <= 2, len(values)) == (True, 100)


def test_a_value_near_its_end_is_renewed_by_one_reader_while_the_others_go_on(figure, monkeypatch):
    monkeypatch.setattr(caching, "RENEW", 0)
    compute = Counter()
    remember("hot", ["a"], LIFE, compute)
    compute.wait = 0.3
    values = at_once(100, lambda: remember("hot", ["a"], LIFE, compute))
    figure("computed for 100 readers of a key running out", compute.count - 1, "<= 2")
    assert compute.count - 1 <= 2
    assert values.count(1) >= 98


def test_a_failure_is_not_kept_and_leaves_no_lock():
    with pytest.raises(ZeroDivisionError):
        remember("k", ["a"], LIFE, lambda: 1 / 0)
    assert remember("k", ["a"], LIFE, lambda: "fine") == "fine"


def test_with_redis_gone_everything_is_computed(silent_redis, client):
    compute = Counter()
    assert [remember("k", ["a"], LIFE, compute) for _n in range(2)] == [1, 2]
    house = house_of_wang()
    for path in ("/", "/houses/", f"/houses/{house.pk}/"):
        assert house.title in client.get(path).content.decode()


def test_a_mark_redis_did_not_take_is_written_when_it_is_back(settings, silent_redis, monkeypatch):
    monkeypatch.setattr(caching, "RETRY", 0.05)
    back = threading.Event()
    taken = []

    def take(self, key, *args):
        if back.is_set():
            taken.append(key)
        return back.is_set()

    monkeypatch.setattr(RedisCache, "set", take)
    changed("house:1")
    time.sleep(0.2)
    assert (taken, caching.RedisShelf.owed) == ([], {"house:1"})
    back.set()
    time.sleep(0.3)
    assert (taken, caching.RedisShelf.owed) == (["mark:house:1"], set())


def keys():
    """How many keys the cache holds for this test, without the one that comes and goes."""
    if hasattr(cache, "iter_keys"):
        return len(set(cache.iter_keys("*")) - {caching.TRIED})
    return sum(cache.key_prefix in key for key in cache._cache)


def test_junk_queries_make_no_keys(client, figure):
    house_of_wang()
    paths = ["/houses/", "/"]
    for path in paths:
        client.get(path)
    before = keys()
    for n in range(50):
        client.get("/houses/", {"sd": f"junk{n}"})
        client.get("/houses/", {"aid": f"{n}000", "guests": f"-{n}"})
        client.get("/houses/", {"q": f"word{n}"})
        client.get("/houses/", {"price_min": f"{n}.01"})
        client.get("/houses/", {f"utm{n}": "x"})
        client.get("/houses/", {"p": 6 + n})
        client.get("/", {f"utm{n}": "x"})
        client.get(f"/houses/{9000 + n}/")
    figure("new cache keys after 400 junk queries", keys() - before, "0")
    assert keys() == before
