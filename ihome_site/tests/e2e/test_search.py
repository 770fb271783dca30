"""Search without reloading: chips, the endless list, and the way back."""

import pytest

from houses.models import Facility
from ihome_site.testing import house_of_wang

HOMES = 60  # three pages of cards


@pytest.fixture
def street(transactional_db):
    Facility.objects.create(name="无线网络")
    return [house_of_wang(title=f"第 {n} 家", price=100 + n) for n in range(HOMES)]


def cards(page):
    return page.locator(".house-card")


def scroll_until(page, count):
    for _n in range(40):
        if cards(page).count() >= count:
            return
        page.mouse.wheel(0, 4000)
        page.wait_for_timeout(100)
    raise AssertionError(f"{cards(page).count()} cards instead of {count}")


def test_more_homes_come_by_scrolling(phone, street):
    page = phone()
    page.goto("/houses/")
    assert cards(page).count() == 24
    scroll_until(page, HOMES)
    titles = page.locator(".house-card__title").all_inner_texts()
    assert len(set(titles)) == HOMES


def test_back_from_a_home_lands_where_the_list_was_left(visit, street):
    page = visit()
    page.goto("/houses/?sk=price-inc")
    scroll_until(page, HOMES)
    link = page.get_by_role("link", name="第 50 家", exact=True)
    link.scroll_into_view_if_needed()
    before = link.bounding_box()["y"]
    link.click()
    page.get_by_role("heading", name="第 50 家", exact=True).first.wait_for()
    page.go_back(wait_until="networkidle")
    link.wait_for()
    page.wait_for_function("() => window.scrollY > 1000")
    assert abs(link.bounding_box()["y"] - before) < 60


def test_the_pages_link_works_without_scripts(visit, street):
    page = visit(java_script_enabled=False)
    page.goto("/houses/")
    page.get_by_role("link", name="看更多").click()
    assert cards(page).count() == 24
    assert "p=2" in page.url


def test_a_chip_refreshes_the_list_and_keeps_the_focus(visit, street):
    street[0].facilities.add(Facility.objects.get())
    page = visit()
    page.goto("/houses/")
    chip = page.locator(".wide-only .chip", has_text="无线网络")
    chip.focus()
    page.keyboard.press("Enter")
    page.get_by_text("1 套").first.wait_for()
    assert cards(page).count() == 1
    assert "无线网络" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    page.get_by_text("60 套").first.wait_for()
    assert page.evaluate("document.activeElement.matches('.chip')")
    page.go_back()
    page.get_by_text("1 套").first.wait_for()
    assert "facility=" in page.url
