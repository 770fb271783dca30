#!/usr/bin/env python3
"""Start, test and check the site with nothing but Python 3.11 or newer.

    python3 dev.py run [--port 8000]     migrate, seed and serve on 127.0.0.1
    python3 dev.py test [--e2e] [...]    the tests; what follows goes to pytest (-m slow, -k name)
    python3 dev.py lint                  ruff check and ruff format --check
    python3 dev.py manage COMMAND [...]  manage.py
    python3 dev.py bench [...]           how fast the pages are; see bench/README.md

Makes .venv on first use and installs again when a requirements file has changed.
run and manage read .env (KEY=VALUE lines; the environment wins). The tests do not:
a developer's keys must not change what they say. DATABASE_URL and REDIS_URL choose
the database and the cache of all four.
"""

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
DRIVER_PACKAGES = "apt-get install gcc libc6-dev python3-dev libmariadb-dev pkg-config"

SEEDED = """
import sys
from houses.models import Area, Facility
sys.exit(not (Area.objects.exists() and Facility.objects.exists()))
"""

# A user who may not create databases can still use one that is there, hence the two steps.
CREATE_DATABASE = """
import os, sys
import MySQLdb
from ihome_site.environment import database

wanted = database(os.environ["DATABASE_URL"])
server = {"host": wanted["HOST"], "port": int(wanted["PORT"]), "user": wanted["USER"],
          "password": wanted["PASSWORD"], "connect_timeout": 3}
UNKNOWN_DATABASE = 1049
try:
    try:
        MySQLdb.connect(database=wanted["NAME"], **server)
    except MySQLdb.OperationalError as error:
        if error.args[0] != UNKNOWN_DATABASE:
            raise
        name = wanted["NAME"].replace("`", "``")
        MySQLdb.connect(**server).query(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
except MySQLdb.Error as error:
    where = f"{wanted['HOST']}:{wanted['PORT']}"
    sys.exit(f"The database server of DATABASE_URL ({where}) refused or did not answer: {error}")
"""


def run(arguments):
    parser = argparse.ArgumentParser(prog="dev.py run")
    parser.add_argument("--port", type=int, default=8000)
    port = parser.parse_args(arguments).port
    read_env_file()
    install("requirements.txt")
    (ROOT / "var").mkdir(exist_ok=True)
    if uses_mysql():
        call(PYTHON, "-c", CREATE_DATABASE)
    call(PYTHON, "manage.py", "migrate", "--no-input", "--verbosity", "0")
    # Loading again would undo what an operator has renamed.
    if not succeeds(PYTHON, "manage.py", "shell", "--no-imports", "-c", SEEDED):
        call(PYTHON, "manage.py", "loaddata", "areas", "facilities")
    call(PYTHON, "manage.py", "demo", "--if-empty")
    say(f"Serving on http://127.0.0.1:{port}/ until Ctrl-C")
    become("manage.py", "runserver", f"127.0.0.1:{port}")


def test(arguments):
    browser = "--e2e" in arguments
    install("requirements-e2e.txt" if browser else "requirements-dev.txt")
    os.environ["DEBUG"] = "1"
    if browser:
        arguments = ["-m", "not slow", *(word for word in arguments if word != "--e2e")]
    become("-m", "pytest", "-n", "auto", *arguments)


def lint(arguments):
    install("requirements-dev.txt")
    checked = succeeds(PYTHON, "-m", "ruff", "check", *arguments, ".")
    formatted = succeeds(PYTHON, "-m", "ruff", "format", "--check", ".")
    sys.exit(not (checked and formatted))


def manage(arguments):
    read_env_file()
    install("requirements.txt")
    (ROOT / "var").mkdir(exist_ok=True)
    become("manage.py", *arguments)


def bench(arguments):
    install("requirements.txt")
    become("-m", "bench", *arguments)


COMMANDS = {"run": run, "test": test, "lint": lint, "manage": manage, "bench": bench}


def read_env_file():
    path = ROOT / ".env"
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith("#"):
            os.environ.setdefault(key.strip(), value.strip().strip("\"'"))


def uses_mysql():
    return os.environ.get("DATABASE_URL", "").startswith("mysql")


def install(name):
    """Bring .venv up to the requirements file, and to the MySQL driver's where it is used."""
    make_venv()
    install_file(name, "Is the package index reachable?")
    if uses_mysql():
        install_file(
            "requirements-mysql.txt",
            f"The MySQL driver is built on this machine and needs:\n  {DRIVER_PACKAGES}",
        )


def make_venv():
    if PYTHON.exists() and any(VENV.glob("lib/python*/site-packages/pip")):
        return
    say("Making .venv")
    shutil.rmtree(VENV, ignore_errors=True)
    uv = shutil.which("uv")
    if uv and succeeds(uv, "venv", "--quiet", "--seed", "--python", sys.executable, VENV):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    # Debian's Python has the venv module without what it needs to work.
    if importlib.util.find_spec("ensurepip") is None:
        sys.exit("This Python cannot make a virtual environment:\n  apt-get install python3-venv")
    call(sys.executable, "-m", "venv", VENV)


def install_file(name, advice):
    if is_current(name):
        return
    say(f"Installing {name}")
    uv = shutil.which("uv")
    options = ["--quiet", "--require-hashes", "-r", name]
    by_uv = uv and succeeds(uv, "pip", "install", "--python", PYTHON, *options)
    if not by_uv and not succeeds(PYTHON, "-m", "pip", "install", *options):
        sys.exit(f"{name} could not be installed; the reason stands above.\n{advice}")
    stamp(name).write_text(digest(name))


def is_current(name):
    return stamp(name).is_file() and stamp(name).read_text() == digest(name)


def digest(name):
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def stamp(name):
    return VENV / f"installed-{name}"


def say(sentence):
    print(sentence, flush=True)


def succeeds(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL).returncode == 0


def call(*command):
    code = subprocess.run(command, stdin=subprocess.DEVNULL).returncode
    if code:
        sys.exit(code)


def become(*arguments):
    """Go on as the environment's Python, so that signals and the exit code are its own."""
    sys.stdout.flush()
    os.execv(PYTHON, [str(PYTHON), *arguments])


def main():
    if sys.version_info < (3, 11):  # noqa: UP036 (an older Python gets as far as this line)
        sys.exit("Python 3.11 or newer is needed; this is {}.{}.".format(*sys.version_info))
    arguments = sys.argv[1:]
    if not arguments or arguments[0] not in COMMANDS:
        sys.exit(__doc__)
    os.chdir(ROOT)
    # What another project has exported must not reach this one.
    for name in ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"):
        os.environ.pop(name, None)
    os.environ.update(DJANGO_SETTINGS_MODULE="ihome_site.settings", PIP_NO_INPUT="1", PIP_USER="0")
    home = os.path.expanduser("~")
    if not (os.path.isdir(home) and os.access(home, os.W_OK)):
        os.environ.update(PIP_NO_CACHE_DIR="1", UV_NO_CACHE="1")
    try:
        COMMANDS[arguments[0]](arguments[1:])
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
