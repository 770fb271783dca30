"""What operators may do to an account: never become its owner, never raise themselves."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccountError, LoginAttempt, SmsCode, User
from accounts.supervision import LATELY
from accounts.tests.test_codes import sent_before
from accounts.tests.test_reveal import operator as operator_with
from houses.models import Area, House
from ihome_site import desk, outcomes
from ihome_site.models import OperationLog
from ihome_site.testing import PASSWORD, chen, client_of, house_of_wang, id_card_of, li
from ihome_site.tests.test_operators_desk import act, operator

pytestmark = pytest.mark.django_db
NEW = "13911112222"


def boss():
    return User.objects.filter(is_superuser=True).first() or User.objects.create_superuser(
        "13900000009", PASSWORD, name="boss"
    )


def url_of(page, user):
    return reverse(f"admin:accounts_user_{page}", args=[user.pk])


def notices(user):
    return list(user.notices.order_by("pk").values_list("kind", "text"))


def powers(user):
    return set(User.objects.get(pk=user.pk).groups.values_list("name", flat=True))


# Passwords.


@pytest.mark.parametrize("who", ["boss", "管理员"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_sets_anothers_password(who, method):
    client = client_of(boss() if who == "boss" else operator(who))
    before = chen().password
    form = {"password1": "gulou-clock-9", "password2": "gulou-clock-9", "password": "x"}
    form |= {"usable_password": "true", "set-password": "1", "name": "chen"}
    for path in (f"/admin/accounts/user/{chen().pk}/password/", url_of("change", chen())):
        answer = getattr(client, method)(path, form, follow=True)
        assert 'type="password"' not in answer.content.decode()
    assert chen().password == before


def test_a_new_account_has_no_password_and_its_page_comes_next():
    client = client_of(boss())
    page = client.get("/admin/accounts/user/add/").content.decode()
    assert 'type="password"' not in page
    form = {"mobile": "137 1111 0000", "password1": "gulou-clock-9", "password2": "gulou-clock-9"}
    answer = client.post("/admin/accounts/user/add/", form)
    user = User.objects.get(mobile="13711110000")
    assert answer["Location"] == url_of("change", user)
    assert not user.has_usable_password()
    assert notices(user) == [("account", "运营人员为您开通了账号")]


def test_a_voided_password_signs_nobody_in_until_its_owner_sets_another():
    browser = client_of(chen())
    page = act("管理员", User, "void_password", chen(), reason="密码可能泄露").content.decode()
    assert "完成 1 个" in page
    assert browser.get("/accounts/me/").status_code == 302
    assert not chen().has_usable_password()
    line = OperationLog.objects.get()
    assert (line.verb, line.reason, line.subject_id) == (
        "让密码失效",
        "密码可能泄露",
        str(chen().pk),
    )
    ((kind, text),) = notices(chen())
    assert kind == "account"
    assert "忘记密码" in text
    assert "密码可能泄露" in text
    assert "您的账号有变动" in client_of(chen()).get("/accounts/notices/").content.decode()


@pytest.mark.parametrize("role", ["客服", "审核", "运营"])
def test_voiding_is_a_permission_of_its_own(role):
    act(role, User, "void_password", chen(), reason="试试看")
    assert chen().has_usable_password()


def test_a_superusers_password_is_voided_by_superusers_alone():
    page = act("管理员", User, "void_password", boss(), reason="试试看").content.decode()
    assert "超级用户只能由超级用户" in page
    assert boss().has_usable_password()


@pytest.mark.parametrize("verb", ["disable", "enable", "void_password"])
def test_who_may_more_is_not_disabled_nor_brought_back_by_who_may_less(verb):
    more = User.objects.create_user("13700000077", PASSWORD, is_staff=True)
    powerful = Group.objects.create(name="换号")
    powerful.permissions.set([Permission.objects.get(codename="change_mobile")])
    more.groups.set([powerful, Group.objects.get(name="管理员")])
    User.objects.filter(pk=more.pk).update(is_active=verb != "enable")
    before = User.objects.filter(pk=more.pk).values().get()
    page = act("管理员", User, verb, more, reason="试试看").content.decode()
    assert "对方能做的比您多" in page
    assert User.objects.filter(pk=more.pk).values().get() == before
    assert not OperationLog.objects.exists()
    powerful.permissions.clear()
    act("管理员", User, verb, more, reason="试试看")
    assert OperationLog.objects.count() == 1


# Another mobile.


def change_mobile(user, who, mobile=NEW, reason="本人到店核验"):
    return client_of(who).post(url_of("mobile", user), {"mobile": mobile, "reason": reason})


def test_the_mobile_is_not_in_the_form():
    client = client_of(boss())
    page = client.get(url_of("change", chen())).content.decode()
    assert 'name="mobile"' not in page
    client.post(url_of("change", chen()), {"mobile": NEW, "name": "chen"})
    assert chen().mobile != NEW


def test_a_changed_mobile_ends_sessions_and_password_is_logged_and_told():
    person, browser = chen(), client_of(chen())
    assert change_mobile(person, boss()).status_code == 302
    person.refresh_from_db()
    assert (person.mobile, person.has_usable_password()) == (NEW, False)
    assert browser.get("/accounts/me/").status_code == 302
    line = OperationLog.objects.get()
    assert (line.verb, line.before, line.after) == ("更换手机号", "139****0003", "139****2222")
    assert line.reason == "本人到店核验"
    ((kind, text),) = notices(person)
    assert kind == "account"
    assert "139****0003 换成了 139****2222" in text


def test_nothing_is_kept_under_the_mobile_somebody_had_before():
    """Nobody could tell later whose it was, neither for an export nor to erase it."""
    person = chen()
    for mobile in (person.mobile, li().mobile):
        LoginAttempt.objects.create(mobile=mobile, address="::1")
        sent_before(1, 100, mobile=mobile)
    change_mobile(person, boss())
    for ledger in (LoginAttempt, SmsCode):
        assert set(ledger.objects.values_list("mobile", flat=True)) == {li().mobile}


@pytest.mark.parametrize("role", ["客服", "审核", "运营", "管理员"])
def test_no_role_may_change_a_mobile(role):
    person = chen()
    assert change_mobile(person, operator(role)).status_code == 403
    client = client_of(operator(role))
    assert client.get(url_of("mobile", person)).status_code == 403
    assert "更换手机号" not in client.get(url_of("change", person)).content.decode()
    person.refresh_from_db()
    assert person.mobile != NEW


def test_who_was_given_the_permission_changes_nobody_above_them():
    holder = operator_with("view_user", "change_user", "change_mobile")
    for target in (boss(), operator("客服"), holder):
        assert change_mobile(target, holder).status_code == 200
        assert not User.objects.filter(mobile=NEW).exists()
    assert change_mobile(chen(), holder).status_code == 302


# An operator's mobile changed in other steps.


def colleague():
    return operator("客服")


def changer():
    """A 管理员 who was given the permission to change mobiles as well."""
    user = operator("管理员")
    user.user_permissions.add(Permission.objects.get(codename="change_mobile"))
    return user


def save_account(user, who, *powers):
    form = {"name": "小同事", **dict.fromkeys(powers, "on")}
    form["groups"] = [group.pk for group in user.groups.all()]
    return client_of(who).post(url_of("change", user), form)


def long_ago():
    stamps = dict.fromkeys(["left_desk_at", "mobile_changed_at"], timezone.now() - LATELY)
    User.objects.update(**stamps)


@pytest.mark.parametrize("roles_too", [True, False])
def test_who_was_an_operator_until_lately_gets_no_other_mobile(roles_too):
    person = colleague()
    if roles_too:
        person.groups.clear()
    assert save_account(person, changer()).status_code == 302
    assert not User.objects.get(pk=person.pk).is_staff
    answer = change_mobile(person, changer())
    assert "不久前还是运营人员" in answer.content.decode()
    assert not User.objects.filter(mobile=NEW).exists()
    assert change_mobile(person, boss()).status_code == 302


def test_nor_is_somebody_made_one_whose_mobile_was_changed_lately():
    person = colleague()
    save_account(person, changer())
    long_ago()
    assert change_mobile(person, changer()).status_code == 302
    answer = save_account(person, changer(), "is_staff")
    assert "换过这个账号的手机号" in answer.content.decode()
    assert not User.objects.get(pk=person.pk).is_staff
    assert save_account(person, boss(), "is_staff").status_code == 302
    assert User.objects.get(pk=person.pk).is_staff


def test_after_some_months_both_are_possible_again():
    person = colleague()
    save_account(person, changer())
    long_ago()
    assert change_mobile(person, changer()).status_code == 302
    long_ago()
    assert save_account(person, changer(), "is_staff").status_code == 302


def test_a_superuser_who_is_none_any_more_was_one_too():
    first = boss()
    person = User.objects.create_superuser("13700000066", PASSWORD, name="二老板")
    person.is_staff = False
    person.save(update_fields=["is_staff"])
    assert save_account(person, first).status_code == 302
    assert not User.objects.get(pk=person.pk).is_superuser
    assert "不久前还是运营人员" in change_mobile(person, changer()).content.decode()


def test_the_form_counts_a_mobile_that_is_changed_while_it_is_sent(monkeypatch):
    """Between Django's first look at the account and the lock on it."""
    person = colleague()
    save_account(person, changer())
    lock_all = type(User.objects).lock_all

    def lock_late(users, pks):
        users.filter(pk=person.pk).update(mobile=NEW, mobile_changed_at=timezone.now())
        return lock_all(users, pks)

    monkeypatch.setattr(type(User.objects), "lock_all", lock_late)
    save_account(person, changer(), "is_staff")
    assert not User.objects.get(pk=person.pk).is_staff


@pytest.mark.parametrize(
    ("mobile", "reason"),
    [
        ("13900000002", "本人到店核验"),
        ("1391111222", "本人到店核验"),
        (NEW, ""),
        ("", "本人到店核验"),
        ("１３９１１１１２２２２", "本人到店核验"),
    ],
)
def test_a_slip_changes_nothing_and_keeps_what_was_typed(mobile, reason):
    li()
    person = chen()
    answer = change_mobile(person, boss(), mobile, reason)
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert reason in answer.content.decode()
    person.refresh_from_db()
    assert person.mobile == "13900000003"
    assert not OperationLog.objects.exists()


# Everything is logged and told.


def test_changes_of_a_form_are_told():
    role = Group.objects.get(name="客服")
    form = {"name": "陈大文", "is_staff": "on", "groups": [role.pk]}
    person = chen()
    assert client_of(boss()).post(url_of("change", person), form).status_code == 302
    assert OperationLog.objects.get().verb == "修改"
    assert notices(person) == [("account", "运营人员修改了您账号的：用户名、运营人员、角色")]


def test_disabling_and_enabling_are_told():
    act("客服", User, "disable", chen(), reason="冒用照片")
    act("客服", User, "enable", chen())
    first, second = notices(chen())
    assert first == ("account", "运营人员停用了您的账号\n理由：冒用照片")
    assert "恢复了您的账号" in second[1]


def test_a_refused_verb_tells_nobody():
    with pytest.raises(AccountError):
        chen().enable(boss())
    assert notices(chen()) == []


# Nobody raises themselves.


@pytest.mark.parametrize("role", ["管理员", "运营"])
def test_nobody_but_a_superuser_changes_what_they_may_do(role):
    me = operator("管理员")
    other = Group.objects.create(name="财务")
    form = {"name": me.name, "is_staff": "on", "is_superuser": "on"}
    form["groups"] = [Group.objects.get(name=role).pk, other.pk]
    client_of(me).post(url_of("change", me), form)
    me.refresh_from_db()
    assert powers(me) == {"管理员"}
    assert not me.is_superuser


def test_nobody_gives_or_takes_a_role_beyond_their_own():
    strong = Group.objects.create(name="财务")
    strong.permissions.add(Permission.objects.get(codename="change_mobile"))
    client, person = client_of(operator("管理员")), chen()
    form = {"name": "chen", "is_staff": "on", "groups": [strong.pk]}
    answer = client.post(url_of("change", person), form)
    assert "只能给予或收回您自己也有的权限：财务" in answer.content.decode()
    assert powers(person) == set()
    person.groups.add(strong)
    User.objects.filter(pk=person.pk).update(is_staff=True)
    weak = Group.objects.get(name="客服")
    assert client.post(url_of("change", person), form | {"groups": [weak.pk]}).status_code == 200
    assert powers(person) == {"财务"}
    both = form | {"groups": [weak.pk, strong.pk]}
    assert client.post(url_of("change", person), both).status_code == 302
    assert powers(person) == {"财务", "客服"}


def role_url(page, role):
    return reverse(f"admin:auth_group_{page}", args=[role.pk])


def test_nobody_changes_or_deletes_their_own_role():
    own = Group.objects.get(name="管理员")
    client = client_of(operator("管理员"))
    before = set(own.permissions.all())
    form = {"name": "管理员", "permissions": [Permission.objects.get(codename="change_mobile").pk]}
    assert client.post(role_url("change", own), form).status_code == 403
    assert client.post(role_url("delete", own), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [own.pk], "post": "yes"}
    client.post(reverse("admin:auth_group_changelist"), chosen)
    assert set(Group.objects.get(pk=own.pk).permissions.all()) == before


def test_nobody_puts_into_a_role_what_they_do_not_have():
    other = Group.objects.get(name="客服")
    beyond = Permission.objects.get(codename="change_mobile")
    client = client_of(operator("管理员"))
    mine = [*other.permissions.values_list("pk", flat=True)]
    form = {"name": "客服", "permissions": [*mine, beyond.pk]}
    assert "只能给予或收回" in client.post(role_url("change", other), form).content.decode()
    new = {"name": "新的", "permissions": [beyond.pk]}
    assert "只能给予或收回" in client.post("/admin/auth/group/add/", new).content.decode()
    assert not beyond.group_set.exists()
    other.permissions.add(beyond)
    assert client.post(role_url("delete", other), {"post": "yes"}).status_code == 403
    within = {"name": "新的", "permissions": mine}
    assert client.post("/admin/auth/group/add/", within).status_code == 302
    assert OperationLog.objects.filter(subject_type="auth.group", verb="新增").count() == 1


def test_a_superuser_may_all_of_it():
    other = Group.objects.get(name="客服")
    beyond = Permission.objects.get(codename="change_mobile")
    form = {"name": "客服", "permissions": [beyond.pk]}
    assert client_of(boss()).post(role_url("change", other), form).status_code == 302
    assert list(other.permissions.all()) == [beyond]


def test_no_home_goes_to_another_owner_but_by_a_superuser():
    house = house_of_wang()
    url = reverse("admin:houses_house_change", args=[house.pk])
    fields = "title price address room_count acreage unit capacity beds deposit min_days max_days"
    form = {name: getattr(house, name) for name in fields.split()} | {"area": house.area_id}
    form |= {"images-TOTAL_FORMS": "0", "images-INITIAL_FORMS": "0"}
    form["owner"] = operator("管理员").pk
    assert client_of(operator("管理员")).post(url, form).status_code == 302
    assert House.objects.get().owner == house.owner
    assert client_of(boss()).post(url, form).status_code == 302
    assert House.objects.get().owner == operator("管理员")


# As things stand now: the operator's own account too.


@pytest.mark.parametrize("verb", ["disable", "void_password", "change_mobile"])
@pytest.mark.parametrize("lost", ["is_active", "is_superuser"])
def test_an_operator_who_lost_their_powers_a_moment_ago_changes_nobody(verb, lost):
    actor, other = boss(), User.objects.create_superuser("13900000008", PASSWORD)
    User.objects.filter(pk=actor.pk).update(**{lost: False})
    arguments = [NEW, "被盗"] if verb == "change_mobile" else ["被盗"]
    with pytest.raises(AccountError):
        getattr(other, verb)(actor, *arguments)
    other.refresh_from_db()
    assert (other.is_active, other.check_password(PASSWORD)) == (True, True)


def test_a_deleted_role_is_told_to_its_members_and_logged_for_each():
    member, role = operator("审核"), Group.objects.get(name="审核")
    url = reverse("admin:auth_group_delete", args=[role.pk])
    assert client_of(boss()).post(url, {"post": "yes"}).status_code == 302
    assert [text for _kind, text in notices(member)] == ["您的角色「审核」被删除了"]
    line = OperationLog.objects.about(member).get()
    assert (line.verb, line.before) == ("删除角色", "角色：审核")


def test_a_changed_role_is_told_to_its_members():
    member, role = operator("审核"), Group.objects.get(name="审核")
    kept = role.permissions.values_list("pk", flat=True)[1:]
    url = reverse("admin:auth_group_change", args=[role.pk])
    answer = client_of(boss()).post(url, {"name": role.name, "permissions": list(kept)})
    assert answer.status_code == 302
    assert [text for _kind, text in notices(member)] == ["您的角色「审核」的权限有变动"]


@pytest.mark.parametrize("lost", ["is_active", "is_staff", "is_superuser"])
@pytest.mark.parametrize("page", ["user", "group", "house", "list", "add"])
def test_nor_do_they_save_a_form(monkeypatch, lost, page):
    """The powers go after Django has looked at them, just before the account is locked."""
    actor, lock = boss(), desk.lock_actor

    def lock_late(request):
        User.objects.filter(pk=actor.pk).update(**{lost: False})
        lock(request)

    house, area = house_of_wang(), Area.objects.first()
    rows = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": area.pk}
    no_photos = {"images-TOTAL_FORMS": "0", "images-INITIAL_FORMS": "0"}
    url, form = {
        "user": (url_of("change", li()), {"name": "改了", "is_staff": "on"}),
        "group": (reverse("admin:auth_group_change", args=[1]), {"name": "改了"}),
        "house": (
            reverse("admin:houses_house_change", args=[house.pk]),
            {"title": "改了", **no_photos},
        ),
        "list": (
            reverse("admin:houses_area_changelist"),
            {"_save": "1", "form-0-order": "987", **rows},
        ),
        "add": (reverse("admin:houses_area_add"), {"name": "改了", "order": "987"}),
    }[page]
    client = client_of(actor)
    monkeypatch.setattr(desk, "lock_actor", lock_late)
    assert client.post(url, form).status_code == 403
    assert not Area.objects.filter(order=987).exists()


def test_an_operator_who_lost_the_right_between_two_rows_stops_there(monkeypatch):
    first, second = house_of_wang(), house_of_wang()
    actor, hold = boss(), House.hold

    def hold_and_lose(house, *args):
        hold(house, *args)
        User.objects.filter(pk=actor.pk).update(is_superuser=False)

    monkeypatch.setattr(House, "hold", hold_and_lose)
    chosen = {"action": "do_hold", "_selected_action": [first.pk, second.pk], "reason": "有人投诉"}
    answer = client_of(actor).post(reverse("admin:houses_house_changelist"), chosen, follow=True)
    assert answer.status_code == 403
    assert House.objects.exclude(held_reason="").count() == 1


def test_an_operator_who_lost_the_right_while_waiting_for_a_row_deletes_nothing(monkeypatch):
    district, actor, wait = Area.objects.create(name="新区", order=9), boss(), outcomes.lock

    def lock_late(model, pk):
        User.objects.filter(pk=actor.pk).update(is_superuser=False)
        return wait(model, pk)

    client = client_of(actor)
    monkeypatch.setattr(outcomes, "lock", lock_late)
    chosen = {"action": "delete_selected", "_selected_action": [district.pk], "post": "yes"}
    url = reverse("admin:houses_area_changelist")
    assert "新区：您现在没有权限" in client.post(url, chosen, follow=True).content.decode()
    assert Area.objects.filter(pk=district.pk).exists()


def test_a_superuser_does_not_take_away_their_own_powers():
    """The last one could not take it back, nor could anybody else."""
    me = boss()
    answer = client_of(me).post(url_of("change", me), {"name": "老板"})
    assert answer.status_code == 302
    me.refresh_from_db()
    assert (me.name, me.is_superuser, me.is_staff) == ("老板", True, True)


@pytest.mark.parametrize("is_staff", [True, False])
def test_nobody_opens_or_closes_the_desk_for_whoever_may_more(is_staff):
    narrow, strong = operator_with("view_user", "change_user"), operator("管理员")
    User.objects.filter(pk=strong.pk).update(is_staff=is_staff)
    form = {"name": "改了", "groups": [group.pk for group in strong.groups.all()]}
    answer = client_of(narrow).post(
        url_of("change", strong), form | ({} if is_staff else {"is_staff": "on"})
    )
    assert "有您没有的权限" in answer.content.decode()
    strong.refresh_from_db()
    assert strong.is_staff is is_staff


# The names of roles.


@pytest.mark.parametrize(
    "name", ["贺兰雨柔专用13911112222", "139-1111-2222 的", "一三九 1111 2222", id_card_of(7)]
)
def test_a_role_has_no_number_in_its_name(name):
    """Lists of people show it whole, to whoever reads them."""
    client, role = client_of(boss()), Group.objects.create(name="夜班")
    for page in ("add", f"{role.pk}/change"):
        answer = client.post(f"/admin/auth/group/{page}/", {"name": name})
        assert "角色的名字里不要写手机号" in answer.content.decode()
    assert not Group.objects.filter(name=name).exists()


def test_a_role_from_before_keeps_its_name_until_somebody_changes_it():
    role = Group.objects.create(name="专用13911112222")
    path, form = f"/admin/auth/group/{role.pk}/change/", {"name": role.name}
    assert client_of(boss()).post(path, form).status_code == 302
    assert client_of(boss()).post(path, {"name": "夜班 2 组"}).status_code == 302
    assert Group.objects.filter(name="夜班 2 组").exists()
