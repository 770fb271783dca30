"""Forms that keep what was typed, count down, and are kind to pasted codes."""

import pytest

from accounts.models import User
from houses.models import Area
from ihome_site.testing import house_of_wang, li, order_of_li, wang
from ihome_site.tests.e2e.steps import answer_captcha, photo, press

PASTE = """text => {
    const data = new DataTransfer();
    data.setData("text", text);
    const options = {clipboardData: data, bubbles: true, cancelable: true};
    document.activeElement.dispatchEvent(new ClipboardEvent("paste", options));
}"""


def ask_for_code(page, mobile="13911110001"):
    page.goto("/accounts/register/")
    page.fill("#id_mobile", mobile)
    answer_captcha(page)
    press(page, "获取验证码")


def test_the_code_button_counts_down(phone):
    page = phone()
    ask_for_code(page)
    button = page.locator("[data-sends-code]")
    page.get_by_text("秒后可重发").wait_for()
    assert button.is_disabled()
    first = button.inner_text()
    page.wait_for_function(
        "text => document.querySelector('[data-sends-code]').innerText !== text", arg=first
    )


def test_a_wrong_captcha_is_told_beside_its_field(phone):
    page = phone()
    page.goto("/accounts/register/")
    page.fill("#id_mobile", "13911110001")
    page.fill("#id_captcha_1", "no")
    press(page, "获取验证码")
    error = page.locator("#id_captcha_1_error li")
    error.wait_for()
    assert error.locator("svg").count() == 1
    assert page.evaluate("document.activeElement.id") == "id_captcha_1"


def test_a_code_may_be_pasted_with_words_around_it(phone):
    page = phone()
    page.goto("/accounts/login/sms/")
    page.focus("#id_sms_code")
    page.evaluate(PASTE, "【爱家】验证码 123 456，5 分钟内有效")
    assert page.input_value("#id_sms_code") == "123456"


def test_the_password_tells_how_strong_it_is(phone):
    page = phone()
    page.goto("/accounts/register/")
    said = page.locator("[data-strength-words]")
    words = []
    for password in ("abc", "abcdefgh1", "hutong-Tea-2026"):
        page.fill("#id_password", password)
        words.append(said.inner_text())
    assert len(set(words)) == 3


def test_what_was_typed_about_a_home_survives_closing_the_page(phone, transactional_db):
    Area.objects.create(name="东城区")
    page = phone(wang())
    page.goto("/houses/new/")
    page.fill("#id_title", "写了一半的家")
    page.fill("#id_price", "298")
    page.wait_for_timeout(600)
    page.goto("/")
    page.goto("/houses/new/")
    page.get_by_text("接着上次").wait_for()
    assert page.input_value("#id_title") == "写了一半的家"
    assert page.input_value("#id_price") == "298"


def test_publishing_goes_on_only_from_a_complete_step(phone, transactional_db):
    Area.objects.create(name="东城区")
    page = phone(wang())
    page.goto("/houses/new/")
    page.fill("#id_title", "写了一半的家")
    press(page, "下一步")
    assert page.locator("#id_price_error").get_by_text("这里要填").is_visible()
    assert page.evaluate("document.activeElement.id") == "id_price"
    page.fill("#id_price", "298")
    page.select_option("#id_area", label="东城区")
    page.fill("#id_address", "旧鼓楼大街128号")
    page.keyboard.press("Enter")
    page.get_by_text("第 2 步，共 4 步").wait_for()
    assert not page.locator("#id_title").is_visible()
    press(page, "上一步")
    assert page.input_value("#id_title") == "写了一半的家"


@pytest.mark.usefixtures("site")
def test_an_order_is_refused_in_a_sheet(phone):
    order = order_of_li(house_of_wang())
    page = phone(wang())
    page.goto("/orders/received/")
    press(page, "拒绝")
    sheet = page.locator("#reject")
    assert f"￥{order.amount:.0f}" in sheet.locator("[data-about]").inner_text()
    sheet.get_by_role("textbox").fill("那两天要修屋顶")
    press(page, "确定拒绝")
    page.get_by_text("已拒单，这几晚重新开放").wait_for()
    order.refresh_from_db()
    assert order.reason == "那两天要修屋顶"


@pytest.mark.usefixtures("site")
def test_news_are_marked_until_they_are_read(phone):
    order = order_of_li(house_of_wang())
    page = phone(wang())
    page.goto("/")
    mark = page.locator(".tab-bar").get_by_text("有新通知")
    assert mark.count() == 1
    page.goto("/accounts/notices/")
    page.get_by_text("收到新订单").wait_for()
    page.locator(".notice--new").wait_for(state="detached")
    page.goto("/")
    assert mark.count() == 0
    assert order.house.owner.notices.filter(read_at=None).count() == 0


def test_a_new_avatar_is_seen_before_it_is_sent(phone, transactional_db):
    user = li()
    page = phone(user)
    page.goto("/accounts/profile/")
    page.set_input_files("#id_avatar", photo("我.jpg"))
    canvas = page.locator("[data-crop] canvas")
    canvas.press("ArrowLeft")
    assert not User.objects.get(pk=user.pk).avatar
    press(page, "换上这张")
    page.get_by_text("头像已换好").wait_for()
    assert User.objects.get(pk=user.pk).avatar
