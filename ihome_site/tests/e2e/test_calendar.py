"""The calendar: which days can be picked, by mouse and by keys, and what they cost."""

import pytest

from houses.models import House
from ihome_site.testing import chen, day, house_of_wang, order_of_li, wang
from ihome_site.tests.e2e.steps import iso, pick, press
from orders.models import Order


def day_button(page, date):
    return page.locator(f'[data-day="{iso(date)}"]').locator("visible=true")


def is_open(page, date):
    return day_button(page, date).get_attribute("aria-disabled") is None


def chosen(page):
    return page.input_value("[name=begin_date]"), page.input_value("[name=end_date]")


def test_guests_may_arrive_on_the_day_others_leave(visit):
    house = house_of_wang()
    order_of_li(house, 3, 5)
    page = visit(chen())
    page.goto(f"/houses/{house.pk}/book/")
    assert [is_open(page, day(n)) for n in (2, 3, 4, 5)] == [True, False, False, True]
    pick(page, day(5), day(6))
    assert chosen(page) == (iso(day(5)), iso(day(6)))


def test_guests_may_leave_on_the_day_others_arrive(visit):
    house = house_of_wang()
    order_of_li(house, 3, 5)
    page = visit(chen())
    page.goto(f"/houses/{house.pk}/book/")
    pick(page, day(1), day(3))
    assert chosen(page) == (iso(day(1)), iso(day(3)))
    page.get_by_text("￥796").first.wait_for()


def test_too_few_and_too_many_nights_cannot_be_picked(visit):
    house = house_of_wang(min_days=2, max_days=3)
    page = visit(chen())
    page.goto(f"/houses/{house.pk}/book/")
    pick(page, day(4))
    ends = [n for n in range(5, 9) if day_button(page, day(n)).locator("xpath=..").count()]
    assert ends == [5, 6, 7, 8]
    pick(page, day(5))
    assert chosen(page)[1] == ""
    pick(page, day(4), day(7))
    assert chosen(page) == (iso(day(4)), iso(day(7)))


def test_keys_alone_book_a_stay(visit):
    house = house_of_wang()
    page = visit(chen())
    page.goto(f"/houses/{house.pk}/book/")
    day_button(page, day(0)).focus()
    for key in ("ArrowRight", "ArrowRight", "Enter", "ArrowDown", "Space"):
        page.keyboard.press(key)
    assert chosen(page) == (iso(day(2)), iso(day(9)))
    for _n in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "提交订单":
            break
    page.keyboard.press("Enter")
    page.get_by_text("订单已提交").wait_for()
    assert Order.objects.get().days == 7


@pytest.mark.usefixtures("site")
def test_the_owner_blocks_and_frees_by_dragging_and_tapping(visit):
    house = house_of_wang()
    month = day(40).replace(day=1)
    page = visit(wang())
    page.goto(f"/houses/{house.pk}/calendar/?month={month:%Y-%m}")
    first, last = (page.locator(f'[data-day="{month:%Y-%m}-{n}"]') for n in ("10", "12"))
    first.hover()
    page.mouse.down()
    last.hover()
    page.mouse.up()
    press(page, "设为不租")
    page.get_by_text("这几晚已设为不租").wait_for()
    assert House.objects.get().nights.blocked().count() == 3
    last.get_by_role("button").click()
    page.locator("[data-nights-bar]").get_by_role("button", name="重新开放").click()
    page.get_by_text("已重新开放 1 晚").wait_for()
    assert house.nights.blocked().count() == 2
