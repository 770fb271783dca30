"""Every page, light and dark: no grave finding of axe, no heavy page, a picture of each."""

import gzip
import io

import pytest
from django.conf import settings
from django.core.management import call_command

from ihome_site.tests.e2e import axe
from ihome_site.tests.e2e.conftest import PHONE
from ihome_site.tests.e2e.pages import all_pages

SIZES = [(390, 844), (768, 1024), (1280, 800)]
HTML, CSS, JS = 15, 20, 30  # KiB, compressed, a page
KIB = 1024


@pytest.fixture
def town(site):
    call_command("loaddata", "areas", "facilities", verbosity=0)
    call_command("demo", force=True, stdout=io.StringIO())
    return list(all_pages())


@pytest.mark.parametrize("options", [PHONE, {}], ids=["phone", "desktop"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_grave(dark, options, visit, town):
    script = axe.source()
    found = {}
    tabs = dict.fromkeys({page.mobile for page in town})
    for page in town:
        tab = tabs[page.mobile] = tabs[page.mobile] or visit(page.user, dark, **options)
        tab.goto(page.path, wait_until="networkidle")
        found |= {page.name: lines} if (lines := axe.findings(tab, script)) else {}
    assert found == {}


def weights(tab, path):
    """Compressed sizes of what the browser fetched for a page, by kind."""
    total = {"document": 0, "stylesheet": 0, "script": 0}
    answers = []
    tab.on("response", lambda answer: answers.append(answer))
    tab.goto(path, wait_until="networkidle")
    for answer in answers:
        kind = answer.request.resource_type
        if kind in total and answer.ok:
            total[kind] += len(gzip.compress(answer.body(), 6))
    return total


def test_no_page_is_heavy(visit, town, figure):
    heaviest = {"document": 0, "stylesheet": 0, "script": 0}
    for page in town:
        tab = visit(page.user)
        found = weights(tab, page.path)
        heaviest = {kind: max(heaviest[kind], found[kind]) for kind in heaviest}
        tab.context.close()
    kib = {kind: round(size / KIB, 1) for kind, size in heaviest.items()}
    figure("heaviest HTML, CSS, JS in KiB", list(kib.values()), [HTML, CSS, JS])
    assert kib["document"] <= HTML
    assert kib["stylesheet"] <= CSS
    assert kib["script"] <= JS


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_picture_of_every_page(width, height, dark, visit, town):
    """var/screenshots/ is for looking; what can fail is a page wider than its window."""
    folder = settings.VAR_DIR / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    wide = []
    tabs = dict.fromkeys({page.mobile for page in town})
    size = {"viewport": {"width": width, "height": height}}
    for page in town:
        tab = tabs[page.mobile] = tabs[page.mobile] or visit(page.user, dark, **size)
        tab.goto(page.path, wait_until="networkidle")
        scheme = "dark" if dark else "light"
        tab.screenshot(path=folder / f"{page.name}-{width}-{scheme}.png", full_page=True)
        if tab.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(page.name)
    assert wide == []
