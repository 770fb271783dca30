"""What a browser does beside showing pages: no network, sharing, paper, the gallery by keys."""

from ihome_site.testing import house_of_wang, li, order_of_li, wang
from ihome_site.tests.e2e.steps import photo


def test_without_a_network_a_page_says_so_and_nothing_private_is_kept(phone):
    page = phone(li())
    page.goto("/accounts/me/")
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.context.set_offline(True)
    page.goto("/orders/")
    page.get_by_role("heading", name="现在没有网络").wait_for()
    names = (
        "async () => (await (await caches.open((await caches.keys())[0])).keys()).map(r => r.url)"
    )
    kept = page.evaluate(names)
    assert [address for address in kept if "/static/" not in address] == [
        page.evaluate("location.origin") + "/offline/"
    ]


def test_the_link_of_a_home_can_be_copied(visit):
    house = house_of_wang()
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"/houses/{house.pk}/")
    page.evaluate("() => delete Navigator.prototype.share")
    page.locator(".wide-only [data-share]").click()
    page.get_by_text("链接已复制").wait_for()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied.endswith(f"/houses/{house.pk}/")


def test_an_order_on_paper_is_the_order_alone(visit):
    order = order_of_li(house_of_wang())
    page = visit(li())
    page.goto(order.get_absolute_url())
    page.emulate_media(media="print")
    assert page.get_by_text(order.display_number).first.is_visible()
    assert not page.locator(".top-bar").first.is_visible()
    assert not page.get_by_text("取消订单").first.is_visible()


def test_the_gallery_opens_and_turns_by_keys(visit):
    house = house_of_wang()
    owner = visit(wang())
    owner.goto(f"/houses/{house.pk}/images/")
    owner.set_input_files("#id_house_image", [photo("客厅.jpg"), photo("卧室.jpg")])
    owner.get_by_text("2 / 12 张").wait_for()
    page = visit()
    page.goto(f"/houses/{house.pk}/")
    opener = page.locator(".gallery__all")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    page.keyboard.press("ArrowRight")
    dialog.get_by_text("2 / 2").wait_for()
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert page.evaluate("document.activeElement.matches('.gallery__all')")
