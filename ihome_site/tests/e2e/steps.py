"""What people do in a browser, for tests on several pages."""

import io

from captcha.models import CaptchaStore
from PIL import Image

from ihome_site.testing import id_card_of

PHONE_WIDTH = 600
PASSWORD = "hutong-tea-2026"


def picture(width=1200, height=900, colour=(176, 140, 104)):
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "JPEG")
    return file.getvalue()


def photo(name="客厅.jpg", **size):
    """A file as Playwright's set_input_files wants it."""
    return {"name": name, "mimeType": "image/jpeg", "buffer": picture(**size)}


def iso(day):
    return day.isoformat()


def press(page, name, exact=True):
    """Press the visible button or link of this name: by finger on a phone, else by mouse."""
    button = page.get_by_role("button", name=name, exact=exact)
    target = button.or_(page.get_by_role("link", name=name, exact=exact))
    target = target.locator("visible=true").first
    target.tap() if page.viewport_size["width"] < PHONE_WIDTH else target.click()


def answer_captcha(page):
    key = page.input_value("#id_captcha_0")
    page.fill("#id_captcha_1", CaptchaStore.objects.get(hashkey=key).response)


def register(page, mobile, last_code):
    page.goto("/accounts/register/")
    page.fill("#id_mobile", mobile)
    answer_captcha(page)
    press(page, "获取验证码")
    page.get_by_text("5 分钟内有效").wait_for()
    page.fill("#id_sms_code", last_code())
    page.fill("#id_password", PASSWORD)
    page.fill("#id_password2", PASSWORD)
    press(page, "注册")
    page.get_by_text("注册好了").wait_for()


def prove_name(page, number=9):
    page.goto("/accounts/real-name/")
    page.fill("#id_real_name", "苏禾")
    page.fill("#id_id_card", id_card_of(number))
    page.check("#id_consent")
    press(page, "提交认证")
    page.get_by_text("实名认证完成").wait_for()


HOUSE = {
    "title": "鼓楼边的客厅",
    "price": "398",
    "address": "旧鼓楼大街128号",
    "room_count": "2",
    "acreage": "60",
    "unit": "两室一厅一卫",
    "capacity": "4",
    "beds": "2 张",
    "deposit": "500",
}


def publish(page):
    page.goto("/houses/new/")
    page.select_option("#id_area", label="东城区")
    for name, value in HOUSE.items():
        go_on_to(page, f"#id_{name}")
        page.fill(f"#id_{name}", value)
    go_on_to(page, ".chip")
    page.locator(".chip", has_text="无线网络").click()
    press(page, "保存，去放照片")
    page.get_by_text("房源已发布并上架").wait_for()


def go_on_to(page, selector):
    """Through the steps of a form, which without scripts are all on the page."""
    while not page.locator(selector).first.is_visible():
        press(page, "下一步")


def pick(page, *days):
    """Press these days in the calendar that is seen."""
    page.locator("[data-day]").locator("visible=true").first.wait_for()
    for day in days:
        button = page.locator(f'[data-day="{iso(day)}"]').locator("visible=true")
        while not button.count():
            press(page, "下个月")
        button.click()
