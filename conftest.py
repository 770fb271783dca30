"""What every test gets: cheap passwords, its own cache keys, throw-away files, no internet."""

import ipaddress
import secrets
import socket

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections, transaction
from django.test import override_settings


@pytest.fixture(scope="session", autouse=True)
def throw_away_settings(tmp_path_factory, django_test_environment):
    with override_settings(
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        MEDIA_ROOT=str(tmp_path_factory.mktemp("media")),
        SMS_BACKEND="file",
    ):
        yield


@pytest.fixture(scope="session")
def sms_directory(tmp_path_factory):
    return tmp_path_factory.mktemp("sms")


@pytest.fixture(autouse=True)
def own_cache_and_messages(settings, sms_directory):
    """Parallel tests may share one Redis, so nobody flushes it: each has keys of its own."""
    name = secrets.token_hex(8)
    settings.CACHES = {"default": settings.CACHES["default"] | {"KEY_PREFIX": f"test-{name}"}}
    settings.SMS_FILE = str(sms_directory / f"{name}.jsonl")


@pytest.fixture(autouse=True)
def commits_of_tests(monkeypatch):
    """Most tests run in one transaction that never commits: what waits for that happens at once."""

    def at_once(callback):
        blocks = connections["default"].atomic_blocks
        if blocks and blocks[0]._from_testcase:
            callback()
        else:
            transaction.on_commit(callback)

    monkeypatch.setattr("ihome_site.caching.on_commit", at_once)


@pytest.fixture(scope="session", autouse=True)
def no_internet():
    """A test that reaches for a public address fails instead of depending on it."""
    connect = socket.socket.connect

    def connect_nearby(sock, address):
        if sock.family != socket.AF_UNIX:
            host = socket.getaddrinfo(address[0], None)[0][4][0]
            if not ipaddress.ip_address(host).is_private:
                raise OSError(f"tests do not connect to {address[0]}")
        return connect(sock, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_nearby)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, tmp_path_factory):
    """SQLite tests use a file: threads and server processes can race on it as in earnest."""
    database = connections["default"]
    if database.vendor == "sqlite":
        file = tmp_path_factory.mktemp("database") / "test.sqlite3"
        database.settings_dict["TEST"]["NAME"] = str(file)


@pytest.fixture(scope="session")
def collected_static(tmp_path_factory):
    """Static files as a server with DEBUG off wants them."""
    folder = str(tmp_path_factory.mktemp("static"))
    hashed = {"staticfiles": {"BACKEND": "ihome_site.static_storage.HashedStaticFiles"}}
    with override_settings(STATIC_ROOT=folder):
        with override_settings(STORAGES=settings.STORAGES | hashed):
            call_command("collectstatic", interactive=False, verbosity=0)
        yield folder


@pytest.fixture
def figure(record_property):
    """figure(name, value, bar): a measured figure, printed when all tests have run."""

    def record(name, value, bar):
        record_property("figure", f"{name}: {value} (bar: {bar})")

    return record


def pytest_terminal_summary(terminalreporter):
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
    ]
    lines = [
        text for report in reports for name, text in report.user_properties if name == "figure"
    ]
    if lines:
        terminalreporter.section(f"figures on {connections['default'].vendor}")
        for line in lines:
            terminalreporter.line(line)
