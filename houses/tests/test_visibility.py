"""What operators took off is there for its owner and for them, on every URL of a home."""

import json
import re
import threading
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import OperationalError, transaction
from django.db.models.deletion import Collector
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from accounts.models import User
from houses import newness, photo_files
from houses.models import House, HouseImage
from houses.tests.test_owner_pages import picture
from ihome_site.images import PHOTO_WIDTHS, sizes
from ihome_site.refusals import Busy
from ihome_site.testing import chen, client_of, day, house_of_wang, li, order_of_li, wang
from ihome_site.tests.threads import at_once
from orders.invariants import broken_rules
from orders.models import Order

pytestmark = pytest.mark.django_db
ROLES = ["anonymous", "stranger", "guest", "owner", "operator"]
HIDDEN = [404, 404, 404, 200, 200]
OWNERS = [302, 404, 404, 200, 404]
POSTED = [302, 404, 404, 302, 404]
# What each URL of a home that is off by the operators' word answers, asked as its page asks.
TABLE = {
    "houses:detail": HIDDEN,
    "houses:edit": [302, 302, 302, 200, 302],  # for who has proved their name
    "houses:images": OWNERS,
    "houses:calendar": OWNERS,
    "houses:list_house": POSTED,
    "houses:unlist_house": POSTED,
    "houses:image_cover": POSTED,
    "houses:image_move": POSTED,
    "houses:image_delete": POSTED,
    "orders:book": HIDDEN,
    "orders:quote": HIDDEN,
}
POSTS = {"list_house", "unlist_house", "image_cover", "image_move", "image_delete"}


def routes(resolver=None, prefix="", namespace=""):
    """(name, route) of every URL below /houses/ that takes the number of a row."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            if pattern.namespace != "admin":
                yield from routes(pattern, route, f"{pattern.namespace}:")
        elif route.startswith("houses/") and "<int:" in route:
            yield namespace + pattern.name


def hold(house, operator):
    house.hold(operator, "有人投诉")


def refuse(house, operator):
    house.refuse(operator, "照片不清楚")


def wait(house, operator):
    house.refuse(operator, "照片不清楚")
    house.content_changed()


def disable(house, operator):
    house.owner.disable(operator, "冒用他人照片")


STATES = [hold, refuse, wait, disable]


@pytest.fixture
def operator():
    return User.objects.create_superuser("13900000009", "x")


@pytest.fixture
def house():
    house = house_of_wang()
    client_of(wang()).post(f"/houses/{house.pk}/images/", {"house_image": picture()})
    house.refresh_from_db()
    return house


@pytest.fixture
def clients(operator):
    return dict(
        zip(ROLES, [Client(), *map(client_of, (chen(), li(), wang(), operator))], strict=True)
    )


def ask(client, name, house):
    page = name.partition(":")[2]
    pk = house.images.get().pk if page.startswith("image_") else house.pk
    stay = {"begin_date": day(5).isoformat(), "end_date": day(7).isoformat()}
    method = client.post if page in POSTS else client.get
    return method(reverse(name, args=[pk]), stay if page == "quote" else {})


def test_every_url_of_a_home_has_a_row():
    assert set(routes()) == set(TABLE)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", TABLE)
def test_what_each_role_gets_of_a_home_that_is_off(name, state, house, clients, operator):
    order_of_li(house)
    state(house, operator)
    expected = dict(zip(ROLES, TABLE[name], strict=True))
    if state is disable:  # who is signed out by it
        expected["owner"] = expected["anonymous"]
    found = {}
    for role in reversed(ROLES):  # the owner last but for those who may nothing: one deletes
        if name == "houses:image_delete" and role == "owner" and state is not disable:
            continue
        answer = ask(clients[role], name, house)
        found[role] = answer.status_code
        if answer.status_code == 404:
            assert_tells_nothing(answer, house)
    if name == "houses:image_delete" and state is not disable:
        found["owner"] = ask(clients["owner"], name, house).status_code
    assert found == expected


def assert_tells_nothing(answer, house):
    html = answer.content.decode()
    told = [house.title, house.address, "398", *house.images.values_list("file", flat=True)]
    assert [text for text in told if text in html] == []


@pytest.mark.parametrize("state", STATES)
def test_nobody_else_books_it_by_post(state, house, clients, operator):
    state(house, operator)
    form = {"begin_date": day(5).isoformat(), "end_date": day(7).isoformat(), "token": "t"}
    answers = [
        clients[role].post(f"/houses/{house.pk}/book/", form).status_code
        for role in ("anonymous", "stranger", "guest", "operator")
    ]
    assert answers == [404, 404, 404, 409]
    assert not house.orders.exists()


@pytest.mark.parametrize("state", STATES)
def test_a_page_kept_before_is_gone_right_after_and_comes_back(state, house, clients, operator):
    paths = [f"/houses/{house.pk}/", f"/houses/{house.pk}/book/"]
    paths += [f"/houses/{house.pk}/?sd={day(1).isoformat()}&ed={day(3).isoformat()}"]
    lists = ["/", "/houses/", "/houses/count/", f"/houses/?aid={house.area_id}"]
    lists += ["/sitemap-houses-0.xml"]
    link = f"/houses/{house.pk}/"
    for _twice in range(2):
        assert {clients["stranger"].get(path).status_code for path in paths} == {200}
    assert [path for path in lists if link in clients["anonymous"].get(path).content.decode()]
    state(house, operator)
    assert {clients["stranger"].get(path).status_code for path in paths} == {404}
    shown = [clients["anonymous"].get(path).content.decode() for path in lists]
    assert [html for html in shown if link in html or house.title in html] == []
    back(house, operator)
    assert {clients["stranger"].get(path).status_code for path in paths} == {200}


def back(house, operator):
    house = House.objects.select_related("owner").get(pk=house.pk)
    if not house.owner.is_active:
        house.owner.enable(operator)
    elif house.held_reason:
        house.let_go(operator)
    else:
        house.approve(operator)


def test_a_home_its_owner_took_off_keeps_its_page(house, clients):
    house.take_off()
    for role in ROLES:
        assert clients[role].get(f"/houses/{house.pk}/").status_code == 200


def test_an_unlisted_home_of_a_disabled_owner_is_gone_at_once_as_well(house, operator, client):
    house.take_off()
    assert client.get(f"/houses/{house.pk}/").status_code == 200
    wang().disable(operator, "冒用他人照片")
    assert client.get(f"/houses/{house.pk}/").status_code == 404
    wang().enable(operator)
    assert client.get(f"/houses/{house.pk}/").status_code == 200


@pytest.mark.parametrize("check_state", ["approved", "waiting", "refused"])
@pytest.mark.parametrize("held_reason", ["", "投诉"])
@pytest.mark.parametrize("active", [True, False])
def test_the_queryset_and_the_home_in_hand_agree(check_state, held_reason, active, operator):
    house_of_wang(check_state=check_state, held_reason=held_reason, is_listed=False)
    User.objects.filter(pk=wang().pk).update(is_active=active)
    house = House.objects.select_related("owner").get()
    for user in (chen(), wang(), operator, Client().get("/admin/login/").wsgi_request.user):
        assert House.objects.visible_to(user).exists() is house.is_visible_to(user)
    assert House.objects.shown().exists() is house.is_shown
    assert House.objects.hidden().exists() is not house.is_shown


def test_what_is_listed_is_shown(operator):
    wang().disable(operator, "冒用他人照片")
    house = house_of_wang()
    assert list(broken_rules()) == [f"house {house.pk}: is listed and may not be shown"]


# Orders keep what their guest needs.


@pytest.mark.parametrize("state", [hold, refuse, disable])
def test_its_guest_reads_what_the_order_kept(state, house, operator):
    order = order_of_li(house)
    file = house.images.get().file.removesuffix(".webp")
    House.objects.filter(pk=house.pk).update(title="改过的标题")
    state(house, operator)
    for path in ("/orders/", order.get_absolute_url()):
        html = client_of(li()).get(path).content.decode()
        assert order.title in html
        for text in (file, "改过的标题", f'href="/houses/{house.pk}/'):
            assert text not in html
    assert house.address not in html


def test_who_is_expected_still_finds_the_door(house, operator):
    order = order_of_li(house)
    order.accept(wang())
    hold(house, operator)
    html = client_of(li()).get(order.get_absolute_url()).content.decode()
    assert house.address in html
    assert house.images.get().file not in client_of(li()).get("/accounts/me/").content.decode()
    left = timezone.localdate()
    Order.objects.update(begin_date=left - timedelta(days=1), end_date=left)
    html = client_of(li()).get(order.get_absolute_url()).content.decode()
    assert house.address not in html  # where its owner may write what nobody has looked at


def test_its_owner_sees_all_of_the_order(house, operator):
    order = order_of_li(house)
    hold(house, operator)
    html = client_of(wang()).get(order.get_absolute_url()).content.decode()
    assert f'href="/houses/{house.pk}/"' in html


def test_structured_data_stops_at_the_district(house, client):
    html = client.get(f"/houses/{house.pk}/").content.decode()
    (text,) = re.findall('<script type="application/ld[+]json">(.*?)</script>', html)
    assert json.loads(text)["address"] == {
        "@type": "PostalAddress",
        "addressCountry": "CN",
        "addressRegion": "北京",
        "addressLocality": "东城区",
    }
    assert house.address not in text
    assert house.address not in "".join(re.findall("<meta[^>]*>", html))


# Photos by address.


def files_of(house):
    return [
        name
        for image in house.images.all()
        for name, _width in sizes(image.file, image.width, PHOTO_WIDTHS)
    ]


def statuses(client, files):
    answers = [client.get(default_storage.url(name)) for name in files]
    for answer in answers:
        answer.getvalue()  # and its file is closed
    return [answer.status_code for answer in answers]


def take_off(operator, action, house):
    form = {"action": action, "_selected_action": house.pk, "reason": "有人投诉", "one": "1"}
    return client_of(operator).post("/admin/houses/house/", form)


@pytest.mark.parametrize("action", ["do_hold", "do_refuse"])
def test_the_known_addresses_of_its_photos_die(action, house, operator, client):
    before, stored = files_of(house), len(default_storage.listdir("houses")[1])
    assert statuses(client, before) == [200, 200]
    assert take_off(operator, action, house).status_code == 302
    after = files_of(house)
    assert statuses(client, before) == [404, 404]
    assert statuses(client, after) == [200, 200]  # for whoever learns them: owner and operators
    assert set(before).isdisjoint(after)
    assert len(default_storage.listdir("houses")[1]) == stored
    html = client_of(wang()).get(f"/houses/{house.pk}/images/").content.decode()
    assert after[0] in html


@pytest.mark.parametrize(("off", "on"), [("do_hold", "do_let_go"), ("do_refuse", "do_approve")])
def test_shown_and_taken_off_again_they_change_again(off, on, house, operator):
    take_off(operator, off, house)
    hidden = files_of(house)
    take_off(operator, on, house)
    assert files_of(house) == hidden
    take_off(operator, off, house)
    assert set(files_of(house)).isdisjoint(hidden)


def test_so_do_those_of_an_owner_whom_the_desk_disables(house, operator, client):
    before = files_of(house)
    form = {"action": "do_disable", "_selected_action": wang().pk, "reason": "冒用他人照片"}
    client_of(operator).post("/admin/accounts/user/", form)
    assert statuses(client, before) == [404, 404]


@pytest.mark.parametrize("list_name", ["houses/house", "accounts/user"])
def test_so_do_those_of_a_whole_list(list_name, house, operator, client):
    """One row is ticked, and all of the list chosen."""
    before = files_of(house)
    other = house_of_wang(title="别的房源", owner=chen())
    is_houses = list_name == "houses/house"
    verb, ticked = ("do_hold", other.pk) if is_houses else ("do_disable", chen().pk)
    form = {"action": verb, "_selected_action": ticked, "select_across": "1", "reason": "诈骗房源"}
    client_of(operator).post(f"/admin/{list_name}/", form)
    assert statuses(client, before) == [404, 404]


def test_a_conflict_while_photos_are_hidden_undoes_nothing(house, operator, monkeypatch):
    """… and the answer does not say so: the timer hides them later."""

    def conflict(_pk, _copies):
        raise Busy

    monkeypatch.setattr(photo_files, "take_names", conflict)
    form = {"action": "do_hold", "_selected_action": house.pk, "reason": "诈骗房源"}
    answer = client_of(operator).post("/admin/houses/house/", form, follow=True)
    assert "完成 1 个" in answer.content.decode()
    house.refresh_from_db()
    assert (house.held_reason, house.photos_hidden) == ("诈骗房源", False)


def test_the_timer_hides_those_of_a_disabled_owner_once(house, operator, client):
    before = files_of(house)
    wang().disable(operator, "冒用他人照片")
    call_command("hide_photos")
    assert statuses(client, before) == [404, 404]
    hidden = files_of(house)
    call_command("hide_photos")
    assert files_of(house) == hidden
    wang().enable(operator)
    wang().disable(operator, "又来")
    call_command("hide_photos")
    assert set(files_of(house)).isdisjoint(hidden)


def test_a_storage_that_fails_leaves_them_for_later(house, operator, monkeypatch):
    before = files_of(house)
    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "save", broken)
        assert take_off(operator, "do_hold", house).status_code == 302
        assert files_of(house) == before
    assert House.objects.get().held_reason
    call_command("hide_photos")
    assert set(files_of(house)).isdisjoint(before)
    assert not any(map(default_storage.exists, before))


def broken(*_args):
    raise OSError("no space left")


def test_who_waits_at_the_desk_waits_a_moment_only(house, operator):
    hold(house, operator)
    assert photo_files.hide_photos(House.objects.all(), seconds=-1) == 0
    assert photo_files.hide_photos(House.objects.all()) == 1


def test_photos_of_homes_that_are_shown_are_left_alone(house):
    before = files_of(house)
    house.take_off()
    call_command("hide_photos")
    assert files_of(house) == before


def test_a_new_home_that_waits_has_shown_its_photos_to_nobody(settings):
    settings.HOUSE_REVIEW = True
    house = House(owner=wang())
    house.begin_check()
    assert house.photos_hidden


# A photo that is deleted.


def delete_at_the_desk(house, operator):
    answer = client_of(operator).post(f"/admin/houses/house/{house.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 302


def delete_selected(house, operator):
    form = {"action": "delete_selected", "_selected_action": [house.pk], "post": "yes"}
    assert client_of(operator).post("/admin/houses/house/", form).status_code == 302


WAYS = {
    "at the desk": delete_at_the_desk,
    "selected in the list": delete_selected,
    "the home": lambda house, operator: house.delete(),
    "homes of a queryset": lambda house, operator: House.objects.filter(pk=house.pk).delete(),
    "a photo": lambda house, operator: house.images.get().delete(),
    "photos of a queryset": lambda house, operator: HouseImage.objects.all().delete(),
    "by its owner": lambda house, operator: ask(client_of(wang()), "houses:image_delete", house),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_photo_deleted_in_any_way_is_gone_by_its_address(way, house, operator, client):
    files = files_of(house)
    assert statuses(client, files) == [200, 200]
    WAYS[way](house, operator)
    assert not HouseImage.objects.exists()
    assert statuses(client, files) == [404, 404]


@pytest.mark.django_db(transaction=True)
def test_a_deletion_that_is_rolled_back_leaves_the_files(house):
    files = files_of(house)
    with transaction.atomic():
        House.objects.get().delete()
        transaction.set_rollback(True)
    assert all(map(default_storage.exists, files))
    with transaction.atomic():
        House.objects.get().delete()
        assert all(map(default_storage.exists, files))
    assert not any(map(default_storage.exists, files))


def test_a_storage_that_fails_stops_no_deletion(house, operator, monkeypatch):
    monkeypatch.setattr(default_storage, "delete", broken)
    delete_at_the_desk(house, operator)
    assert not House.objects.exists()


def test_a_photo_its_owner_deletes_while_operators_take_the_home_off(house, operator, monkeypatch):
    """Between reading the photo and deleting it it gets another name."""
    remove = House.remove_image

    def late(image):
        take_off(operator, "do_hold", house)
        assert files_of(house) != before
        remove(image)

    before = files_of(house)
    stored = len(default_storage.listdir("houses")[1])
    monkeypatch.setattr(House, "remove_image", late)
    assert ask(client_of(wang()), "houses:image_delete", house).status_code == 302
    assert not HouseImage.objects.exists()
    assert len(default_storage.listdir("houses")[1]) == stored - len(before)


@pytest.mark.django_db(transaction=True)
def test_a_home_deleted_while_its_photos_get_other_names(house, monkeypatch):
    """Between reading the rows of its photos and deleting them."""
    stored = len(default_storage.listdir("houses")[1]) - len(files_of(house))
    begun, delete = threading.Event(), Collector.delete

    def slowly(collector):
        begun.set()
        threading.Event().wait(0.5)
        return delete(collector)

    def rename():
        begun.wait(5)
        photo_files.rename_photos_of(house.pk)

    monkeypatch.setattr(Collector, "delete", slowly)
    assert at_once(House.objects.get().delete, rename) == []
    assert not HouseImage.objects.exists()
    assert len(default_storage.listdir("houses")[1]) == stored


@pytest.mark.parametrize("page", ["add", "change"])
def test_a_disabled_person_is_given_no_home(page, house, operator):
    """It would be listed, and nobody would answer a request."""
    User.objects.filter(pk=chen().pk).update(is_active=False)
    names = ["title", "price", "address", "room_count", "acreage", "unit", "capacity", "beds"]
    form = {name: getattr(house, name) for name in names} | {"area": house.area_id}
    form |= {"owner": chen().pk, "images-TOTAL_FORMS": "0", "images-INITIAL_FORMS": "0"}
    url = "/admin/houses/house/" + ("add/" if page == "add" else f"{house.pk}/change/")
    answer = client_of(operator).post(url, form)
    assert "这个账号已停用，不能成为房东" in answer.content.decode()
    assert not chen().houses.exists()


@pytest.mark.parametrize("status", Order.Status.values)
@pytest.mark.parametrize("heir", [li, chen])
def test_a_home_with_orders_stays_with_its_owner(heir, status, house, operator):
    """Its guest would accept and review themselves; anybody else would read what the owner wrote,
    and what the owner answered would be theirs."""
    order_of_li(house)
    Order.objects.update(status=status)
    names = ["title", "price", "address", "room_count", "acreage", "unit", "capacity", "beds"]
    form = {name: getattr(house, name) for name in names} | {"area": house.area_id}
    form |= {"owner": heir().pk, "images-TOTAL_FORMS": "0", "images-INITIAL_FORMS": "0"}
    url = f"/admin/houses/house/{house.pk}/change/"
    assert "已经有订单，不能换房东" in client_of(operator).post(url, form).content.decode()
    assert House.objects.get().owner == wang()
    Order.objects.all().delete()
    assert client_of(operator).post(url, form).status_code == 302
    assert House.objects.get().owner == heir()


def test_the_photos_of_a_home_that_got_another_owner_can_be_hidden_again(house, operator, client):
    """They were hidden with their disabled owner, and have been shown since."""
    wang().disable(operator, "冒用他人照片")
    call_command("hide_photos")
    House.objects.filter(pk=house.pk).update(owner=chen(), is_listed=True)
    call_command("hide_photos")
    shown = files_of(house)
    take_off(operator, "do_hold", house)
    assert statuses(client, shown) == [404, 404]


@pytest.mark.parametrize("trouble", [Busy, OperationalError])
def test_a_home_is_gone_at_once_even_when_the_newest_cannot_be_numbered(
    trouble, house, operator, client, monkeypatch
):
    """Numbering waits for the owner's other homes, and may fail."""
    monkeypatch.setattr(newness, "write_locked", raising(trouble))
    assert house.title in client.get("/houses/").content.decode()
    House.objects.get(pk=house.pk).hold(operator, "有人投诉")
    assert house.title not in client.get("/houses/").content.decode()


def raising(error):
    def fail(*_args):
        raise error

    return fail
