"""Every page, light and dark: no grave finding of axe, no heavy page, a picture of each."""

import gzip
import io

import pytest
from django.conf import settings
from django.core.management import call_command

from ihome_site.tests.e2e import axe
from ihome_site.tests.e2e.conftest import PHONE
from ihome_site.tests.e2e.pages import all_pages

SIZES = {
    390: PHONE,
    768: {"viewport": {"width": 768, "height": 1024}, "has_touch": True},
    1280: {"viewport": {"width": 1280, "height": 800}},
}
HTML, CSS, JS = 15, 20, 30  # KiB, compressed, a page
KIB = 1024


@pytest.fixture
def town(site):
    call_command("loaddata", "areas", "facilities", verbosity=0)
    call_command("demo", force=True, stdout=io.StringIO())
    return list(all_pages())


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
def test_every_page_in_every_size(dark, visit, town, figure):
    """None is wider than its window, and axe finds nothing grave. var/screenshots/ has a picture
    of each, for looking. One test for all sizes: making the town takes as long as a size."""
    folder = settings.VAR_DIR / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    checker, scheme = checker_for(figure), "dark" if dark else "light"
    wide, grave = [], {}
    for width, options in SIZES.items():
        tabs = dict.fromkeys({page.mobile for page in town})
        for page in town:
            tab = tabs[page.mobile] = tabs[page.mobile] or visit(page.user, dark, **options)
            tab.goto(page.path, wait_until="networkidle")
            tab.screenshot(path=folder / f"{page.name}-{width}-{scheme}.png", full_page=True)
            if tab.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wide.append((page.name, width))
            if checker and (lines := axe.findings(tab, checker)):
                grave[page.name, width] = lines
        for tab in tabs.values():
            tab.context.close()
    assert (wide, grave) == ([], {})


def checker_for(figure):
    """The script of axe; None where it cannot be fetched, which is said."""
    try:
        return axe.source()
    except axe.Missing as error:
        figure("pages that axe looked at", f"none: {error}", "all")
        return None
