"""What the files of deploy/ say twice, or say of the code, must agree."""

import re
import runpy

from django.conf import settings

from accounts.views import AvatarView
from houses.views import HouseImagesView
from ihome_site.admin import BannerAdmin

DEPLOY = settings.BASE_DIR / "deploy"
MEGABYTE = 1024 * 1024


def text(name):
    return (DEPLOY / name).read_text(encoding="utf-8")


def found(pattern, name):
    """What the group of `pattern` matches in a file of deploy/, each once."""
    return set(re.findall(pattern, text(name), re.MULTILINE))


def gunicorn(monkeypatch):
    for name in ("WEB_THREADS", "WEB_WORKERS", "BIND"):
        monkeypatch.delenv(name, raising=False)
    return runpy.run_path(str(DEPLOY / "gunicorn.conf.py"))


def test_threads_are_those_that_memory_was_measured_with(monkeypatch):
    threads = str(gunicorn(monkeypatch)["threads"])
    assert found(r"^WEB_THREADS=(\d+)$", "ihome.env.example") == {threads}


def test_all_workers_fit_into_the_memory_of_an_instance():
    most = found(r"^MemoryMax=(\d+)G$", "systemd/ihome@.service")
    assert found(r"mem_limit: (\d+)g", "compose.yaml") == most == {"2"}
    [workers] = found(r"^WEB_WORKERS=(\d+)$", "ihome.env.example")
    assert (int(workers) + 1) * 350 < 2000  # and the main process


def test_who_stops_an_instance_waits_until_it_has_finished(monkeypatch):
    graceful = gunicorn(monkeypatch)["graceful_timeout"]
    assert found(r"proxy_read_timeout (\d+)s", "nginx.conf") == {str(graceful)}
    waits = found(r"^TimeoutStopSec=(\d+)$", "systemd/ihome@.service")
    assert found(r"stop_grace_period: (\d+)s", "compose.yaml") == waits
    assert all(int(seconds) > graceful for seconds in waits)


def test_nginx_the_upgrade_and_the_manual_name_the_same_instances():
    ports = found(r"server 127\.0\.0\.1:(\d+)", "nginx.conf")
    [listed] = found(r"for port in ([\d ]+);", "upgrade")
    manual = (settings.BASE_DIR / "docs/operations.md").read_text(encoding="utf-8")
    [enabled] = set(re.findall(r"enable --now ihome\.target (.+)$", manual, re.MULTILINE))
    assert ports == set(listed.split()) == {name.split("@")[1] for name in enabled.split()}


def test_nginx_lets_through_what_the_pages_take():
    text_of = text("nginx.conf")
    for place, largest in [
        ("images/$", HouseImagesView.largest_body),
        ("avatar/|admin/", max(AvatarView.largest_body, BannerAdmin.add_view.largest_body)),
    ]:
        block = text_of[text_of.index(place) :]
        allowed = int(re.search(r"client_max_body_size (\d+)m", block)[1]) * MEGABYTE
        assert 0 <= allowed - largest < 5 * MEGABYTE, place
    rest = int(re.search(r"client_max_body_size (\d+)m", text_of)[1]) * MEGABYTE
    assert rest == settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def test_the_folders_are_the_same_everywhere():
    [home] = found(r"^ReadWritePaths=(.+)$", "systemd/ihome@.service")
    assert found(r"^MEDIA_ROOT=(.+)$", "ihome.env.example") == {f"{home}/media"}
    assert found(r"alias (.+)/\$1;", "nginx.conf") == {f"{home}/media"}
    assert found(r"^STATIC_ROOT=(.+)$", "ihome.env.example") == {f"{home}/static"}
    assert f"root {home};" in text("nginx.conf")
    assert found(r"^ReadWritePaths=(.+)$", "systemd/ihome-command@.service") == {home}


def test_containers_run_the_jobs_that_timers_run():
    timers = {path.stem.removeprefix("ihome-") for path in DEPLOY.glob("systemd/*.timer")}
    jobs = found(r"python manage\.py (\w+)$", "compose.yaml")
    assert {name.replace("-", "_") for name in timers} - jobs == {"check_media"}  # by hand there


def test_nginx_keeps_nothing_that_is_missing():
    """ "always" would add the header to a 404 as well."""
    kept = re.findall(r'add_header Cache-Control "public[^;]*;', text("nginx.conf"))
    assert len(kept) == 3
    assert not any("always" in line for line in kept)


def test_nginx_repeats_hsts_wherever_a_location_adds_a_header():
    blocks = re.findall(r"^    location [^\n]*\{\n.*?^    \}", text("nginx.conf"), re.M | re.S)
    adding = [block for block in blocks if "add_header" in block]
    assert adding
    assert all("add_header Strict-Transport-Security $ihome_hsts always;" in b for b in adding)
