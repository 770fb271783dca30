"""A site to measure: a filled database, gunicorn before it, somebody who is signed in."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import requests

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "bench"
THREADS = 8

# Prints {"count": …, "sessions": […]}: how many homes there are, and guests signed in, who are
# no newcomers and have not booked today: the limits of a day are not what is measured.
SIGN_IN = """
import json
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, BACKEND_SESSION_KEY, SESSION_KEY
from datetime import timedelta
from django.utils import timezone
from importlib import import_module
from accounts.limits import new_day
from accounts.models import User
from houses.models import House
sessions = []
buyers = User.objects.filter(mobile__startswith="17").order_by("pk")[:50]
new_day(*buyers)
pks = [user.pk for user in buyers]
User.objects.filter(pk__in=pks).update(created_at=timezone.now() - timedelta(days=30))
for user in buyers:
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    sessions.append(session.session_key)
print(json.dumps({"count": House.objects.count(), "sessions": sessions}))
"""

ANALYZE = """
from django.db import connection
names = connection.introspection.table_names()
with connection.cursor() as cursor:
    tables = "" if connection.vendor == "sqlite" else f" TABLE {','.join(names)}"
    cursor.execute(f"ANALYZE{tables}")
"""


class Site:
    """`profile` is embedded (SQLite, in-process cache) or real (DATABASE_URL and REDIS_URL)."""

    def __init__(self, profile, homes):
        self.profile, self.homes = profile, homes
        FOLDER.mkdir(parents=True, exist_ok=True)
        self.environment = os.environ | SECRETS | self.places()

    def places(self):
        if self.profile == "embedded":
            return {
                "DATABASE_URL": f"sqlite:///{FOLDER}/homes-{self.homes}.sqlite3",
                "REDIS_URL": "",
            }
        return {"DATABASE_URL": f"{os.environ['DATABASE_URL']}_bench_{self.homes}"}

    def manage(self, *arguments):
        """Run manage.py and return what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, env=self.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
        )
        return done.stdout

    def shell(self, code):
        return self.manage("shell", "--no-imports", "-c", code)

    def fill(self):
        """Make the database and its homes unless they are there. Returns the seconds it took."""
        if self.profile == "real":
            self.create_database()
        self.manage("migrate", "--no-input", "-v0")
        self.manage("collectstatic", "--no-input", "-v0")
        self.manage("loaddata", "areas", "facilities", "-v0")
        missing = self.homes - json.loads(self.shell(SIGN_IN))["count"]
        began = time.monotonic()
        if missing > 0:
            self.manage("bulk_houses", str(missing))
            self.shell(ANALYZE)
        return time.monotonic() - began if missing > 0 else None

    def create_database(self):
        import MySQLdb

        url = urlsplit(self.environment["DATABASE_URL"])
        server = MySQLdb.connect(
            host=url.hostname, port=url.port or 3306, user=url.username, password=url.password or ""
        )
        server.query(f"CREATE DATABASE IF NOT EXISTS `{url.path[1:]}` CHARACTER SET utf8mb4")

    @contextmanager
    def serving(self, workers):
        """gunicorn with this many processes, and people signed in to it."""
        self.start(workers)
        try:
            self.sessions = json.loads(self.shell(SIGN_IN))["sessions"]
            yield
        finally:
            os.killpg(self.server.pid, signal.SIGTERM)
            self.server.wait()

    def start(self, workers):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        command = [sys.executable, "-m", "gunicorn", "ihome_site.wsgi", "--preload"]
        command += ["--bind", urlsplit(self.url).netloc, "--log-level", "error"]
        command += ["--workers", str(workers), "--threads", str(THREADS)]
        with open(FOLDER / "server.log", "wb") as log:
            self.server = subprocess.Popen(
                command, env=self.environment, cwd=ROOT, stderr=log, start_new_session=True
            )
        self.wait()

    def wait(self):
        for _n in range(300):
            try:
                requests.get(f"{self.url}/healthz", timeout=1)
                return
            except requests.RequestException:
                time.sleep(0.2)
        raise RuntimeError("gunicorn does not answer")


SECRETS = {
    "DEBUG": "0",
    "ALLOW_TEST_BACKENDS": "1",
    "INSECURE_HTTP": "1",
    "ALLOWED_HOSTS": "127.0.0.1",
    "SECRET_KEY": secrets.token_urlsafe(50),
    "INDEX_KEY": secrets.token_urlsafe(50),
    "FIELD_KEYS": "ZGV2ZWxvcG1lbnQtb25seS1ub3QtYS1zZWNyZXQhISE=",  # nothing is sealed here
    "SMS_BACKEND": "file",
    "SMS_FILE": str(FOLDER / "sms.jsonl"),
    "MEDIA_ROOT": str(FOLDER / "media"),
    "STATIC_ROOT": str(FOLDER / "static"),
}
