"""The site as it runs in earnest: gunicorn with several processes on the test's own database."""

import os
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import requests
from django.conf import settings
from django.db import connection
from django.test import Client

TIMEOUT = 30  # seconds: an answer that takes longer is a failure of its own


def environment(**extra):
    """The environment of a server that shares this test's database, keys and files."""
    return os.environ | {
        "DEBUG": "0",
        "ALLOW_TEST_BACKENDS": "1",
        "INSECURE_HTTP": "1",
        "ALLOWED_HOSTS": "127.0.0.1",
        "SECRET_KEY": settings.SECRET_KEY,
        "FIELD_KEYS": ",".join(settings.FIELD_KEYS),
        "INDEX_KEY": settings.INDEX_KEY,
        "SMS_BACKEND": "file",
        "SMS_FILE": settings.SMS_FILE,
        "MEDIA_ROOT": settings.MEDIA_ROOT,
        "STATIC_ROOT": settings.STATIC_ROOT,
        "DATABASE_URL": database_url(),
        "REDIS_PREFIX": settings.CACHES["default"]["KEY_PREFIX"],
        **extra,
    }


def database_url():
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    user = database["USER"] + (f":{database['PASSWORD']}" if database["PASSWORD"] else "")
    return f"mysql://{user}@{database['HOST']}:{database['PORT']}/{database['NAME']}"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running gunicorn. `url` is its address."""

    def __init__(self, application, workers, threads, **extra):
        command = ["--preload", "--log-level", "error"]
        command += ["--workers", str(workers), "--threads", str(threads)]
        # Visitors keep their connections between rounds; none may be closed under their hands.
        self.start(application, [*command, "--keep-alive", "60"], extra)

    def start(self, application, options, extra):
        address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{address}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", application, *options, "--bind", address],
            env=environment(**extra),
            cwd=settings.BASE_DIR,
            start_new_session=True,
        )
        self.wait_until_up()

    def wait_until_up(self):
        for _n in range(300):
            if self.process.poll() is not None:
                raise RuntimeError("gunicorn did not start")
            try:
                return requests.get(f"{self.url}/healthz", timeout=1)
            except requests.RequestException:
                time.sleep(0.1)
        raise RuntimeError("gunicorn does not answer")

    def worker_pids(self):
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(path) as children:
            return [int(pid) for pid in children.read().split()]

    def stop(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class ShippedServer(Server):
    """With deploy/gunicorn.conf.py: its threads, its timeouts, and as many workers as given."""

    def __init__(self, application, workers, **extra):
        options = ["-c", "deploy/gunicorn.conf.py", "--log-level", "error"]
        self.start(application, options, {"WEB_WORKERS": str(workers), **extra})


@contextmanager
def serving_as_shipped(application="ihome_site.wsgi", workers=2, **extra):
    server = ShippedServer(application, workers, **extra)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def serving(application="ihome_site.wsgi", workers=2, threads=8, **extra):
    server = Server(application, workers, threads, **extra)
    try:
        yield server
    finally:
        server.stop()


class Visitor:
    """Somebody with a browser of their own, signed in when `user` is given."""

    CSRF = "c" * 32

    def __init__(self, server, user=None):
        self.server = server
        self.browser = requests.Session()
        self.browser.cookies["csrftoken"] = self.CSRF
        if user:
            client = Client()
            client.force_login(user)
            self.browser.cookies["sessionid"] = client.cookies["sessionid"].value

    def get(self, path, **kwargs):
        return self.ask("GET", path, **kwargs)

    def post(self, path, **form):
        return self.ask("POST", path, data={"csrfmiddlewaretoken": self.CSRF, **form})

    def ask(self, method, path, **kwargs):
        url = self.server.url + path
        kwargs = {"allow_redirects": False, "timeout": TIMEOUT, **kwargs}
        return self.browser.request(method, url, **kwargs)


def all_at_once(actions):
    """Start every action at the same moment; their results in order."""
    barrier = threading.Barrier(len(actions))

    def run(action):
        barrier.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def p99(answers):
    """The time in seconds within which 99 of 100 answers came."""
    return statistics.quantiles([a.elapsed.total_seconds() for a in answers], n=100)[98]


def token():
    return secrets.token_urlsafe(16)
