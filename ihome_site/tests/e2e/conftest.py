"""A browser and a site for it: Debian's Chromium, the test database, hashed static files."""

import json
import os
import shutil
import threading
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.test import Client

PATIENCE = 20_000  # ms that an element may take to appear, on a machine with much to do
READY = "html[data-ready], html:not(:has(script[src*='js/main.']))"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def driver():
    playwright = pytest.importorskip("playwright.sync_api", reason="requirements-e2e.txt")
    if not chromium_path():
        pytest.skip("no Chromium: apt-get install chromium fonts-noto-cjk")
    # Playwright's loop looks to Django as if every test were asynchronous.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with playwright.sync_playwright() as running:
        yield running


def chromium_path():
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


def launch(driver, **options):
    arguments = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
    return driver.chromium.launch(executable_path=chromium_path(), args=arguments, **options)


@pytest.fixture(scope="session")
def chromium(driver):
    browser = launch(driver)
    yield browser
    browser.close()


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *arguments):
        """The tests say what went wrong; a line for each request would hide it."""


@pytest.fixture
def site(transactional_db, settings, collected_static):
    """The address of the site, served from this process: its caches are the test's own."""
    hashed = {"staticfiles": {"BACKEND": "ihome_site.static_storage.HashedStaticFiles"}}
    settings.STORAGES = settings.STORAGES | hashed
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler)
    server.set_app(WSGIHandler())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


class Watched:
    """What a page did that it must not do: the tests end by looking here."""

    def __init__(self, address):
        self.address = address
        self.complaints = []

    def watch(self, page):
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("request", self.see)

    def hear(self, message):
        refused = message.text.startswith("Failed to load resource")
        if message.type == "error" and not refused:
            self.complaints.append(f"console: {message.text}")

    def see(self, request):
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.complaints.append(f"left the site: {request.url}")


@pytest.fixture
def visit(chromium, site):
    """visit(user=None, dark=False, **options): a page in a browser of its own.

    Whatever a test does, no page of it may break the content security policy, raise an error
    or ask another host for anything.
    """
    yield from opener(chromium, site)


def opener(browser, site):
    """Yields what `visit` is, for pages of this browser."""
    watched = Watched(site)
    contexts = []

    def open_page(user=None, dark=False, **options):
        scheme = "dark" if dark else "light"
        options = {"viewport": {"width": 1280, "height": 800}, **options}
        context = browser.new_context(
            base_url=site, color_scheme=scheme, locale="zh-CN", reduced_motion="reduce", **options
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        if user:
            sign_in(context, site, user)
        page = context.new_page()
        watched.watch(page)
        if options.get("java_script_enabled", True):
            page.goto = partial(go_when_ready, page, page.goto)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert watched.complaints == []


def go_when_ready(page, go, address, **options):
    """page.goto, back when the page's own scripts have started as well.

    People are slower than that; a test's first key press is not.
    """
    response = go(address, **options)
    page.wait_for_selector(READY, state="attached")
    return response


@pytest.fixture
def phone(visit):
    return partial(visit, **PHONE)


def sign_in(context, site, user):
    client = Client()
    client.force_login(user)
    name = django_settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site}])


@pytest.fixture
def last_code(settings):
    """The code of the newest text message."""

    def read():
        with open(settings.SMS_FILE) as lines:
            return json.loads(lines.readlines()[-1])["code"]

    return read
