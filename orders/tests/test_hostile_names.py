"""Erasing somebody changes nothing that the site wrote, whatever they called themselves.

What people typed loses their words all the same.
"""

import json

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Notice, User
from houses.models import Area, House
from ihome_site.frame import support_phone
from ihome_site.models import Banner, HelpArticle, OperationLog, SiteParameter
from ihome_site.testing import (
    MOBILES,
    chen,
    client_of,
    house_of_wang,
    li,
    order_of_li,
    stay_over,
    wang,
)
from orders import traces
from orders.models import Order, OrderMove
from orders.tests.test_forgetting import desk_form, publish, told_to_look_at

pytestmark = pytest.mark.django_db
KEYS = ["object", "added", "changed", "deleted", "fields", "name"]
SENTENCE = "运营人员停用了您的账号"
VERBS = ["停用用户", "恢复用户", "更换手机号", "不通过审核", "通过审核", "修改参数", "隐藏评价"]
STATES = ["可登录", "运营人员", "已下架 · 未通过", "超时未接单", "用户名", "押金：0"]
NUMBERS = ["138****5678", "5678", "138", "****", "****5678", "13800005678", "+86 138****5678"]
ROWS = ["东城区", "怀柔区", "西城新", "城区：西城新", "别人的家", "别人的", "登录记"]
OTHERS = ["is_listed__exact", "webp", "houses", "理由：", "已注销", "注销房东"]
WORDS = [*KEYS, SENTENCE, *VERBS, *STATES, *NUMBERS, *ROWS, *OTHERS]


@pytest.fixture
def operator():
    return User.objects.create_superuser("13900000009", "x", name="值班的人")


def called(word):
    """Wang, who calls himself and his home so."""
    house_of_wang(title=word, address=f"{word}的路口")
    User.objects.filter(pk=wang().pk).update(name=word)
    return wang()


def entry_of(operator, row, message):
    kind = ContentType.objects.get_for_model(row)
    return LogEntry.objects.create(
        user=operator,
        content_type=kind,
        object_id=str(row.pk),
        object_repr=str(row),
        action_flag=CHANGE,
        change_message=message,
    )


def changed_on_the_desk(operator, row, **form):
    client, path = client_of(operator), row._meta.label_lower.replace(".", "/")
    assert client.post(f"/admin/{path}/{row.pk}/change/", form).status_code == 302


def records_of_others(operator):
    """What the site writes about Chen, his home and a district, one of each."""
    user, house = chen(), house_of_wang(owner=chen(), title="别人的家", address="别处")
    area = Area.objects.create(name="西城新区")
    stay_over(house).write_review(li(), 5, "很好").hide(operator, "有广告")
    for way in (["disable", "已注销用户说房子是假的"], ["enable"]):
        getattr(user, way[0])(operator, *way[1:])
    user.change_mobile(operator, "13800005678", "本人到店，13800005678 打得通")
    changed_on_the_desk(operator, user, name="chen", is_staff="1", is_superuser="")
    house.refuse(operator, "照片不清楚")
    house.approve(operator)
    form = desk_form(house) | {"area": area.pk, "deposit": "0"}
    changed_on_the_desk(operator, house, **form)
    call = {"support_phone": "138-0000-0000", "record_days": 190}
    client_of(operator).post("/admin/ihome_site/siteparameter/", call)
    client_of(operator).post("/admin/houses/house/export/?is_listed__exact=1", {"reason": "对账"})
    client_of(operator).post("/admin/accounts/loginattempt/export/", {"reason": "对账"})
    changed_on_the_desk(operator, area, name="西城新区", order="3")
    gone = Area.objects.create(name="怀柔区")
    client_of(operator).post(f"/admin/houses/area/{gone.pk}/delete/", {"post": "yes"})
    photo = [{"changed": {"name": "房源图片", "object": "houses/x.webp", "fields": ["排序"]}}]
    entry_of(operator, house, json.dumps([{"added": {}}, *photo], ensure_ascii=False))
    House.objects.filter(pk=house.pk).update(title="后来改的")


def written():
    """Every text of the logs, and what Chen was told."""
    lines = OperationLog.objects.order_by("pk")
    entries = LogEntry.objects.order_by("pk")
    notices = Notice.objects.filter(user=chen_now()).order_by("pk")
    return (
        list(lines.values_list("verb", "subject_text", "before", "after", "reason")),
        list(entries.values_list("object_repr", "change_message")),
        list(notices.values_list("text", flat=True)),
    )


def chen_now():
    return User.objects.get(name="chen")


def test_who_is_called_as_the_site_says_changes_no_record_of_others(operator):
    records_of_others(operator)
    for number, word in enumerate(WORDS):
        user = User.objects.create_user(f"137000000{number:02d}", "x", name=word)
        house_of_wang(owner=user, title=word, address=f"{word}的路口")
    before = written()
    assert all(len(texts) >= 4 for texts in before)
    for number, word in enumerate(WORDS):
        call_command("erase_user", f"137000000{number:02d}")
        assert (word, written()) == (word, before)


def message_on(name):
    """What Django's history says of photos that are called like somebody."""
    photo = {"name": "房源图片", "object": f'像 {name} 的 诸葛小明 "家"'}
    return [{"added": photo}, {"changed": photo | {"fields": ["排序"]}}, {"deleted": photo}]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("as_ascii", [True, False])
def test_a_name_goes_from_djangos_history_and_its_json_stays_readable(key, as_ascii, operator):
    house, user = house_of_wang(owner=chen(), title="别人的家"), wang()
    User.objects.filter(pk=user.pk).update(name=key)
    entry = entry_of(operator, house, json.dumps(message_on(key), ensure_ascii=as_ascii))
    call_command("erase_user", user.mobile)
    entry.refresh_from_db()
    assert json.loads(entry.change_message) == message_on("已注销用户")
    page = client_of(operator).get(f"/admin/houses/house/{house.pk}/history/")
    assert "像 已注销用户 的 诸葛小明" in page.content.decode()


def test_a_chinese_name_is_found_in_escaped_json(operator):
    house, user = house_of_wang(owner=chen(), title="别人的家"), called('诸葛"小明')
    entry = entry_of(operator, house, json.dumps([{"added": {"name": "x", "object": user.name}}]))
    assert "诸葛" not in entry.change_message
    call_command("erase_user", user.mobile)
    entry.refresh_from_db()
    assert json.loads(entry.change_message) == [{"added": {"name": "x", "object": "已注销用户"}}]


@pytest.mark.parametrize(
    "message",
    [
        '[{"changed": {"已注销用户": "x", "name": "y", "fields": []}}]',
        '[{"已注销用户": {"fields": ["x"]}}, 5]',
        '[{"added": {"object": "x"}}]',
        '[{"changed": {}}]',
        '[{"added": "x"}]',
        '[{"added": {"name": 5, "object": "x"}}]',
        '["added"]',
        "[已注销用户",
        "[" * 100_000,
    ],
)
def test_an_entry_that_django_cannot_read_is_shown_as_it_is_stored(message, operator):
    house = house_of_wang()
    entry_of(operator, house, message)
    entry_of(operator, house, "还有这一条")
    answer = client_of(operator).get(f"/admin/houses/house/{house.pk}/history/")
    page = answer.content.decode().replace("&quot;", '"')
    assert answer.status_code == 200
    assert message in page
    assert "还有这一条" in page


def test_erasing_goes_over_entries_that_django_cannot_read(operator):
    house, user = house_of_wang(owner=chen(), title="别人的家"), called("诸葛小明")
    deep = entry_of(operator, house, "[" * 100_000 + "诸葛小明")
    other = entry_of(operator, house, '["诸葛小明", {"诸葛小明": 5}]')
    call_command("erase_user", user.mobile)
    for entry in (deep, other):
        entry.refresh_from_db()
    assert deep.change_message.endswith("[已注销用户")
    assert other.change_message == '["已注销用户", {"诸葛小明": 5}]'


def test_what_was_typed_in_records_of_others_goes(operator):
    """Values of free texts, searches, reasons, and the person where a home had another owner."""
    user, others = wang(), house_of_wang(owner=chen(), title="诸葛小明的店", address="别处")
    User.objects.filter(pk=user.pk).update(name="诸葛小明")
    theirs = house_of_wang(title="还没改的标题")
    article = publish(HelpArticle, title="x", body="x")
    typed = {"title": "找诸葛小明", "body": "第一行\n是诸葛小明", "order": "0", "slug": "help-me"}
    changed_on_the_desk(operator, others, **desk_form(others) | {"title": "小店"})
    changed_on_the_desk(operator, article, **typed)
    changed_on_the_desk(operator, theirs, **desk_form(theirs) | {"owner": chen().pk})
    chen().disable(operator, "冒充诸葛小明")
    export = "/admin/houses/house/export/?is_listed__exact=1&q=诸葛小明&o=1"
    client_of(operator).post(export, {"reason": "对账"})
    before = "\n".join(map(str, written()))
    assert before.count("诸葛小明") >= 7
    call_command("erase_user", user.mobile)
    log = OperationLog.objects
    line = log.get(subject_id=str(others.pk), verb="修改")
    assert (line.before, line.after) == ("标题：已注销用户的店", "标题：小店")
    line = log.get(subject_type="ihome_site.helparticle", verb="修改")
    assert "标题：找已注销用户\n" in line.after
    assert "第一行\n是已注销用户" in line.after.replace("\r", "")
    assert log.get(subject_id=str(theirs.pk)).before == "房东：已注销用户"
    exported = log.get(verb="导出").after
    assert "q=已注销用户" in exported
    assert "is_listed__exact=1" in exported
    assert Notice.objects.get(user=chen()).text == f"{SENTENCE}\n理由：冒充已注销用户"


def test_a_starred_mobile_chosen_as_a_name_stays_where_it_is_anothers(operator):
    house, user = house_of_wang(owner=chen(), title="别人的家"), called("138****5678")
    line = OperationLog.objects.record(operator, "下架", house, reason="13800005678 投诉")
    User.objects.filter(pk=user.pk).update(name="13800005678")
    call_command("erase_user", user.mobile)
    line.refresh_from_db()
    assert line.reason == "138****5678 投诉"


def test_an_order_goes_on_saying_that_nobody_answered_in_time():
    user = called("超时未接单")
    order = order_of_li(House.objects.get())
    Order.objects.update(expires_at=timezone.now())
    order.refresh_from_db()
    assert order.expire()
    call_command("erase_user", user.mobile)
    order.refresh_from_db()
    assert order.reason == "超时未接单"
    assert OrderMove.objects.get(order=order, action="expire").note == "超时未接单"


# What the site publishes.


@pytest.mark.parametrize("title", ["400-800-1234", "不会向您索要验证码"])
def test_a_home_called_as_the_site_publishes_takes_nothing_out_of_it(title, capsys):
    phone = SiteParameter.objects.create(name="support_phone", value="400-800-1234")
    article = publish(HelpArticle, body="客服不会向您索要验证码")
    user = called(title)
    call_command("erase_user", user.mobile)
    assert support_phone() == "400-800-1234"
    article.refresh_from_db()
    assert article.body == "客服不会向您索要验证码"
    told = {line for line in told_to_look_at(capsys) if " a title or an address, " in line}
    where = (
        f"SiteParameter {phone.pk} value" if title[0] == "4" else f"HelpArticle {article.pk} body"
    )
    assert told == {f"ihome_site.{where}: a title or an address, not rewritten"}


def test_a_parameter_is_never_given_a_value_that_it_refuses(capsys):
    """Somebody's own mobile goes from the foot of every page; nobody is called there."""
    phone = SiteParameter.objects.create(name="support_phone", value="139-0000-0001")
    user = wang()
    call_command("erase_user", user.mobile)
    assert not SiteParameter.objects.filter(name="support_phone").exists()
    assert support_phone() == ""
    assert told_to_look_at(capsys) == {
        f"ihome_site.SiteParameter {phone.pk} value: its default now"
    }


@pytest.mark.parametrize(
    "link", ["/help/privacy/", "/houses/?q=%E5%9B%9B%E5%90%88%E9%99%A2%E7%9A%84%E5%AE%B6%E9%87%8C"]
)
def test_a_home_called_as_a_link_ends_no_banner_for_others(link, capsys):
    house_of_wang(owner=chen(), title="四合院的家里真好")
    banner = publish(Banner, title="去看看", link=link)
    house_of_wang(title="/help/privacy/", address="四合院的家里")
    call_command("erase_user", MOBILES["wang"])
    banner.refresh_from_db()
    assert (banner.link, banner.ends_on) == (link, None)
    assert f"ihome_site.Banner {banner.pk} link: not rewritten" in told_to_look_at(capsys)


# Who calls themselves as operators speak.

REASON, TITLE = "照片与实际不符", "经核实该房源存在虚假信息"


def records_with(operator, text, count):
    """Homes of Chen that operators refused with this reason, and held."""
    homes = [house_of_wang(owner=chen(), title="别人的家", address="别处") for _ in range(count)]
    for home in homes:
        home.refuse(operator, text)
        home.hold(operator, text)
    return homes


def reasons_of(homes):
    found = House.objects.filter(pk__in=[home.pk for home in homes]).order_by("pk")
    return list(found.values_list("check_reason", "held_reason"))


@pytest.mark.parametrize("word", [REASON, TITLE])
def test_what_many_records_about_others_say_stays_and_a_person_is_told(word, operator, capsys):
    text = f"{word}，请改"
    homes = records_with(operator, text, traces.MOST_ABOUT_OTHERS + 1)
    user = called(word)
    house_of_wang(title="客厅").hold(operator, f"{word}的房子")
    before = [text for texts in written() for text in texts if word in str(text)]
    call_command("erase_user", user.mobile)
    assert set(reasons_of(homes)) == {(text, text)}
    after = [text for texts in written() for text in texts if word in str(text)]
    assert len(after) == len(before) - 1  # the line about their own home
    told = {line for line in told_to_look_at(capsys) if "many share" in line}
    assert {line.split()[0] for line in told} == {"houses.House", "ihome_site.OperationLog"}
    numbers = ", ".join(str(home.pk) for home in homes)
    assert f"houses.House {numbers} held_reason: a word that many share, not rewritten" in told
    assert not any(word in line for line in told)


def test_what_few_records_about_others_say_goes_however_often_their_own_do(operator, capsys):
    homes, user = records_with(operator, f"像{TITLE}的房子", 2), called(TITLE)
    for _ in range(traces.MOST_ABOUT_OTHERS + 1):
        house_of_wang(title="客厅").hold(operator, f"{TITLE}的房子")
    call_command("erase_user", user.mobile)
    assert TITLE not in str(reasons_of(homes))
    assert not any("many share" in line for line in told_to_look_at(capsys))


@pytest.mark.parametrize("word", [REASON, TITLE])
def test_what_was_written_before_they_had_an_account_is_about_somebody_else(word, operator):
    """But for their number: somebody was told of it before they came."""
    text = f"{word}，请改"
    (home,) = records_with(operator, text, 1)
    chen().disable(operator, text)
    line = OperationLog.objects.record(operator, "下架", home, reason="139 0000 0001 投诉")
    kind = ContentType.objects.get_for_model(Area)
    LogEntry.objects.create(
        user=operator, content_type=kind, object_repr=text, action_flag=CHANGE, change_message=text
    )
    before, user = written(), called(word)
    line.refresh_from_db()
    User.objects.filter(pk=user.pk).update(created_at=timezone.now())
    call_command("erase_user", user.mobile)
    assert reasons_of([home]) == [(text, text)]
    line.refresh_from_db()
    assert line.reason == "*** 投诉"
    OperationLog.objects.filter(pk=line.pk).update(reason="139****0001 投诉")
    assert written() == before
