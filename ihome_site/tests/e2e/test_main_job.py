"""Register, prove, publish, find, book, accept, stay, review: by finger, and without scripts."""

import pytest

from houses.models import Area, Facility, House
from ihome_site.testing import day, move_to_past
from ihome_site.tests.e2e import steps
from ihome_site.tests.e2e.steps import iso, press
from orders.models import Order


@pytest.fixture
def seed():
    Area.objects.create(name="东城区")
    Facility.objects.create(name="无线网络", icon="wifi")


def add_photos(page):
    page.set_input_files("#id_house_image", [steps.photo("客厅.jpg"), steps.photo("卧室.jpg")])
    if page.get_by_role("button", name="上传").is_visible():
        press(page, "上传")
    page.get_by_text("2 / 12 张").wait_for()


def search_by_finger(page):
    page.goto("/")
    page.locator(".search-box__dates").tap()
    steps.pick(page, day(3), day(5))
    page.locator("#stay").get_by_role("button", name="搜索房源").tap()
    page.get_by_text("1 套").first.wait_for()


def search_without_script(page):
    page.goto("/")
    page.locator(".search-box__dates").click()
    page.fill("#id_sd", iso(day(3)))
    page.fill("#id_ed", iso(day(5)))
    page.locator("#stay").get_by_role("button", name="搜索房源").click()


def book(page):
    press(page, steps.HOUSE["title"])
    press(page, "即刻预定")
    page.get_by_role("heading", name="确认预定").wait_for()
    press(page, "提交订单")
    page.get_by_text("订单已提交").wait_for()


def review(page, order):
    page.goto("/orders/")
    press(page, "写评价")
    page.locator("label", has_text="5 星").click()
    page.fill("#id_text", "推开窗就是灰瓦屋顶")
    press(page, "提交评价")
    page.get_by_text("谢谢您的评价").wait_for()


@pytest.mark.usefixtures("seed")
@pytest.mark.parametrize("javascript", [True, False], ids=["by-finger", "without-javascript"])
def test_the_main_job(javascript, phone, last_code):
    owner, guest = (phone(java_script_enabled=javascript) for _n in range(2))
    steps.register(owner, "13911110001", last_code)
    steps.register(guest, "13911110002", last_code)
    steps.prove_name(owner)
    steps.publish(owner)
    add_photos(owner)
    assert House.objects.get().cover

    (search_by_finger if javascript else search_without_script)(guest)
    book(guest)
    order = Order.objects.get()
    assert (order.begin_date, order.end_date, order.guests) == (day(3), day(5), 1)

    owner.goto("/orders/received/")
    press(owner, "接单")
    if javascript:
        assert "2 晚" in owner.locator("#accept").inner_text()
        press(owner, "确定接单")
    owner.get_by_text("已接单，等房客来吧").wait_for()
    move_to_past(Order.objects.get(), days=5)
    review(guest, order)
    guest.goto(f"/houses/{order.house_id}/")
    assert guest.get_by_text("推开窗就是灰瓦屋顶").is_visible()
