"""A list as CSV: who may take it away, what for, and what stands in it."""

import csv
import io
from urllib.parse import quote_plus

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.models import User
from houses.models import House
from ihome_site.exports import harmless
from ihome_site.models import OperationLog
from ihome_site.testing import chen, client_of, house_of_wang, id_card_of, order_of_li, wang
from ihome_site.tests.test_operators_desk import operator
from orders.models import Order

pytestmark = pytest.mark.django_db


def export_url(model, query=""):
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_export"
    return f"{reverse(name)}?{query}"


def exported(client, model, query="", reason="月度对账"):
    answer = client.post(export_url(model, query), {"reason": reason})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_a_list_is_taken_away_with_its_filters():
    house_of_wang(title="甲")
    house_of_wang(title="乙", is_listed=False)
    rows = exported(client_of(operator("运营")), House, "is_listed__exact=1")
    assert rows[0][:3] == ["标题", "城区", "房东"]
    assert [row[0] for row in rows[1:]] == ["甲"]


def test_it_leaves_a_line_with_filters_rows_and_reason():
    house_of_wang()
    exported(client_of(operator("运营")), House, "is_listed__exact=1", "派出所 138-0013-8000 来电")
    line = OperationLog.objects.get()
    assert (line.actor, line.verb, line.subject_text) == (operator("运营"), "导出", "房源")
    assert line.after == "筛选：is_listed__exact=1\n1 行"
    assert line.reason == "派出所 138****8000 来电"


@pytest.mark.parametrize("mobile", ["138 0013 8000", "138-0013-8000", "１３８００１３８０００"])
def test_a_mobile_searched_for_is_starred_in_it(mobile):
    exported(client_of(operator("管理员")), User, f"q={quote_plus(mobile)}")
    assert OperationLog.objects.get().after == "筛选：q=138****8000\n0 行"


@pytest.mark.parametrize("reason", [None, "", " ", "x", "长" * 256, "a\x00bc"])
def test_without_a_reason_nothing_is_taken_away(reason):
    house_of_wang(title="甲")
    client, url = client_of(operator("运营")), export_url(House)
    answer = client.get(url) if reason is None else client.post(url, {"reason": reason})
    assert answer["Content-Type"].startswith("text/html")
    assert 'name="reason"' in answer.content.decode()
    assert not OperationLog.objects.exists()


@pytest.mark.parametrize(
    ("role", "may"), [("客服", False), ("审核", False), ("运营", True), ("管理员", True)]
)
def test_exporting_is_a_permission_of_its_own(role, may):
    house_of_wang()
    client = client_of(operator(role))
    page = client.get(reverse("admin:houses_house_changelist")).content.decode()
    assert ("导出 CSV" in page) == may
    wanted = 200 if may else 403
    assert client.get(export_url(House)).status_code == wanted
    assert client.post(export_url(House), {"reason": "月度对账"}).status_code == wanted


def test_who_may_not_see_a_list_cannot_take_it():
    assert client_of(operator("运营")).get(export_url(User)).status_code == 403


def test_mobiles_are_whole_only_for_those_who_may_see_them():
    person, boss = chen(), operator("管理员")
    person.name = None
    person.save(update_fields=["name"])
    assert person.mobile in [row[0] for row in exported(client_of(boss), User)]
    boss.groups.get().permissions.remove(
        *boss.groups.get().permissions.filter(codename="reveal_mobile")
    )
    cells = str(exported(client_of(boss), User))
    assert "139****0003" in cells
    assert person.mobile not in cells


def test_what_people_wrote_is_starred_too():
    house_of_wang(title="加微信 139 0000 0001", address=f"证 {id_card_of(1)}")
    cells = str(exported(client_of(operator("运营")), House))
    assert "加微信 139****0001" in cells
    order_of_li(House.objects.get()).reject(wang(), "请打 １３９０００００００１")
    assert "13900000001" not in str(exported(client_of(operator("运营")), Order))


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model.__name__)
def test_no_id_number_is_in_any_file(model):
    order_of_li(house_of_wang(title=f"证 {id_card_of(1)}"))
    client = client_of(User.objects.create_superuser("13900000009", "x"))
    assert id_card_of(1) not in str(exported(client, model))


def test_more_rows_than_a_chunk(monkeypatch):
    monkeypatch.setattr("ihome_site.exports.CHUNK", 2)
    for n in range(5):
        house_of_wang(title=str(n))
    rows = exported(client_of(operator("运营")), House)
    assert [row[0] for row in rows[1:]] == ["4", "3", "2", "1", "0"]


SIGNS = ["=1+1", "+86", "-1", "@SUM(A1)", "＝1", "﹢1", "\u22121"]
BEFORE = ["", " ", "\u3000", "\t", "\r", "\n", "\x0b", "\x00", "\x1f", "\u200b", "\ufeff", "\u2060"]
BEFORE += ["\u00ad", "\u202e", "\u3164", "\u2800", "\ufe0f", "\u034f", " \u200b\ufeff "]


@pytest.mark.parametrize("end", [";", "\t", "\n", "\r", "; ", ";\u200b"], ids=ascii)
def test_a_formula_behind_what_may_end_a_cell_is_marked(end):
    """Programs split at semicolons and tabs, whatever is quoted."""
    assert harmless(f"海景房{end}=1+1{end}@SUM(1)").count("'") == 2
    assert harmless(f"海景房{end}朝南") == f"海景房{end}朝南"


@pytest.mark.parametrize("before", BEFORE, ids=ascii)
@pytest.mark.parametrize("sign", SIGNS)
def test_a_text_that_looks_like_a_formula_is_marked(before, sign):
    assert harmless(before + sign) == f"'{before}{sign}"


@pytest.mark.parametrize("text", ["鼓楼", " 1=1", "a=1", "", " ", "\u200b", "1-2", "（=1）"])
def test_other_texts_stay(text):
    assert harmless(text) == text


@pytest.mark.parametrize("text", ["=1+1", " =1+1", "\u200b=1", "\t鼓楼"])
def test_no_cell_of_a_file_is_a_formula(text):
    house_of_wang(title=text)
    rows = exported(client_of(operator("运营")), House)
    assert rows[1][0] == f"'{text}"


def test_numbers_stay_numbers():
    assert harmless(-5) == -5
