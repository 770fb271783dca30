"""No operator meets a whole mobile, but on the page that shows it for a reason."""

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse
from django.utils import timezone

from accounts.limits import LOOKUPS, DayCount
from accounts.models import IdCardView, LoginAttempt, SmsCode, User
from houses.models import House
from ihome_site.models import OperationLog
from ihome_site.testing import (
    MOBILES,
    chen,
    client_of,
    day,
    house_of_wang,
    li,
    order_of_li,
    stay_over,
    wang,
)
from ihome_site.tests.admin_urls import admin_urls
from ihome_site.tests.test_operators_desk import ROLES, act, list_url, operator
from orders.models import Order, Review

pytestmark = pytest.mark.django_db
SEARCHES = ["?q=0001", "?q=13900000001"]
ACTIONS = [(User, "disable"), (User, "void_password"), (House, "hold"), (House, "refuse")]
ACTIONS += [(Order, "stop"), (Review, "hide")]


@pytest.fixture
def numbers():
    """The mobiles of all there are, none of whom has a name; each in every place it can be."""
    house = house_of_wang()
    review = stay_over(house).write_review(li(), 4, "好")
    House.block(house.pk, day(9), day(11))
    for mobile in MOBILES.values():
        row = {"mobile": mobile, "address": "127.0.0.1"}
        SmsCode.objects.create(purpose="login", code_hmac="x", expires_at=timezone.now(), **row)
        LoginAttempt.objects.create(**row)
    boss = operator("管理员")
    act("管理员", type(review), "hide", review, reason=f"{MOBILES['wang']} 投诉")
    client = client_of(boss)
    client.post(reverse("admin:accounts_user_reveal", args=[li().pk]), {"reason": "回电给房客"})
    client.post(reverse("admin:accounts_user_change", args=[li().pk]), {"name": ""})
    chen()
    for role in ROLES:
        operator(role)
    User.objects.exclude(name__in=ROLES).update(name=None)
    for model in admin.site._registry:
        write_history(boss, model)
    return list(User.objects.values_list("mobile", flat=True))


def write_history(boss, model):
    """An entry of Django's own history for the newest row."""
    row = model._default_manager.order_by("-pk").first()
    if row:
        kind = ContentType.objects.get_for_model(model)
        entry = {"content_type": kind, "object_id": row.pk, "object_repr": "x", "action_flag": 2}
        LogEntry.objects.create(user=boss, **entry)


def seen_by(client, urls, numbers):
    """{url: whole mobiles on it}, where there are any."""
    seen = {}
    for url in urls:
        answer = client.get(url, follow=True)
        assert answer.status_code in {200, 403, 404, 405}, url
        page, typed = answer.content.decode(), url.partition("?q=")[2]
        found = {number for number in numbers if number in page and number != typed}
        if found:
            seen[url] = found
    return seen


@pytest.mark.parametrize("role", ROLES)
def test_no_page_shows_a_whole_mobile(role, numbers):
    client = client_of(operator(role))
    numbers.remove(operator(role).mobile)  # one's own, on the page for a new password
    urls = [url for url, _name in admin_urls(rows=1)]
    lists = [list_url(model) for model in admin.site._registry]
    assert len(urls) > 70
    assert seen_by(client, urls + [u + query for u in lists for query in SEARCHES], numbers) == {}


@pytest.mark.parametrize("role", ["客服", "审核", "管理员"])
def test_nor_does_what_an_action_asks(role, numbers):
    client = client_of(operator(role))
    for model, action in ACTIONS:
        rows = list(model.objects.values_list("pk", flat=True))
        data = {"action": f"do_{action}", "_selected_action": rows}
        page = client.post(list_url(model), data).content.decode()
        assert not [number for number in numbers if number in page], action


@pytest.mark.parametrize("role", ["客服", "审核", "管理员"])
@pytest.mark.parametrize("term", ["0001", MOBILES["wang"], "139"])
def test_nor_do_the_suggestions_for_an_owner(role, term, numbers):
    query = {"app_label": "houses", "model_name": "house", "field_name": "owner", "term": term}
    answer = client_of(operator(role)).get(reverse("admin:autocomplete"), query)
    assert answer.status_code == 200
    assert not [number for number in numbers if number in answer.content.decode()]


# Searching does not tell either.


@pytest.mark.parametrize(
    ("text", "finds"),
    [
        ("13900000001", True),
        (" 139 0000 0001 ", True),
        ("１３９０００００００１", True),
        ("0001", True),
        ("wang", True),
        ("1390000000", False),
        ("139", False),
        ("00001", False),
        ("001", False),
        ("000", False),
    ],
)
@pytest.mark.parametrize("name", ["accounts_user", "accounts_realname", "houses_house"])
def test_people_are_found_by_all_digits_or_the_last_four(name, text, finds):
    house_of_wang()
    client = client_of(operator("管理员"))
    page = client.get(reverse(f"admin:{name}_changelist"), {"q": text})
    assert bool(page.context_data["cl"].result_count) == finds


@pytest.mark.parametrize("model", [SmsCode, LoginAttempt])
@pytest.mark.parametrize(("text", "finds"), [("13900000001", 1), ("1390000000", 0), ("139", 0)])
def test_ledgers_are_found_by_all_digits(model, text, finds, numbers):
    page = client_of(operator("客服")).get(list_url(model), {"q": text})
    assert page.context_data["cl"].result_count == finds


# The whole number, for a reason.


def reveal_url(user):
    return reverse("admin:accounts_user_reveal", args=[user.pk])


def test_the_number_is_shown_after_a_reason_that_is_kept():
    client = client_of(operator("管理员"))
    assert wang().mobile not in client.get(reveal_url(wang())).content.decode()
    assert not OperationLog.objects.exists()
    answer = client.post(reveal_url(wang()), {"reason": "房客投诉，回电核实"})
    assert wang().mobile in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    line = OperationLog.objects.get()
    assert (line.actor, line.verb) == (operator("管理员"), "查看手机号")
    assert (line.subject_id, line.reason) == (str(wang().pk), "房客投诉，回电核实")


@pytest.mark.parametrize("reason", ["", "   ", "abc", "长" * 256, "a\x00bcd"])
def test_without_a_proper_reason_it_is_not(reason):
    answer = client_of(operator("管理员")).post(reveal_url(wang()), {"reason": reason})
    assert wang().mobile not in answer.content.decode()
    assert not OperationLog.objects.exists()


@pytest.mark.parametrize("role", ["客服", "审核", "运营"])
def test_other_roles_are_not_shown_it(role):
    client = client_of(operator(role))
    assert client.post(reveal_url(wang()), {"reason": "房客投诉，回电核实"}).status_code == 403
    page = client.get(reverse("admin:accounts_user_change", args=[wang().pk]))
    assert "查看完整手机号" not in page.content.decode()
    assert not OperationLog.objects.exists()


# Nor in what people wrote.

WRITTEN = "找我 137-1111-2222，身份证 11010519491231002X"
STARRED = "找我 137****2222，身份证 1****************X"


@pytest.mark.parametrize("role", ["客服", "审核", "运营", "管理员"])
def test_what_people_wrote_is_starred_on_lists_and_pages(role):
    house = house_of_wang()
    review = stay_over(house).write_review(li(), 4, WRITTEN)
    review.give_answer(WRITTEN)
    order = order_of_li(house, 5, 7, "refused")
    order.reject(wang(), WRITTEN)
    urls = [reverse("admin:orders_order_change", args=[order.pk]), list_url(Order)]
    urls += [reverse("admin:orders_review_change", args=[review.pk]), list_url(Review)]
    client, pages = client_of(operator(role)), ""
    for url in urls:
        answer = client.get(url)
        assert answer.status_code in {200, 403}
        page = answer.content.decode()
        assert not [text for text in ("137-1111-2222", "11010519491231002X") if text in page], url
        pages += page
    if role == "管理员":
        assert pages.count(STARRED) == 6  # reason, note; text, answer, on the list and the page
    assert "137****2222" in pages


# What the site itself writes is no number of anybody.

ADDRESS = "240e:138:1234:5678::1"
REQUEST = "13812345678a" + "0" * 20


def test_what_the_site_writes_is_shown_as_it_is():
    boss = User.objects.create_superuser("13800000099", "x", name="boss")
    row = LoginAttempt.objects.create(
        mobile="13911112222", address=ADDRESS, device="13812345678", user_agent="13812345678"
    )
    view = IdCardView.objects.create(viewer=boss, subject=boss, reason="核实", address=ADDRESS)
    line = OperationLog.objects.record(boss, "修改", house_of_wang())
    OperationLog.objects.update(request_id=REQUEST)
    client = client_of(boss)
    for shown, text in [(row, ADDRESS), (view, ADDRESS), (line, REQUEST)]:
        name = f"{shown._meta.app_label}_{shown._meta.model_name}"
        page = client.get(reverse(f"admin:{name}_change", args=[shown.pk])).content.decode()
        assert text in page, name
    page = client.get(reverse("admin:accounts_loginattempt_change", args=[row.pk]))
    assert page.content.decode().count("138****5678") == 1  # what the browser says of itself


def reader(*codenames):
    """An operator who may do this, and not see mobiles whole."""
    user = User.objects.create_user("13800000097", "x", name="reader", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


@pytest.mark.parametrize("model", [LoginAttempt, IdCardView])
def test_nor_does_a_file_star_it(model):
    user = reader("view_loginattempt", "view_idcardview", "export_lists")
    LoginAttempt.objects.create(mobile="13911112222", address=ADDRESS)
    IdCardView.objects.create(viewer=user, subject=user, reason="核实", address=ADDRESS)
    answer = client_of(user).post(list_url(model) + "export/", {"reason": "月度对账"})
    assert ADDRESS in b"".join(answer.streaming_content).decode()


# Nor is what is starred found by searching for it.

REVIEW = "很好 2 晚，找我 137-1234-5678，证 11010519491231002X"
LIMITED = "号码里打了星号的部分搜不到"


def found(user, model, text):
    page = client_of(user).get(list_url(model), {"q": text})
    return page.context_data["cl"].result_count, page.content.decode().count(LIMITED)


@pytest.mark.parametrize("column", ["text", "answer"])
@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("很好", 1),
        ("很好 2", 1),
        ("137", 1),
        ("5678", 1),
        ("-", 1),
        ("1234", 0),
        ("12", 0),
        ("１２３４", 0),
        ("一二", 0),
        ("-1", 0),
        ("很好 23", 0),
        ('"-1234-"', 0),
        ("137-1234-5678", 0),
        ("13712345678", 0),
        ("1949", 0),
        ("002X", 0),
    ],
)
def test_a_starred_part_is_not_found_by_its_digits(column, text, count):
    review = stay_over(house_of_wang()).write_review(li(), 4, "好")
    Review.objects.filter(pk=review.pk).update(**{column: REVIEW})
    has_digits = text not in {"很好", "-"}
    assert found(reader("view_review"), Review, text) == (count, has_digits)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("小李 188", 1),
        ("188", 1),
        ("3456", 1),
        ("0002", 1),
        ("8881", 0),
        ("1888", 0),
        ("２３４", 0),
    ],
)
def test_nor_is_a_mobile_that_somebody_is_called(text, count):
    guest = li()
    assert guest.mobile.endswith("0002")
    User.objects.filter(pk=guest.pk).update(name="小李 18888123456")
    order_of_li(house_of_wang(), guest=guest)
    assert found(reader("view_order"), Order, text)[0] == count


def test_what_holds_no_number_is_found_as_before():
    stay_over(house_of_wang()).write_review(li(), 4, "3 室 1 厅，第一次来，Wifi 300M")
    user = reader("view_review")
    for text, count in [("3 1", 1), ("第一次", 1), ("WIFI 300m", 1), ('"1 厅"', 1), ("299", 0)]:
        assert found(user, Review, text)[0] == count, text


@pytest.mark.parametrize(("text", "count"), [("1234", 1), ("137-1234", 1), ("1949", 0)])
def test_who_sees_mobiles_whole_finds_them_and_no_id_numbers(text, count):
    stay_over(house_of_wang()).write_review(li(), 4, REVIEW)
    assert found(reader("view_review", "reveal_mobile"), Review, text) == (count, 0)


def test_the_newest_are_listed(monkeypatch):
    monkeypatch.setattr("ihome_site.desk.MOST", 2)
    for text in ("12 甲", "12 乙", "137-1234-5678", "12 丙"):
        stay_over(house_of_wang(), token=text).write_review(li(), 4, text)
    for user, second in [(reader("view_review"), "12 乙"), (operator("管理员"), "137-1234-5678")]:
        page = client_of(user).get(list_url(Review), {"q": "12"})
        texts = [review.text for review in page.context_data["cl"].queryset]
        assert texts == ["12 丙", second]
        assert page.content.decode().count("最近 2 条") == 1


def test_a_file_of_a_search_holds_no_more():
    stay_over(house_of_wang()).write_review(li(), 4, REVIEW)
    client = client_of(reader("view_review", "export_lists"))
    for text, lines in (("1234", 1), ("5678", 2)):
        answer = client.post(f"{list_url(Review)}export/?q={text}", {"reason": "月度对账"})
        assert len(b"".join(answer.streaming_content).decode().splitlines()) == lines


@pytest.mark.parametrize("query", ["text__contains=12", "answer__contains=12", "text=1", "o=5"])
def test_nor_by_a_filter_or_an_order(query):
    stay_over(house_of_wang()).write_review(li(), 4, REVIEW)
    page = client_of(reader("view_review")).get(f"{list_url(Review)}?{query}", follow=True)
    assert page.redirect_chain or set(page.context_data["cl"].queryset.query.order_by) == {"-pk"}


def test_the_whole_text_of_a_reason_is_no_filter():
    order_of_li(house_of_wang()).reject(wang(), REVIEW)
    client = client_of(reader("view_order"))
    assert client.get(list_url(Order), {"reason__exact": REVIEW}).status_code == 302
    assert client.get(list_url(Order), {"waiting": "never"}).status_code == 200


def test_a_day_that_is_none_beside_a_search_is_a_sentence():
    OperationLog.objects.record(operator("管理员"), "修改", house_of_wang())
    client = client_of(reader("view_operationlog"))
    query = {"q": "12", "created_at__gte": "0001-01-01T00:00:00+08:00"}
    assert client.get(list_url(OperationLog), query).status_code == 302


def test_a_list_counts_a_mobile_once_a_request():
    order_of_li(house_of_wang(), guest=li())
    client = client_of(operator("客服"))
    chosen = {"action": "do_stop", "_selected_action": [Order.objects.get().pk]}
    client.post(f"{list_url(Order)}?q={MOBILES['li']}", chosen)
    assert DayCount.objects.get(action="look_up").count == 1


@pytest.mark.parametrize("way", ["user", "order", "suggestions", "sign-ins"])
def test_nobody_tries_ten_thousand_numbers(way):
    """Of 139****0002 four digits are left; a search by all eleven says yes or no."""
    guest = li()
    order_of_li(house_of_wang(), guest=guest)
    user = reader(
        *("view_user", "view_order", "view_loginattempt"),
        *("view_house", "change_house", "add_house"),
    )
    client = client_of(user)
    url = reverse("admin:autocomplete")
    suggestions = {"app_label": "houses", "model_name": "house", "field_name": "owner"}

    models = {"user": User, "order": Order, "sign-ins": LoginAttempt}

    def ask(text):
        if way == "suggestions":
            return client.get(url, suggestions | {"term": text})
        return client.get(list_url(models[way]), {"q": text})

    LOOKUPS.take(user)
    DayCount.objects.filter(user=user).update(count=99)
    assert [ask(guest.mobile).status_code, ask("１３９-5555-0002").status_code] == [200, 429]
    for text in (f'"{guest.mobile}"', f"'{guest.mobile}'", f"{guest.mobile} {guest.mobile}"):
        assert ask(text).status_code == 429, text
    assert ask("0002").status_code == 200
    user.user_permissions.add(Permission.objects.get(codename="reveal_mobile"))
    assert ask(guest.mobile).status_code == 200
