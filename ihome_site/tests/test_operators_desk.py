"""The admin as operators of each role use it: what they may do, in bulk, and what it leaves."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import OperationalError
from django.urls import reverse
from django.utils import timezone

from accounts.models import LoginAttempt, User
from houses.models import Area, House, OccupiedNight
from ihome_site.desk import OperatorsAdmin
from ihome_site.figures import figures
from ihome_site.models import OperationLog
from ihome_site.testing import chen, client_of, house_of_wang, li, order_of_li, stay_over, wang
from orders.models import Order, Review

pytestmark = pytest.mark.django_db
ROLES = ["客服", "审核", "运营", "管理员"]
LISTS = {
    "客服": "user realname smscode loginattempt area house occupiednight order review",
    "审核": "user area house order review",
    "运营": "house order area facility banner sitenotice helparticle siteparameter",
    "管理员": "user realname smscode loginattempt idcardview house occupiednight area facility "
    "order review banner sitenotice helparticle siteparameter operationlog group",
}


def operator(role):
    user = User.objects.filter(name=role).first()
    if user is None:
        number = f"1380000000{ROLES.index(role)}"
        user = User.objects.create_user(number, "x", name=role, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
    return user


def list_url(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def act(role, model, action, *rows, **form):
    """Choose rows in a list and run an action on them; the page that comes back."""
    data = {"action": f"do_{action}", "_selected_action": [row.pk for row in rows], **form}
    return client_of(operator(role)).post(list_url(model), data, follow=True)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_its_lists_and_no_other(role):
    client = client_of(operator(role))
    assert client.get("/admin/").status_code == 200
    opened = {
        model._meta.model_name
        for model in admin.site._registry
        if client.get(list_url(model)).status_code == 200
    }
    assert opened == set(LISTS[role].split())


@pytest.mark.parametrize("role", ROLES)
def test_each_role_walks_every_page_it_sees_a_link_to(role):
    stay_over(house_of_wang()).write_review(li(), 4, "好")
    client, seen, todo = client_of(operator(role)), set(), ["/admin/"]
    while todo and len(seen) < 80:
        url = todo.pop()
        seen.add(url)
        answer = client.get(url)
        assert answer.status_code in {200, 302}, url
        if answer.get("Content-Type", "").startswith("text/html") and "?" not in url:
            html = answer.content.decode()
            links = {part.split('"')[0] for part in html.split('href="')[1:]}
            todo += [
                link.split("#")[0].replace("&amp;", "&")
                for link in sorted(links)
                if link.startswith("/admin/") and "delete" not in link and link not in seen
            ]
    assert len(seen) > 5


def test_homes_are_approved_in_bulk():
    homes = [house_of_wang(check_state="waiting", is_listed=False) for _n in range(3)]
    page = act("审核", House, "approve", *homes).content.decode()
    assert "完成 3 个" in page
    assert House.objects.listed().count() == 3
    lines = OperationLog.objects.values_list("actor__name", "verb")
    assert list(lines) == [("审核", "通过审核")] * 3


def test_a_refusal_asks_why_first_and_the_owner_reads_it():
    house = house_of_wang(check_state="waiting", is_listed=False)
    asked = act("审核", House, "refuse", house).content.decode()
    assert 'name="reason"' in asked
    assert House.objects.get().check_state == "waiting"
    act("审核", House, "refuse", house, reason="照片太暗")
    assert House.objects.get().check_state == "refused"
    assert "照片太暗" in client_of(wang()).get("/houses/mine/").content.decode()


def test_one_that_cannot_be_done_does_not_stop_the_rest():
    done, fresh = (
        house_of_wang(),
        house_of_wang(title="新的", check_state="waiting", is_listed=False),
    )
    page = act("审核", House, "approve", done, fresh).content.decode()
    assert "完成 1 个" in page
    assert "现在不能这样操作" in page


@pytest.mark.parametrize("role", ["客服", "运营"])
def test_who_may_not_check_homes_cannot(role):
    house = house_of_wang(check_state="waiting", is_listed=False)
    act(role, House, "approve", house)
    assert House.objects.get().check_state == "waiting"


def test_asking_why_keeps_the_filters_that_are_on():
    house = house_of_wang(check_state="waiting", is_listed=False)
    url = f"{list_url(House)}?check_state__exact=waiting"
    data = {"action": "do_refuse", "_selected_action": [house.pk]}
    client = client_of(operator("审核"))
    assert f'action="{url}"' in client.post(url, data).content.decode()
    assert client.post(url, data | {"reason": "照片太暗"}).url == url


def test_orders_are_stopped_with_a_reason():
    order = order_of_li(house_of_wang())
    act("客服", Order, "stop", order, reason="房东失联")
    order.refresh_from_db()
    assert (order.status, order.reason) == ("CANCELED", "房东失联")
    assert not order.house.nights.exists()


def test_reviews_are_hidden_and_shown():
    review = stay_over(house_of_wang()).write_review(li(), 1, "骂人的话")
    act("审核", Review, "hide", review, reason="人身攻击")
    assert House.objects.get().review_count == 0
    act("审核", Review, "show", review)
    assert House.objects.get().review_count == 1


def test_a_user_is_disabled_from_the_list():
    browser = client_of(chen())
    act("客服", User, "disable", chen(), reason="冒用照片")
    assert browser.get("/accounts/me/").status_code == 302
    assert not User.objects.get(pk=chen().pk).is_active


def test_the_button_on_a_row_comes_back_to_it():
    house = house_of_wang()
    url = reverse("admin:houses_house_change", args=[house.pk])
    client = client_of(operator("审核"))
    page = client.get(url).content.decode()
    assert "下架并留住" in page
    assert ">通过审核<" not in page
    answer = act("审核", House, "hold", house, one="1", reason="有人投诉")
    assert answer.redirect_chain[-1][0] == url
    assert "有人投诉" in answer.content.decode()


@pytest.mark.parametrize("row", ["abc", "-1", "9" * 40, "1\n", "１"])
def test_rows_that_are_no_rows_are_refused_in_words(row):
    house = house_of_wang(check_state="waiting", is_listed=False)
    for more in ({}, {"one": "1"}):
        data = {"action": "do_approve", "_selected_action": [house.pk, row], **more}
        page = client_of(operator("审核")).post(list_url(House), data, follow=True)
        assert "没看懂选了哪些" in page.content.decode()
    assert House.objects.get().check_state == "waiting"


def test_a_form_leaves_what_changed():
    area = Area.objects.create(name="东城")
    url = reverse("admin:houses_area_change", args=[area.pk])
    client_of(operator("运营")).post(url, {"name": "东城区", "order": "3"})
    line = OperationLog.objects.get()
    assert (line.verb, line.before) == ("修改", "城区：东城\n排序：0")
    assert line.after == "城区：东城区\n排序：3"


def test_an_administrator_makes_no_superuser_and_takes_over_none():
    client = client_of(operator("管理员"))
    boss = User.objects.create_superuser("13900000009", "x")
    page = client.get(reverse("admin:accounts_user_change", args=[li().pk])).content.decode()
    assert 'name="is_staff"' in page
    assert 'name="is_superuser"' not in page
    change = reverse("admin:accounts_user_change", args=[boss.pk])
    assert client.post(change, {"mobile": "13911112222"}).status_code == 403


def test_a_users_page_shows_roles_to_tick_and_nothing_of_the_password():
    client = client_of(operator("管理员"))
    page = client.get(reverse("admin:accounts_user_change", args=[li().pk])).content.decode()
    assert page.count('type="checkbox" name="groups"') == len(ROLES)
    assert "重置密码" not in page
    assert "md5" not in page.lower()
    assert "欢迎" in page
    assert operator("管理员").mobile not in page


def test_pages_that_django_leaves_in_english_are_chinese():
    client = client_of(operator("管理员"))
    for path in ("/admin/", "/admin/accounts/user/add/"):
        page = client.get(path).content.decode()
        assert "Model name" not in page
        assert "After you" not in page


def test_operators_are_disabled_by_administrators_alone():
    boss = User.objects.create_superuser("13900000009", "x")
    for role, stays in [("客服", True), ("管理员", False)]:
        page = act(role, User, "disable", boss, operator("运营"), reason="误会").content.decode()
        assert "超级用户只能由超级用户停用、恢复或修改" in page
        assert User.objects.get(pk=boss.pk).is_active
        assert operator("运营").is_active == stays


def test_a_list_nobody_searched_offers_no_way_back():
    house_of_wang()
    client = client_of(operator("审核"))
    assert "显示全部" not in client.get(list_url(House)).content.decode()
    assert "显示全部" in client.get(list_url(House), {"q": "鼓楼"}).content.decode()


# The first page.


def test_the_figures_are_what_happened():
    house = house_of_wang()
    order_of_li(house, 1, 3).accept(wang())
    order_of_li(house, 5, 6, token="t2").reject(wang(), "修屋顶")
    User.objects.update(created_at=timezone.now())
    shop = figures()
    assert [chart.total for chart in shop["charts"]] == [2, 2, 1]
    assert [chart.bars[-1].count for chart in shop["charts"]] == [2, 2, 1]
    assert (shop["money"], shop["refused"].percent) == ("796", 50)
    ((area, share, _url),) = shop["occupancy"]
    assert (area, share.part, share.whole) == ("东城区", 2, 30)


def test_every_figure_links_to_its_list():
    house = house_of_wang()
    order_of_li(house).accept(wang())
    client = client_of(User.objects.create_superuser("13900000009", "x"))
    User.objects.update(created_at=timezone.now())
    shop = figures()
    urls = [shop["money_url"], shop["refused_url"], shop["silent_url"]]
    urls += [chart.bars[-1].url for chart in shop["charts"]] + [shop["occupancy"][0][2]]
    pages = [client.get(url) for url in urls]
    assert [page.status_code for page in pages] == [200] * 7
    found = [page.context_data["cl"].result_count for page in pages]
    assert found == [1, 0, 0, 1, 3, 1, 1]


@pytest.mark.parametrize(("role", "sees"), [("客服", False), ("运营", True), ("管理员", True)])
def test_figures_are_for_those_who_may_see_them(role, sees):
    page = client_of(operator(role)).get("/admin/").content.decode()
    assert ("成交金额" in page) == sees


def test_the_first_page_costs_few_queries(django_assert_max_num_queries):
    for n in range(3):
        order_of_li(house_of_wang(), token=f"t{n}")
    client = client_of(operator("管理员"))
    with django_assert_max_num_queries(18):
        client.get("/admin/")


def test_the_first_page_needs_no_inline_style_or_script():
    page = client_of(operator("管理员")).get("/admin/").content.decode()
    assert "<rect" in page
    assert "style=" not in page.split("<main")[1]
    assert "<script>" not in page


def test_a_list_is_not_counted_to_its_end(monkeypatch):
    monkeypatch.setattr("ihome_site.desk.MOST", 2)
    for n in range(4):
        LoginAttempt.objects.create(mobile=f"1390000000{n}", address="127.0.0.1")
    page = client_of(operator("客服")).get(list_url(LoginAttempt)).content.decode()
    assert "只列出前 2 条" in page


def test_figures_that_take_too_long_leave_the_rest_of_the_page(monkeypatch):
    def too_long():
        raise OperationalError(2013, "Lost connection to server during query")

    monkeypatch.setattr("ihome_site.figures.compute", too_long)
    monkeypatch.setattr("ihome_site.figures.connection.close", lambda: None)
    page = client_of(operator("管理员")).get("/admin/")
    assert page.status_code == 200
    assert "数字暂时算不出来" in page.content.decode()


def test_many_homes_are_sampled(monkeypatch):
    monkeypatch.setattr("ihome_site.figures.SAMPLE", 2)
    for _n in range(8):
        house_of_wang()
    ((_area, share, _url),) = figures()["occupancy"]
    assert share.whole == 2 * 30


@pytest.mark.parametrize("text", ["li", "13900000002", "+86 139 0000 0001", "0002", "鼓楼", "wang"])
def test_orders_are_found_by_people_and_homes(text):
    order = order_of_li(house_of_wang())
    client = client_of(operator("客服"))
    page = client.get(list_url(Order), {"q": text}).content.decode()
    assert order.display_number in page
    assert order.display_number not in client.get(list_url(Order), {"q": "谁"}).content.decode()


def test_nights_are_found_by_the_order_that_holds_them():
    order, other = (
        order_of_li(house_of_wang(), 1, 3),
        order_of_li(house_of_wang(), 5, 6, token="t2"),
    )
    client = client_of(operator("客服"))
    for text in (order.number, f" {order.display_number} "):
        page = client.get(list_url(OccupiedNight), {"q": text}).content.decode()
        assert (page.count("field-order_number"), other.display_number in page) == (2, False)


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model.__name__)
def test_no_list_joins_tables(model):
    """MySQL would begin with the smallest table and sort the largest."""
    modeladmin = admin.site._registry[model]
    if isinstance(modeladmin, OperatorsAdmin):
        assert modeladmin.list_select_related == ()
