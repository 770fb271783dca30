"""Photos: progress, refusals, a lost connection, huge files, dropping, undoing, moving."""

import pytest

from houses.models import HouseImage
from ihome_site.testing import house_of_wang, wang
from ihome_site.tests.e2e.steps import photo, press


@pytest.fixture
def page(visit):
    page = visit(wang())
    page.goto(f"/houses/{house_of_wang().pk}/images/")
    return page


def add(page, *names):
    before = page.locator("[data-photo]").count()
    page.set_input_files("#id_house_image", [photo(name) for name in names])
    page.get_by_text(f"{before + len(names)} / 12 张").wait_for()


def test_each_photo_shows_its_progress(page):
    page.route("**/images/", lambda route: (page.wait_for_timeout(300), route.continue_()))
    page.set_input_files("#id_house_image", [photo("客厅.jpg"), photo("卧室.jpg")])
    page.locator(".photo--loading progress").first.wait_for()
    page.get_by_text("2 / 12 张").wait_for()
    assert page.locator(".photo--loading").count() == 0


def test_a_refused_file_says_why_and_whose_it_is_once(page):
    broken = {"name": "说明.jpg", "mimeType": "image/jpeg", "buffer": b"not a picture"}
    page.set_input_files("#id_house_image", [broken, photo("客厅.jpg")])
    page.get_by_text("1 / 12 张").wait_for()
    failed = page.locator(".photo--failed")
    assert failed.inner_text().count("说明.jpg") == 1
    assert HouseImage.objects.count() == 1


def test_a_lost_connection_is_tried_again(page):
    turns = iter([True, False])

    def lose_first(route):
        lost = route.request.method == "POST" and next(turns, False)
        route.abort("connectionreset") if lost else route.continue_()

    page.route("**/images/", lose_first)
    add(page, "客厅.jpg")
    assert HouseImage.objects.count() == 1


def test_a_huge_photo_is_made_smaller_before_it_is_sent(page):
    sent = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request))
    page.set_input_files("#id_house_image", photo("全景.jpg", width=6000, height=4000))
    page.get_by_text("1 / 12 张").wait_for()
    assert HouseImage.objects.get().width == 1600
    assert len(sent) == 1
    assert int(sent[0].header_value("content-length")) < len(
        photo(width=6000, height=4000)["buffer"]
    )


def test_photos_can_be_dropped_on_the_page(page):
    drop = """async ([bytes]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], "客厅.jpg", {type: "image/jpeg"}));
        const zone = document.querySelector("[data-photos]");
        for (const name of ["dragover", "drop"]) {
            const options = {dataTransfer: data, bubbles: true, cancelable: true};
            zone.dispatchEvent(new DragEvent(name, options));
        }
    }"""
    page.evaluate(drop, [list(photo()["buffer"])])
    page.get_by_text("1 / 12 张").wait_for()


def open_menu(page, n):
    page.locator("[data-photo]").nth(n).locator(".photo__menu > summary").click()


def test_a_deleted_photo_can_be_had_back(page):
    add(page, "客厅.jpg", "卧室.jpg")
    open_menu(page, 1)
    page.locator("[data-photo]").nth(1).get_by_text("删除", exact=True).click()
    press(page, "撤销")
    assert page.locator("[data-photo]").count() == 2
    assert HouseImage.objects.count() == 2


def test_a_new_photo_can_be_deleted_at_once(page):
    def slowly(route):
        page.wait_for_timeout(1500)
        route.continue_()

    page.route("**/undo-delete*.js", slowly)
    page.reload()
    page.wait_for_selector("html[data-ready]")
    add(page, "客厅.jpg")
    open_menu(page, 0)
    page.locator("[data-photo]").get_by_text("删除", exact=True).click()
    page.get_by_text("照片已删除").wait_for()


def test_a_deleted_photo_is_gone_after_leaving_the_page(page):
    add(page, "客厅.jpg", "卧室.jpg")
    open_menu(page, 1)
    page.locator("[data-photo]").nth(1).get_by_text("删除", exact=True).click()
    page.get_by_text("照片已删除").wait_for()
    page.goto("/houses/mine/")
    page.wait_for_timeout(300)
    assert HouseImage.objects.count() == 1


def test_a_photo_is_dragged_to_its_place(page):
    add(page, "客厅.jpg", "卧室.jpg", "厨房.jpg")
    before = list(HouseImage.objects.values_list("pk", flat=True))
    handles = page.locator("[data-handle]")
    handles.nth(2).hover()
    page.mouse.down()
    page.locator("[data-photo]").nth(1).hover()
    with page.expect_response("**/move/"):
        page.mouse.up()
    first, second, third = before
    assert list(HouseImage.objects.values_list("pk", flat=True)) == [first, third, second]
