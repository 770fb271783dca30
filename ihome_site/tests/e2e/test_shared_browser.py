"""A browser that several people use: what one leaves behind, the next does not see."""

import re

import pytest

from houses.models import Area
from ihome_site.testing import PASSWORD, chen, house_of_wang, li, order_of_li, wang
from ihome_site.tests.e2e import conftest
from ihome_site.tests.e2e.steps import press

HOME = re.compile("https?://[^/]+/$")
DRAFTS = "() => Object.keys(localStorage).filter(key => key.startsWith('draft:'))"
RETURNS = "addEventListener('pageshow', event => { window.cameBack = event.persisted })"
CAME_BACK = "window.cameBack === true"
READY = "() => document.documentElement.hasAttribute('data-ready')"


@pytest.fixture
def remembering(driver, site):
    """`visit` with the back-forward cache, which Playwright's browsers otherwise go without."""
    browser = conftest.launch(driver, ignore_default_args=["--disable-back-forward-cache"])
    yield from conftest.opener(browser, site)
    browser.close()


def sign_in(page, user):
    page.goto("/accounts/login/")
    page.fill("#id_mobile", user.mobile)
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(HOME)


def sign_out(page):
    page.goto("/accounts/me/")
    press(page, "退出")
    page.wait_for_url(HOME)


def back(page):
    """page.go_back() waits for a load, which a page that comes from memory never has."""
    page.evaluate("() => setTimeout(() => history.back())")


def write_half_a_home(page, title="写了一半的家"):
    page.goto("/houses/new/")
    page.fill("#id_title", title)
    page.wait_for_function(f"() => ({DRAFTS})().length")


def test_back_after_signing_out_shows_nothing(remembering):
    order = order_of_li(house_of_wang())
    page = remembering()
    page.add_init_script(RETURNS)
    sign_in(page, li())
    page.goto("/orders/")
    page.get_by_text(order.display_number).wait_for()
    sign_out(page)
    page.goto("/healthz")
    seen = []
    for path in ("/", "/accounts/me/", "/orders/"):
        back(page)
        page.wait_for_url(lambda url, path=path: path in url, wait_until="commit")
        page.wait_for_function(READY)
        shown = order.display_number in page.content()
        seen.append((path, shown, "/accounts/login/" in page.url))
    assert seen == [("/", False, False), ("/accounts/me/", False, True), ("/orders/", False, True)]


def test_a_strangers_page_does_come_back_from_the_browsers_memory(remembering):
    """The control arm: without a page that comes back, the test above would prove nothing."""
    house = house_of_wang()
    page = remembering()
    page.add_init_script(RETURNS)
    page.goto("/houses/")
    page.goto(f"/houses/{house.pk}/")
    back(page)
    page.wait_for_function(f"() => {CAME_BACK}")


def test_drafts_go_when_their_person_signs_out(phone, transactional_db):
    Area.objects.create(name="东城区")
    page = phone()
    sign_in(page, wang())
    write_half_a_home(page)
    sign_out(page)
    assert page.evaluate(DRAFTS) == []
    sign_in(page, wang())
    page.goto("/houses/new/")
    assert page.input_value("#id_title") == ""


def test_drafts_go_when_the_session_has_run_out(phone, transactional_db):
    Area.objects.create(name="东城区")
    page = phone(wang())
    write_half_a_home(page)
    page.context.clear_cookies()
    page.goto("/")
    assert page.evaluate(DRAFTS) == []


def test_drafts_go_when_somebody_else_signs_in(phone, site, transactional_db):
    Area.objects.create(name="东城区")
    page = phone(wang())
    write_half_a_home(page)
    page.context.clear_cookies()
    page.goto("/healthz")  # a page that forgets nothing
    assert len(page.evaluate(DRAFTS)) == 1
    conftest.sign_in(page.context, site, chen())
    page.goto("/accounts/me/")
    assert page.evaluate(DRAFTS) == []


def test_ones_own_draft_stays_while_one_looks_around(phone, transactional_db):
    Area.objects.create(name="东城区")
    page = phone(wang())
    write_half_a_home(page)
    page.goto("/accounts/me/")
    page.goto("/")
    page.goto("/houses/new/")
    page.get_by_text("接着上次").wait_for()
    assert page.input_value("#id_title") == "写了一半的家"
