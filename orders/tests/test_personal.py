"""What is held about a person can be taken out, and is erased as far as it may be."""

import json

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import models

from accounts.models import IdCardView, LoginAttempt, RealName, SmsCode, User
from accounts.tests.test_codes import sent_before
from accounts.tests.test_devices import signed_in
from accounts.tests.test_profile import picture
from houses.models import House
from ihome_site.testing import (
    MOBILES,
    PASSWORD,
    chen,
    client_of,
    day,
    house_of_wang,
    id_card_of,
    li,
    order_of_li,
    stay_over,
    wang,
)
from orders.invariants import broken_rules
from orders.models import Order

pytestmark = pytest.mark.django_db


def a_life():
    """Li has signed in, travelled and reviewed; Wang has a home with a photo and answered."""
    signed_in()
    client_of(li()).post("/accounts/avatar/", {"avatar": picture()})
    RealName.objects.prove(li(), "李雷雷", id_card_of(2))
    sent_before(1, 100, mobile=MOBILES["li"])
    house = house_of_wang()
    client_of(wang()).post(f"/houses/{house.pk}/images/", {"house_image": picture()})
    House.block(house.pk, day(50), day(51))
    order = stay_over(house)
    order.write_review(li(), 5, "窗外能看见鼓楼")
    order.review.give_answer("欢迎再来")
    IdCardView.objects.create(viewer=chen(), subject=li(), reason="核对身份", address="::1")
    return house, order


def export(capsys, mobile):
    call_command("export_user", mobile)
    return json.loads(capsys.readouterr().out)


def test_the_guest_reads_all_that_is_held(capsys):
    _house, order = a_life()
    pages = export(capsys, MOBILES["li"])
    text = json.dumps(pages, ensure_ascii=False)
    told = [MOBILES["li"], "li", li().avatar, "李雷雷", id_card_of(2), order.number]
    told += ["窗外能看见鼓楼", "核对身份", "127.0.0.1", "203.0.113.9", "已完成", "398.00"]
    assert [word for word in told if word not in text] == []
    assert pages["登录设备"][0]["浏览器"].startswith("Mozilla")
    assert [move["操作"] for move in pages["订单"][0]["订单历史"]] == ["提交", "接单", "评价"]


def test_the_owner_reads_homes_photos_by_name_and_what_was_agreed(capsys):
    house, order = a_life()
    pages = export(capsys, MOBILES["wang"])
    (home,) = pages["房源"]
    assert home["详细地址"] == "旧鼓楼大街128号"
    assert home["照片"] == [house.images.get().url]
    assert home["设为不租的晚上"] == [day(50).isoformat()]
    (received,) = pages["客户订单"]
    assert (received["订单号"], received["我的回复"]) == (order.number, "欢迎再来")


def test_other_people_and_the_sites_own_secrets_are_left_out(capsys):
    a_life()
    text = json.dumps(export(capsys, MOBILES["li"]), ensure_ascii=False)
    session = li().devices.get().session_key
    secrets = [MOBILES["wang"], MOBILES["chen"], "王小明", "::1", session, li().password]
    secrets += list(SmsCode.objects.exclude(code_hmac="").values_list("code_hmac", flat=True))
    assert [word for word in secrets if word in text] == []
    received = json.dumps(export(capsys, MOBILES["wang"]), ensure_ascii=False)
    assert MOBILES["li"] not in received
    assert "李雷雷" not in received


def test_every_table_that_points_to_a_user_is_in_the_export(capsys):
    pages = export(capsys, li().mobile)
    pointing = {
        str(relation.related_model._meta.verbose_name)
        for relation in User._meta.related_objects
        if relation.related_model is not LogEntry
    }
    assert pointing - set(pages) - {"实名认证"} == set()


def erase(mobile=MOBILES["li"]):
    call_command("erase_user", mobile)


def everything():
    """Every value of every row of ours, as one text."""
    labels = {"accounts", "houses", "orders", "admin", "sessions"}
    return "\n".join(
        str(row) for model in models_of(labels) for row in model._base_manager.values_list()
    )


def models_of(labels):
    registry = User._meta.apps
    return [model for model in registry.get_models() if model._meta.app_label in labels]


def test_nothing_of_the_guest_is_left_but_the_order_and_the_review():
    _house, order = a_life()
    personal = [MOBILES["li"], "李雷雷", li().avatar, li().devices.get().session_key]
    personal += ["窗外能看见鼓楼"]
    avatar, number = li().avatar, li().pk
    erase()
    left = everything()
    assert [word for word in personal if word in left] == []
    user = User.objects.get(pk=number)
    assert (user.name, user.is_active, user.has_usable_password()) == (None, False, False)
    assert user.public_name == "匿名用户"
    assert not default_storage.exists(avatar)
    order.refresh_from_db()
    assert (order.guest_id, order.review.stars) == (number, 5)
    assert list(broken_rules()) == []


def test_the_owner_still_sees_the_order_with_an_anonymous_guest():
    house, order = a_life()
    erase()
    page = client_of(wang()).get(order.get_absolute_url()).content.decode()
    assert "匿名用户" in page
    assert client_of(wang()).get(f"/houses/{house.pk}/").status_code == 200


def test_an_erased_user_is_out_and_the_mobile_can_register_anew():
    client = signed_in()
    erase()
    assert client.get("/accounts/me/").status_code == 302
    form = {"mobile": MOBILES["li"], "password": PASSWORD}
    assert client.post("/accounts/login/", form).status_code == 400
    assert LoginAttempt.objects.count() == 1  # the failure of a moment ago
    assert User.objects.create_user(MOBILES["li"], PASSWORD).pk


def test_the_name_of_an_erased_user_leaves_the_operators_log():
    user = li()
    LogEntry.objects.log_actions(chen().pk, User.objects.filter(pk=user.pk), CHANGE, "x")
    assert LogEntry.objects.get().object_repr == "li"
    erase()
    assert LogEntry.objects.get().object_repr == "已注销用户"


def test_homes_with_orders_stay_empty_and_unlisted_others_go():
    house, order = a_life()
    photo = house.images.get().file
    house_of_wang(title="没人住过的")
    erase(MOBILES["wang"])
    house = House.objects.get()
    assert (house.is_listed, house.address, house.cover_id) == (False, "", None)
    assert not house.images.exists()
    assert not default_storage.exists(photo)
    assert client_of(li()).get(order.get_absolute_url()).status_code == 200
    assert list(broken_rules()) == []


@pytest.mark.parametrize("mobile", [MOBILES["li"], MOBILES["wang"]])
@pytest.mark.parametrize("accepted", [False, True])
def test_neither_party_is_erased_while_an_order_is_open(mobile, accepted):
    order = order_of_li(house_of_wang())
    if accepted:
        order.accept(wang())
    with pytest.raises(CommandError, match="没结束"):
        erase(mobile)
    assert User.objects.filter(mobile=mobile, is_active=True).exists()
    assert House.objects.get().address


def test_an_order_placed_at_the_last_moment_stops_the_erasure(monkeypatch):
    house, _guest = house_of_wang(), li()
    monkeypatch.setattr("orders.erasure.devices.end", lambda devices: order_of_li(house))
    with pytest.raises(CommandError, match="没结束"):
        erase()
    assert User.objects.filter(mobile=MOBILES["li"], is_active=True).exists()


def test_a_canceled_or_finished_stay_does_not_hold_anybody():
    order_of_li(house_of_wang()).cancel(li())
    stay_over(house_of_wang(), token="t2")
    erase()
    assert Order.objects.count() == 2


def test_who_looked_at_whose_id_number_when_stays_on_record():
    a_life()
    looked = IdCardView.objects.get()
    erase()
    kept = IdCardView.objects.get()
    assert (kept.viewer, kept.subject_id) == (chen(), looked.subject_id)
    assert (kept.created_at, kept.address) == (looked.created_at, "::1")
    assert kept.reason == "（已随账号注销删除）"  # it may have named the person
    assert not RealName.objects.filter(user__mobile__startswith="x").exists()


@pytest.mark.parametrize("command", ["export_user", "erase_user"])
def test_a_mobile_nobody_has_is_said(command):
    with pytest.raises(CommandError, match="no user"):
        call_command(command, "13999999999")


def test_nothing_unforeseen_protects_a_user_from_being_erased():
    """A new table that keeps users from being deleted has to say what erasing does to it."""
    protecting = {
        relation.related_model.__name__
        for relation in User._meta.related_objects
        if relation.on_delete is models.PROTECT
    }
    assert protecting == {"House", "Order", "IdCardView"}
