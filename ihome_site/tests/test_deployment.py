"""nginx and two gunicorns with the files of deploy/, on ports and folders of their own."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests
from django.conf import settings
from requests.adapters import HTTPAdapter

from accounts.models import LoginAttempt
from ihome_site.testing import house_of_wang
from ihome_site.tests.serving import environment, free_port
from ihome_site.views import MEDIA_POLICY

DEPLOY = Path(settings.BASE_DIR) / "deploy"
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
H2LOAD = shutil.which("h2load")
MAIN = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; {user}
events {{}}
http {{
    include /etc/nginx/mime.types;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    include {folder}/ihome.conf;
}}
"""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not NGINX, reason="nginx is not installed"),
]


class Installation:
    """What an engineer has after docs/operations.md, but for systemd. `url` is nginx's."""

    def __init__(self, folder, static):
        self.folder = folder
        self.ports = {name: free_port() for name in ("http", "https", "one", "two")}
        self.url = f"https://localhost:{self.ports['https']}"
        self.log = (folder / "servers.log").open("w")
        self.processes = {}
        (folder / "static").symlink_to(static)
        (folder / "media").symlink_to(settings.MEDIA_ROOT)
        self.make_certificate()
        self.write_configuration()

    def make_certificate(self):
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        command += ["-keyout", self.folder / "key.pem", "-out", self.folder / "certificate.pem"]
        command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        subprocess.run(command, check=True, capture_output=True)

    def write_configuration(self):
        text = (DEPLOY / "nginx.conf").read_text()
        certificates = "/etc/letsencrypt/live/ihome.example.com"
        for old, new in [
            (f"{certificates}/fullchain.pem", f"{self.folder}/certificate.pem"),
            (f"{certificates}/privkey.pem", f"{self.folder}/key.pem"),
            ("ihome.example.com", "localhost"),
            ("listen 80", f"listen 127.0.0.1:{self.ports['http']}"),
            ("listen 443", f"listen 127.0.0.1:{self.ports['https']}"),
            ("127.0.0.1:8001 ", f"127.0.0.1:{self.ports['one']} "),
            ("127.0.0.1:8002 ", f"127.0.0.1:{self.ports['two']} "),
            ("/var/lib/ihome", str(self.folder)),
            ("/srv/ihome/current", str(settings.BASE_DIR)),
            ("/var/log/nginx", str(self.folder)),
        ]:
            assert old in text
            text = text.replace(old, new)
        (self.folder / "ihome.conf").write_text(text)
        # nginx started by root hands its work to nobody, who cannot see this folder.
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(MAIN.format(folder=self.folder, user=user))

    def start_nginx(self):
        command = [NGINX, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]
        self.start("nginx", command, {})

    def change_nginx(self, *pairs):
        """Start nginx anew with some texts of its configuration replaced: old, new, old, new …"""
        file = self.folder / "ihome.conf"
        for old, new in zip(pairs[::2], pairs[1::2], strict=True):
            assert old in file.read_text()
            file.write_text(file.read_text().replace(old, new))
        self.stop("nginx")
        self.start_nginx()
        self.wait_for(f"http://localhost:{self.ports['http']}/")

    def start_site(self, name, **extra):
        bind = f"127.0.0.1:{self.ports[name]}"
        command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
        settings_of_a_server = {
            "BIND": bind,
            "WEB_WORKERS": "1",
            "INSECURE_HTTP": "",
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "TRUSTED_PROXIES": "127.0.0.1",
        }
        self.start(name, [*command, "ihome_site.wsgi"], settings_of_a_server | extra)
        self.wait_for(f"http://{bind}/healthz")

    def start(self, name, command, extra):
        self.processes[name] = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env=environment(**extra),
            stdout=self.log,
            stderr=self.log,
        )

    def wait_for(self, url):
        for _n in range(100):
            try:
                return requests.get(url, timeout=1, allow_redirects=False)
            except requests.RequestException:
                time.sleep(0.1)
        raise RuntimeError((self.folder / "servers.log").read_text())

    def stop(self, name):
        """As systemd does: the main process is told, and finishes what it has begun."""
        self.processes[name].send_signal(signal.SIGTERM)
        self.processes.pop(name).wait(timeout=70)

    def stop_all(self):
        for name in list(self.processes):
            self.stop(name)
        self.log.close()

    def browser(self, address="127.0.0.1"):
        """A session that comes from this address of the loopback network."""
        session = requests.Session()
        session.trust_env = False  # a proxy or another list of authorities
        session.verify = str(self.folder / "certificate.pem")
        adapter = HTTPAdapter()
        adapter.init_poolmanager(4, 4, source_address=(address, 0))
        session.mount("https://", adapter)
        csrf = "c" * 32
        session.headers.update(
            {
                "Host": "localhost",
                "Referer": "https://localhost/",
                "Cookie": f"__Host-csrftoken={csrf}",
                "X-CSRFToken": csrf,
            }
        )
        return session


@pytest.fixture
def site(tmp_path, collected_static, transactional_db):
    installation = Installation(tmp_path, collected_static)
    try:
        installation.start_site("one")
        installation.start_site("two")
        installation.start_nginx()
        installation.wait_for(f"http://localhost:{installation.ports['http']}/")
        yield installation
    finally:
        installation.stop_all()


def test_pages_come_over_tls_and_http_leads_there(site):
    page = site.browser().get(f"{site.url}/")
    assert page.status_code == 200
    assert "max-age=" in page.headers["Strict-Transport-Security"]
    plain = site.wait_for(f"http://localhost:{site.ports['http']}/houses/?p=2")
    assert (plain.status_code, plain.headers["Location"]) == (301, "https://localhost/houses/?p=2")
    with pytest.raises(requests.exceptions.SSLError):
        site.browser().get(f"https://127.0.0.1:{site.ports['https']}/")


def test_bodies_are_as_large_as_the_page_needs(site):
    browser, photos = site.browser(), f"/houses/{house_of_wang().pk}/images/"
    megabytes = {"/accounts/login/": 2, "/accounts/avatar/": 10, photos: 120}

    def status(path, size):
        body = b"x" * size * 1024 * 1024
        return browser.post(f"{site.url}{path}", data=body, allow_redirects=False).status_code

    found = {path: status(path, size) for path, size in megabytes.items()}
    assert found == {"/accounts/login/": 413, "/accounts/avatar/": 302, photos: 302}
    assert (status("/accounts/avatar/", 12), status(photos, 126)) == (413, 413)


def test_media_are_served_as_pictures_and_nothing_else(site):
    folder = Path(settings.MEDIA_ROOT) / "houses"
    folder.mkdir(exist_ok=True)
    (folder / "a.webp").write_bytes(b"RIFF")
    (folder / "a.html").write_text("<script>")
    picture = site.browser().get(f"{site.url}/media/houses/a.webp")
    assert picture.headers["Content-Type"] == "image/webp"
    assert picture.headers["Content-Security-Policy"] == MEDIA_POLICY
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in picture.headers["Cache-Control"]
    missing = site.browser().get(f"{site.url}/media/houses/missing.webp")
    assert (missing.status_code, "Cache-Control" in missing.headers) == (404, False)
    for path in ["houses/a.html", "../etc/passwd.webp", "houses/", "houses/b.webp"]:
        assert site.browser().get(f"{site.url}/media/{path}").status_code == 404


def test_the_ledger_has_the_visitors_own_address(site):
    form = {"mobile": "13900000007", "password": "wrong"}
    forged = {"X-Forwarded-For": "203.0.113.66", "Forwarded": "for=203.0.113.66"}
    site.browser(address="127.0.0.9").post(f"{site.url}/accounts/login/", form, headers=forged)
    assert LoginAttempt.objects.get().address == "127.0.0.9"


def hsts_of(answer):
    return answer.raw.headers.getlist("Strict-Transport-Security")


def test_every_answer_over_tls_has_the_sites_own_hsts_once(site):
    browser = site.browser()
    (folder := Path(settings.MEDIA_ROOT) / "houses").mkdir(exist_ok=True)
    (folder / "a.webp").write_bytes(b"RIFF")
    static = next(
        part for part in browser.get(f"{site.url}/").text.split('"') if "/static/css/" in part
    )
    wanted = hsts_of(browser.get(f"{site.url}/"))
    assert wanted == ["max-age=31536000; includeSubDomains; preload"]
    paths = [static, "/static/css/tokens.css", "/static/none.css", "/media/houses/a.webp"]
    paths += ["/media/houses/none.webp", "/media/x", "/metrics", "/nowhere/", "/houses", "/admin/"]
    for path in paths:
        answer = browser.get(f"{site.url}{path}", allow_redirects=False)
        assert hsts_of(answer) == wanted, path
    too_large = browser.post(f"{site.url}/accounts/login/", data=b"x" * 2 * 1024 * 1024)
    assert (too_large.status_code, hsts_of(too_large)) == (413, wanted)
    site.change_nginx("rate=30r/s", "rate=1r/m", "burst=120", "burst=1")
    refused = [browser.get(f"{site.url}/healthz") for _n in range(4)][-1]
    assert (refused.status_code, hsts_of(refused)) == (429, wanted)
    site.stop("one")
    site.stop("two")
    nobody = site.browser(address="127.0.0.9").get(f"{site.url}/healthz")
    assert (nobody.status_code, hsts_of(nobody)) == (502, wanted)


def test_answers_without_tls_have_no_hsts(site):
    plain = f"http://localhost:{site.ports['http']}"
    to_the_tls_port = f"http://localhost:{site.ports['https']}/"
    for url in [f"{plain}/", f"{plain}/.well-known/acme-challenge/x", to_the_tls_port]:
        assert hsts_of(requests.get(url, allow_redirects=False, timeout=5)) == [], url


def streams(site, paths, phones, each, total):
    """How many of `total` requests got 2xx, and how many another answer; all from one address.

    `phones` connections of HTTP/2 have `each` streams open at a time.
    """
    urls = site.folder / "urls"
    urls.write_text("\n".join(f"https://localhost:{site.ports['https']}{path}" for path in paths))
    # Little at a time, so that a file takes a while and all streams are open together.
    command = [H2LOAD, "-i", urls, "-c", str(phones), "-m", str(each), "-n", str(total)]
    run = subprocess.run([*command, "-w", "12"], check=True, capture_output=True, text=True)
    found = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", run.stdout)
    good, *others = map(int, found.groups())
    return good, sum(others)


@pytest.fixture
def page_of_pictures(site):
    """The paths of a page and of its 24 pictures."""
    (folder := Path(settings.MEDIA_ROOT) / "houses").mkdir(exist_ok=True)
    names = [f"picture-{n}.webp" for n in range(24)]
    for name in names:
        (folder / name).write_bytes(bytes(100_000))
    return ["/houses/", *(f"/media/houses/{name}" for name in names)]


needs_h2load = pytest.mark.skipif(not H2LOAD, reason="nghttp2-client is not installed")


@needs_h2load
def test_thirty_phones_behind_one_address_are_no_flood(site, page_of_pictures, figure):
    good, refused = streams(site, page_of_pictures, phones=30, each=25, total=750)
    figure("30 phones, 25 streams each, one address: refused", refused, "0")
    assert (good, refused) == (750, 0)
    page, *pictures = page_of_pictures
    for name, paths in [("pages", [page]), ("pictures", pictures)]:
        good, refused = streams(site, paths, phones=40, each=100, total=4000)
        figure(f"4,000 {name} at once from one address: refused", refused, "> 0")
        assert good > 0
        assert refused > 0


@needs_h2load
def test_sixty_connections_an_address_would_refuse_them(site, page_of_pictures, figure):
    """The control: the limit as it was, which counted each picture."""
    site.change_nginx("ihome_files_at_once 2000", "ihome_files_at_once 60")
    _good, refused = streams(site, page_of_pictures, phones=30, each=25, total=750)
    figure("the same with limit_conn 60: refused", refused, "> 0")
    assert refused > 0


def test_static_files_are_kept_for_ever_and_come_small(site):
    page = site.browser().get(f"{site.url}/").text
    path = next(part for part in page.split('"') if part.startswith("/static/css/tokens."))
    answer = site.browser().get(f"{site.url}{path}")
    assert answer.status_code == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    plain = site.browser().get(f"{site.url}/static/css/tokens.css")
    assert plain.headers["Cache-Control"] == "public, max-age=600"


def test_probes_are_for_the_inside(site):
    for path in ("/metrics", "/readyz"):
        assert site.browser().get(f"{site.url}{path}").status_code == 404
        inside = site.wait_for(f"http://127.0.0.1:{site.ports['one']}{path}")
        assert inside.status_code == 200


def ask_until(done, site, number, answers):
    """One visitor with an address of their own, below nginx's rate."""
    browser = site.browser(address=f"127.0.1.{number}")
    while not done.wait(0.05):
        answers.append(browser.get(f"{site.url}/houses/").status_code)


def answers_meanwhile(site, work, visitors=4):
    """The statuses that visitors got while `work` ran."""
    answers, done = [], threading.Event()
    threads = [
        threading.Thread(target=ask_until, args=(done, site, number + 1, answers))
        for number in range(visitors)
    ]
    for thread in threads:
        thread.start()
    work()
    done.set()
    for thread in threads:
        thread.join()
    return answers


def test_an_upgrade_one_instance_after_the_other_is_not_noticed(site, figure):
    def upgrade():
        for name in ("one", "two"):
            site.stop(name)
            site.start_site(name)

    answers = answers_meanwhile(site, upgrade)
    figure(
        "requests failed during an upgrade", sum(a != 200 for a in answers), f"0 of {len(answers)}"
    )
    assert set(answers) == {200}


def test_both_at_once_are_noticed(site):
    """The control: the visitors above would have seen a gap."""

    def careless():
        site.stop("one")
        site.stop("two")
        time.sleep(1)
        site.start_site("one")
        site.start_site("two")

    answers = answers_meanwhile(site, careless)
    assert 502 in answers


def test_with_nobody_behind_it_nginx_says_so_itself(site):
    site.stop("one")
    site.stop("two")
    answer = site.browser().get(f"{site.url}/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (502, "10")
    assert "马上回来" in answer.content.decode()


def test_the_units_are_what_systemd_understands(tmp_path):
    assert complaints(tmp_path / "as they are") == ""
    broken = {"ihome@.service": ("Restart=always", "Restart=sometimes")}
    assert "sometimes" in complaints(tmp_path / "broken", broken)


def complaints(root, changes=None):
    """What systemd-analyze verify says of the units, copied to a root of their own."""
    units = root / "etc/systemd/system"
    shutil.copytree(DEPLOY / "systemd", units)
    shutil.copytree("/usr/lib/systemd/system", root / "usr/lib/systemd/system", symlinks=True)
    for name, (old, new) in (changes or {}).items():
        (units / name).write_text((units / name).read_text().replace(old, new))
    programs = root / "srv/ihome/current/.venv/bin"
    programs.mkdir(parents=True)
    for name in ("python", "gunicorn"):
        (programs / name).touch(mode=0o755)
    named = ["ihome@8001.service", "ihome-command@clearsessions.service", "ihome.target"]
    timers = [path.name for path in units.glob("*.timer")]
    command = ["systemd-analyze", "verify", f"--root={root}", *named, *timers]
    result = subprocess.run(command, cwd=units, capture_output=True, text=True)
    return result.stderr + result.stdout
