"""Erasing whose home the desk has given to somebody else."""

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command

from accounts.models import User
from houses.models import House
from ihome_site.models import OperationLog
from ihome_site.testing import MOBILES, chen, client_of, house_of_wang, wang
from orders.tests.test_forgetting import desk_form, told_to_look_at

pytestmark = pytest.mark.django_db
NAME = "端木青瓷甲"
TITLE = f"{NAME}的小院"


@pytest.fixture
def operator():
    return User.objects.create_superuser("13900000009", "x", name="值班的人")


def saved(operator, house, **words):
    form, path = {**desk_form(house), **words}, f"/admin/houses/house/{house.pk}/change/"
    assert client_of(operator).post(path, form).status_code == 302
    return House.objects.get(pk=house.pk)


@pytest.fixture
def given(operator):
    """A home that operators held, gave away, and saved once more, with its title."""
    User.objects.filter(pk=wang().pk).update(name=NAME)
    house = house_of_wang(title=TITLE)
    house.hold(operator, "有人投诉")
    house = saved(operator, house, price="400")
    house = saved(operator, house, owner=chen().pk)
    house = saved(operator, house, price="401")
    house.let_go(operator)
    return house


def called(model, column):
    return set(model.objects.values_list(column, flat=True))


def test_the_logs_of_a_home_given_away_lose_the_name_and_its_title_is_told(given, capsys):
    assert called(OperationLog, "subject_text") == {TITLE}
    call_command("erase_user", MOBILES["wang"])
    names = called(OperationLog, "subject_text") | called(LogEntry, "object_repr")
    after = {"已注销房东的房源", "已注销用户的小院", f"已换主人的房源 {given.pk}"}
    assert names == after
    given.refresh_from_db()
    assert given.title == TITLE  # it is Chen's word now
    told = told_to_look_at(capsys)
    assert f"houses.House {given.pk} title: a name, not rewritten" in told
    assert not any(NAME in line for line in told)


def test_who_gets_a_home_keeps_what_operators_say_of_it_since(given, operator):
    given.hold(operator, "照片太暗")
    call_command("erase_user", MOBILES["wang"])
    given.refresh_from_db()
    assert given.held_reason == "照片太暗"
    reasons = OperationLog.objects.exclude(reason="").order_by("pk")
    assert list(reasons.values_list("reason", flat=True)) == ["（已随账号注销删除）", "照片太暗"]
    assert "房东：已注销用户" in called(OperationLog, "before")


def test_so_do_they_when_it_is_deleted_since(given, operator):
    given.hold(operator, "照片太暗")
    client_of(operator).post(f"/admin/houses/house/{given.pk}/delete/", {"post": "yes"})
    call_command("erase_user", MOBILES["wang"])
    assert "照片太暗" in called(OperationLog, "reason")
    for column in ("subject_text", "before"):
        assert not any(NAME in text for text in called(OperationLog, column))
    assert "已注销用户的小院" in called(OperationLog, "before")
    call_command("erase_user", MOBILES["chen"])
    assert "照片太暗" not in called(OperationLog, "reason")
    assert "已注销用户的小院" not in called(OperationLog, "before")


def test_what_others_are_called_like_them_is_told_and_stays(operator, capsys):
    """Nobody takes another's title by calling themselves so."""
    User.objects.filter(pk=wang().pk).update(name=NAME)
    other = house_of_wang(owner=chen(), title=TITLE, address="别处")
    other.hold(operator, "有人投诉")
    line = OperationLog.objects.get()
    call_command("erase_user", MOBILES["wang"])
    other.refresh_from_db()
    line.refresh_from_db()
    assert (other.title, line.subject_text) == (TITLE, TITLE)
    assert told_to_look_at(capsys) == {
        f"houses.House {other.pk} title: a name, not rewritten",
        f"ihome_site.OperationLog {line.pk} subject_text: a name, not rewritten",
    }
