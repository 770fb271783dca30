"""What the operation log says of a form: whatever was changed is seen there."""

import pytest
from django import forms
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from accounts.models import User
from houses.models import Facility
from ihome_site.differences import LEFT_OUT, differences
from ihome_site.forms import ShownTexts
from ihome_site.models import HelpArticle, OperationLog
from ihome_site.testing import PASSWORD, client_of, house_of_wang

pytestmark = pytest.mark.django_db
LONG = OperationLog.LONGEST + 1000


@pytest.fixture
def boss():
    return client_of(User.objects.create_superuser("13900000009", PASSWORD))


def save_role(client, role, permissions):
    url = reverse("admin:auth_group_change", args=[role.pk])
    form = {"name": role.name, "permissions": [row.pk for row in permissions]}
    assert client.post(url, form).status_code == 302
    return OperationLog.objects.latest("pk")


def test_a_permission_given_to_a_long_role_is_seen_and_nothing_else(boss):
    role, beyond = (
        Group.objects.get(name="管理员"),
        Permission.objects.get(codename="change_mobile"),
    )
    now = list(role.permissions.all())
    line = save_role(boss, role, [*now, beyond])
    assert (line.before, line.after) == ("权限：", f"权限：{beyond}")
    line = save_role(boss, role, now)
    assert (line.before, line.after) == (f"权限：{beyond}", "权限：")


def test_all_permissions_given_at_once_are_seen(boss):
    line = save_role(boss, Group.objects.create(name="全能"), Permission.objects.all())
    assert [row for row in map(str, Permission.objects.all()) if row not in line.after] == []


def test_facilities_added_and_taken_away(boss):
    house = house_of_wang()
    pool, wifi = (Facility.objects.create(name=name, icon="x") for name in ("泳池", "无线网"))
    house.facilities.set([pool])
    url = reverse("admin:houses_house_change", args=[house.pk])
    fields = "title price address room_count acreage unit capacity beds deposit min_days max_days"
    form = {name: getattr(house, name) for name in fields.split()} | {"area": house.area_id}
    form |= {"images-TOTAL_FORMS": "0", "images-INITIAL_FORMS": "0", "owner": house.owner_id}
    assert boss.post(url, form | {"facilities": [wifi.pk]}).status_code == 302
    line = OperationLog.objects.get()
    assert (line.before, line.after) == ("配套设施：泳池", "配套设施：无线网")


def test_a_change_far_down_an_article_is_seen(boss):
    body = "字" * LONG + "退款要三天" + "文" * LONG
    article = HelpArticle.objects.create(slug="x", title="退款", body=body)
    url = reverse("admin:ihome_site_helparticle_change", args=[article.pk])
    form = {"slug": "x", "title": "退款", "body": body.replace("三", "九"), "order": 0}
    form |= {"in_footer": "on", "is_published": "on"}
    assert boss.post(url, form).status_code == 302
    line = OperationLog.objects.get()
    assert "退款要三天" in line.before
    assert "退款要九天" in line.after
    assert line.after.startswith("正文：…字")
    assert line.after.endswith("文…")


class Form(ShownTexts, forms.Form):
    first = forms.CharField(label="一")
    second = forms.CharField(label="二")
    third = forms.CharField(label="三")


def changed(before, after):
    form = Form(after, initial=before)
    assert form.is_valid()
    return differences(form)


def test_of_several_long_texts_none_hides_another():
    texts = {"first": "甲" * LONG, "second": "乙" * LONG, "third": "丙"}
    before, after = changed(dict.fromkeys(texts, "无"), texts)
    assert before == "一：无\n二：无\n三：无"
    assert len(after) <= OperationLog.LONGEST
    one, two, three = after.split("\n")
    assert one.count("甲") == pytest.approx(two.count("乙"), abs=LEFT_OUT)
    assert len(after) > OperationLog.LONGEST * 0.99
    assert f"（还有 {LONG - one.count('甲')} 字）" in one
    assert three == "三：丙"


def test_a_number_in_the_middle_of_what_is_left_out_stays_starred():
    """Cut first, what is left of it would be no number that could be starred."""
    texts = ["字" * LONG + tail for tail in ("138", "13800001111")]
    _before, after = changed(*({"first": text, "second": "同", "third": "同"} for text in texts))
    assert "138****1111" in after
