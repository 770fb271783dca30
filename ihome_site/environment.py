"""Reading settings from environment variables."""

import ipaddress
import os
from urllib.parse import unquote, urlsplit

from cryptography.fernet import Fernet, MultiFernet
from django.core.exceptions import ImproperlyConfigured

# The optimiser would read all nights into a table of its own to leave out the taken homes of one
# page. Told not to, it looks into the index for each home: 0.5 ms instead of 385 ms.
MYSQL_SESSION = (
    "SET sql_mode='STRICT_ALL_TABLES', innodb_lock_wait_timeout=3,"
    " optimizer_switch='materialization=off'"
)
MYSQL_OPTIONS = {
    "charset": "utf8mb4",
    # One plain read before the lock would, under REPEATABLE READ, show an old calendar.
    "isolation_level": "read committed",
    "init_command": MYSQL_SESSION,
    "connect_timeout": 3,
    "read_timeout": 10,
    "write_timeout": 10,
}
SQLITE_OPTIONS = {
    # A transaction that begins by reading and then writes fails under load; begin as a writer.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
}


def text(name, default=""):
    return os.environ.get(name, "").strip() or default


def flag(name, default=False):
    """A yes/no variable: 1, true, yes, on (any case) are yes, everything else set is no."""
    value = text(name)
    return value.lower() in {"1", "true", "yes", "on"} if value else default


def words(name, default=""):
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def networks(name, default=""):
    """Addresses and networks, as text. Raises ImproperlyConfigured for anything else."""
    given = words(name, default)
    for network in given:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}: {error}") from None
    return given


def fernet_keys(name, text):
    """The comma separated keys in `text`, which is the value of variable `name`."""
    keys = [key.strip() for key in text.split(",") if key.strip()]
    try:
        MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:  # its text does not repeat the key
        raise ImproperlyConfigured(f"{name}: {error}") from None
    return keys


SPECIAL = "In a password, # ? / : @ % [ ] are written %23 %3F %2F %3A %40 %25 %5B %5D."


def database(url):
    """Django's DATABASES entry for `sqlite:///path` or `mysql://user:password@host:port/name`.

    Raises ImproperlyConfigured for any other scheme or a URL without a database name.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured(f"DATABASE_URL is no address. {SPECIAL}") from None
    name = unquote(parts.path[1:])
    if not name or parts.query or parts.fragment:
        raise ImproperlyConfigured(f"DATABASE_URL names no database. {SPECIAL}")
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": name,
            "OPTIONS": SQLITE_OPTIONS,
            "CONN_MAX_AGE": 60,
        }
    if parts.scheme != "mysql":
        raise ImproperlyConfigured("DATABASE_URL must begin with sqlite:/// or mysql://")
    return {
        "ENGINE": "django.db.backends.mysql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "127.0.0.1",
        "PORT": str(port or 3306),
        "OPTIONS": MYSQL_OPTIONS,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_general_ci"},
    }
