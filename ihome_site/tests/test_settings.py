"""Production settings in a process of their own: what they refuse, and what they set."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core import checks

from ihome_site.checks import isolation_level

SECRETS = {
    "SECRET_KEY": "tJ4wPq9Zx7Lm2Vb8Nc6Kd5Hf3Gs1Ra0Yu-Ei_Oo7Ww4Qq9Zz2Xx",
    "FIELD_KEYS": "ZGV2ZWxvcG1lbnQtb25seS1ub3QtYS1zZWNyZXQhISE=",
    "INDEX_KEY": "an-index-key-of-some-length-0123456789",
}
PRODUCTION = SECRETS | {
    "DEBUG": "0",
    "ALLOWED_HOSTS": "ihome.example.com",
    "SMS_BACKEND": "aliyun",
    "ALIYUN_ACCESS_KEY_ID": "id",
    "ALIYUN_ACCESS_KEY_SECRET": "secret",
    "ALIYUN_SMS_SIGN": "爱家租房",
    "ALIYUN_SMS_TEMPLATE": "SMS_1",
    "PATH": os.environ["PATH"],
}


def manage(*arguments, **environment):
    """manage.py in production, without this process' environment; "" takes a variable away."""
    given = {name: value for name, value in (PRODUCTION | environment).items() if value}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env=given,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
    )


def test_djangos_own_checklist_has_nothing_to_say():
    done = manage("check", "--deploy", "--fail-level", "WARNING")
    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues (0 silenced)" in done.stdout


@pytest.mark.parametrize("name", SECRETS)
def test_a_missing_secret_stops_the_start(name):
    done = manage("check", **{name: ""})
    assert done.returncode != 0
    assert f"{name} must be set when DEBUG is off" in done.stderr


@pytest.mark.parametrize("backend", ["console", "file", "", "pigeon"])
def test_production_sends_no_texts_to_a_test_backend(backend):
    done = manage("check", SMS_BACKEND=backend)
    assert done.returncode != 0
    assert "SMS_BACKEND" in done.stderr


def test_a_trial_may_use_a_test_backend():
    assert manage("check", SMS_BACKEND="file", ALLOW_TEST_BACKENDS="1").returncode == 0


@pytest.mark.parametrize("name", ["ALIYUN_ACCESS_KEY_SECRET", "ALIYUN_SMS_TEMPLATE"])
def test_a_provider_without_its_keys_stops_the_start(name):
    done = manage("check", **{name: ""})
    assert done.returncode != 0
    assert name in done.stderr


@pytest.mark.parametrize("keys", ["not-a-fernet-key", "c2hvcnQ=", ","])
def test_a_key_that_cannot_encrypt_stops_the_start(keys):
    done = manage("check", FIELD_KEYS=keys)
    assert done.returncode != 0
    assert "FIELD_KEYS" in done.stderr


@pytest.mark.parametrize("proxies", ["nonsense", "10.0.0.1/8"])
def test_a_proxy_that_is_no_address_stops_the_start(proxies):
    done = manage("check", TRUSTED_PROXIES=proxies)
    assert done.returncode != 0
    assert "TRUSTED_PROXIES" in done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "postgres://localhost/ihome",
        "mysql://i:a#b@h/ihome",
        "mysql://i:a?b@h/ihome",
        "mysql://i:[@h/ihome",
        "mysql://i:p@h:x/ihome",
        "mysql://i:p@h",
    ],
)
def test_an_unreadable_database_address_stops_the_start(url):
    done = manage("check", DATABASE_URL=url)
    assert done.returncode != 0
    assert "ImproperlyConfigured: DATABASE_URL" in done.stderr


PRINT = (
    "from django.conf import settings as s; print(s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE,"
)
PRINT += " s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.SESSION_COOKIE_HTTPONLY)"


def test_cookies_travel_by_https_alone():
    done = manage("shell", "--no-imports", "-c", PRINT)
    assert done.stdout.split() == ["__Host-sessionid", "True", "True", "True", "True"]


def test_error_mails_hold_the_traceback_alone():
    code = "from django.conf import settings as s; print(s.DEFAULT_EXCEPTION_REPORTER)"
    done = manage("shell", "--no-imports", "-c", code)
    assert done.stdout.strip() == "ihome_site.reporting.TracebackAlone"


def test_a_trial_on_plain_http_has_djangos_cookie_names():
    done = manage("shell", "--no-imports", "-c", PRINT, INSECURE_HTTP="1")
    assert done.stdout.split() == ["sessionid", "False", "False", "False", "True"]


@pytest.mark.django_db
def test_the_database_works_at_the_isolation_level_we_count_on():
    assert isolation_level(databases=["default"]) == []


@pytest.mark.django_db
def test_another_isolation_level_is_an_error(monkeypatch):
    monkeypatch.setattr(
        "ihome_site.checks.transaction_isolation", lambda connection: "REPEATABLE-READ"
    )
    (error,) = isolation_level(databases=["default"])
    assert (error.level, error.id) == (checks.ERROR, "ihome.E001")
