"""Redis and MariaDB stop, freeze and come back while people use the site.

The servers are the test's own. Every visitor keeps their sign-in in the real site's session.
"""

import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time

import pytest
import requests
from django.conf import settings
from django.db import connection

from ihome_site.testing import MOBILES, PASSWORD
from ihome_site.tests.own_servers import MariaDB, Redis, program
from ihome_site.tests.serving import Visitor, all_at_once, environment, serving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "mysql", reason="needs the MySQL driver"),
    pytest.mark.skipif(not program("mariadbd"), reason="MariaDB is not installed"),
    pytest.mark.skipif(not program("redis-server"), reason="Redis is not installed"),
]
CAST = "from ihome_site.testing import *; house_of_wang(); order_of_li(House.objects.get()); chen()"
PAGES = ["/", "/houses/", "/houses/1/", "/accounts/me/", "/orders/"]
DOWN = 30  # seconds
LINK = 'href="/houses/1/'


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    database, cache = MariaDB(tmp_path_factory.mktemp("m")), Redis(tmp_path_factory.mktemp("r"))
    database.start()
    cache.start()
    database.ask("CREATE DATABASE ihome CHARACTER SET utf8mb4")
    yield database, cache
    database.stop()
    cache.stop()


@pytest.fixture
def site(servers, collected_static, tmp_path):
    """Two server processes on the test's own servers, with the cast in the database."""
    database, cache = servers
    own = {"DATABASE_URL": database.url, "REDIS_URL": cache.url}
    own |= {"SMS_FILE": str(tmp_path / "sms.jsonl"), "MEDIA_ROOT": str(tmp_path)}
    empty = [["migrate", "--no-input"], ["flush", "--no-input"]]
    for command in [*empty, ["shell", "--no-imports", "-c", CAST]]:
        subprocess.run(
            [sys.executable, "manage.py", *command],
            env=environment(**own),
            cwd=settings.BASE_DIR,
            check=True,
            capture_output=True,
        )
    with serving(**own) as server:
        server.environment = environment(**own)
        server.sms_file = own["SMS_FILE"]
        yield server


def signed_in(server, name):
    visitor = Visitor(server)
    answer = visitor.post("/accounts/login/", mobile=MOBILES[name], password=PASSWORD)
    assert answer.status_code == 302
    visitor.browser.cookies.clear(name="csrftoken", domain="127.0.0.1", path="/")  # the site's own
    return visitor


class Crowd:
    """Visitors who look at one page after the other until told to stop."""

    def __init__(self, server):
        self.visitors = [signed_in(server, name) for name in ("wang", "li", "chen", "li")]
        self.answers, self.over = [], threading.Event()

    def __enter__(self):
        self.threads = [threading.Thread(target=self.look, args=[v]) for v in self.visitors]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def look(self, visitor):
        while not self.over.is_set():
            for page in PAGES:
                began = time.monotonic()
                answer = visitor.get(page)
                self.answers.append((began, page, answer))
                time.sleep(0.05)

    def since(self, moment):
        return [answer for began, _page, answer in self.answers if began >= moment]

    def p95(self, moment):
        times = [answer.elapsed.total_seconds() for answer in self.since(moment)]
        return round(statistics.quantiles(times, n=20)[18], 2)

    def signed_out(self):
        return sum(
            answer.status_code == 302 for _b, page, answer in self.answers if page.count("/") == 3
        )

    def errors(self, moment=0):
        return sum(answer.status_code >= 500 for answer in self.since(moment))


def one_text_of_ten(server, database, mobile):
    """Ten right captchas at once for one mobile: the number of texts that were sent."""
    asked = []
    for _n in range(10):
        visitor = Visitor(server)
        page = visitor.get("/accounts/register/").text
        key = re.search(r'name="captcha_0"[^>]*value="([0-9a-f]+)"', page)[1]
        answers = dict(database.ask("SELECT hashkey, response FROM captcha_captchastore", "ihome"))
        asked.append((visitor, {"captcha_0": key, "captcha_1": answers[key]}))

    def ask(visitor, captcha):
        form = {"mobile": mobile, "purpose": "register", **captcha}
        return visitor.post("/accounts/sms-code/", **form).status_code

    answers = all_at_once([lambda one=one: ask(*one) for one in asked])
    assert sorted(answers) == [200] + [429] * 9
    with open(server.sms_file) as texts:
        return sum(mobile in line for line in texts)


@pytest.mark.parametrize("fault", ["stopped", "frozen"])
def test_the_site_goes_on_without_redis(site, servers, fault, figure):
    database, cache = servers
    with Crowd(site) as crowd:
        time.sleep(2)
        cache.stop() if fault == "stopped" else cache.freeze()
        began = time.monotonic()
        try:
            time.sleep(8)
            mobile = {"stopped": "13811110001", "frozen": "13811110002"}[fault]
            texts = one_text_of_ten(site, database, mobile)
            time.sleep(2)
        finally:
            p95 = crowd.p95(began)
            cache.start() if fault == "stopped" else cache.thaw()
        time.sleep(2)
    figure(f"Redis {fault}: 5xx of {len(crowd.answers)}", crowd.errors(), "0")
    figure(f"Redis {fault}: answers to nobody signed in", crowd.signed_out(), "0")
    figure(f"Redis {fault}: p95 seconds", p95, "≤ 1")
    figure(f"Redis {fault}: texts of 10 asked for at once", texts, "1")
    assert (crowd.errors(), crowd.signed_out(), texts) == (0, 0, 1)


HOLD = f"House.objects.get().hold(User.objects.get(mobile='{MOBILES['chen']}'), '有人投诉')"
HOLD = f"from ihome_site.testing import *; from accounts.models import User; {HOLD}"


def by_a_command(site):
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", HOLD]
    return subprocess.Popen(command, env=site.environment, cwd=settings.BASE_DIR)


def by_workers_that_go(site):
    """An owner unlists the home, and then the workers are replaced."""
    assert site.owner.post("/houses/1/unlist/").status_code == 302
    for pid in site.worker_pids():
        os.kill(pid, signal.SIGTERM)


@pytest.mark.parametrize("take_off", [by_a_command, by_workers_that_go])
def test_what_goes_while_redis_is_frozen_stays_away(site, servers, take_off):
    """Whoever took it off ends long before Redis answers, and nobody else knows what changed."""
    _database, cache = servers
    stranger, site.owner = Visitor(site), signed_in(site, "wang")
    assert [LINK in stranger.get("/houses/").text for _n in range(4)] == [True] * 4
    cache.freeze()
    try:
        command = take_off(site)
        time.sleep(8)
    finally:
        cache.thaw()
    if command:
        assert command.wait(40) == 0
    time.sleep(4)  # the site leaves a Redis alone for a moment that was silent
    assert [LINK in stranger.get("/houses/").text for _n in range(4)] == [False] * 4


def test_a_redis_that_takes_no_writes_shows_nothing_of_before(site, servers):
    """It goes on being read: one without room or disk, or one that follows another by now."""
    _database, cache = servers
    stranger, owner = Visitor(site), signed_in(site, "wang")
    pages = ["/", "/houses/", "/houses/?area=1"]
    for page in pages:
        assert [LINK in stranger.get(page).text for _n in range(4)] == [True] * 4
    copy = owner.browser.cookies.get_dict()
    assert owner.get("/accounts/me/").status_code == 200
    cache.takes_writes(False)
    try:
        time.sleep(2)
        assert owner.post("/houses/1/unlist/").status_code == 302
        seen = [LINK in stranger.get(page).text for page in pages for _n in range(4)]
        assert owner.post("/accounts/logout/").status_code == 302
        owner.browser.cookies.update(copy)
        answers = [owner.get("/accounts/me/").status_code for _n in range(4)]
    finally:
        cache.takes_writes(True)
    assert seen == [False] * 12
    assert answers == [302] * 4


def test_connections_that_were_cut_are_replaced(site, servers, figure):
    database, _cache = servers
    visitors = [signed_in(site, name) for name in ("wang", "li", "chen")]
    answers = []
    for _n in range(5):
        all_at_once([lambda v=v: v.get("/accounts/me/") for v in visitors for _x in range(5)])
        killed = database.kill_connections()
        assert killed
        answers += all_at_once(
            [lambda v=v: v.get("/accounts/me/") for v in visitors for _x in range(5)]
        )
    failures = sum(answer.status_code != 200 for answer in answers)
    figure(f"failures of {len(answers)} after 5 kills of idle connections", failures, "0")
    assert failures == 0


def test_connections_cut_while_at_work(site, servers, figure):
    """What was under way may be refused for a moment; it is never a 500."""
    database, _cache = servers
    with Crowd(site) as crowd:
        for _n in range(10):
            time.sleep(0.5)
            database.kill_connections()
        after = time.monotonic()
        time.sleep(2)
    kinds = {answer.status_code for answer in crowd.since(0)}
    figure("503 of answers during 10 kills", f"{crowd.errors()} of {len(crowd.answers)}", "few")
    assert kinds <= {200, 503}
    assert crowd.errors(after) == 0
    assert crowd.signed_out() == 0


def test_a_stopped_database_is_a_503_and_then_over(site, servers, figure):
    database, _cache = servers
    with Crowd(site) as crowd:
        time.sleep(2)
        database.stop()
        stopped = time.monotonic()
        time.sleep(DOWN)
        health = requests.get(f"{site.url}/healthz", timeout=5).status_code
        ready = requests.get(f"{site.url}/readyz", timeout=5).status_code
        down = crowd.since(stopped + 1)
        database.start()
        back = time.monotonic()
        time.sleep(8)
    refused = [answer for answer in down if answer.status_code != 200]
    late = [at for at, _p, answer in crowd.answers if answer.status_code != 200 and at > back]
    recovery = round(max(late, default=back) - back, 1)
    figure(f"answers while down: 503 of {len(down)}", len(refused), "the rest from memory")
    figure("seconds until all is normal again", recovery, "≤ 5")
    assert refused
    assert {answer.status_code for answer in refused} == {503}
    assert all(answer.headers["Retry-After"] for answer in refused)
    assert (health, ready) == (200, 503)
    assert crowd.errors(back + 6) == 0
    assert crowd.signed_out() == 0
