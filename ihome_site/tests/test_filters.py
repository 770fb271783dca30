"""A list takes the filters it offers and no other: what is asked for by name would be told."""

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.urls import reverse

from accounts.models import LoginAttempt, SmsCode, User
from houses.models import Area, House
from ihome_site.desk import OperatorsAdmin
from ihome_site.filters import UNUSABLE
from ihome_site.testing import client_of, house_of_wang, li, order_of_li, stay_over
from ihome_site.tests.test_operators_desk import list_url, operator
from orders.models import Order

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:DateTimeField .* received a naive datetime"),
]
MODELS = [model for model in admin.site._registry if model._meta.model_name != "siteparameter"]
SENTENCE = "有个筛选条件用不了，已去掉所有条件"
LOOKUPS = ["", "__exact", "__startswith", "__gte", "__in", "__isnull", "__regex", "__contains"]


def boss():
    return client_of(User.objects.create_superuser("13900000009", "x"))


def two_of_everything():
    """A filter with one choice is not offered."""
    stay_over(house_of_wang()).write_review(li(), 5, "好")
    Area.objects.create(name="西城区")


def opened(model, user, query=None):
    """The model's list as asked for by this query string."""
    request = RequestFactory().get("/", query)
    request.user = user
    return admin.site._registry[model].get_changelist_instance(request)


def offered(model, user):
    """The names of query strings by which the list's own filters are set."""
    specs = opened(model, user).filter_specs
    names = {name for spec in specs for name in spec.expected_parameters()}
    names |= {f"{spec.field_path}__isnull" for spec in specs if hasattr(spec, "field_path")}
    return names | set(admin.site._registry[model].link_filters)


def paths(model):
    """Every column of the model, and of the models it points to."""
    for field in model._meta.concrete_fields:
        yield field.name
        yield field.attname
        if field.related_model:
            yield from (f"{field.name}__{far.attname}" for far in field.related_model._meta.fields)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_column_is_a_filter_unless_the_list_offers_it(model):
    two_of_everything()
    user = User.objects.create_superuser("13900000009", "x")
    allowed = offered(model, user)
    for name in [path + lookup for path in paths(model) for lookup in LOOKUPS]:
        if name not in allowed:
            with pytest.raises(UNUSABLE):
                opened(model, user, {name: "1"})


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_list_is_one_of_ours(model):
    """Django's own list would take every column's filter."""
    assert isinstance(admin.site._registry[model], OperatorsAdmin)


SECRETS = [
    ("accounts_realname", "sealed_id_card__startswith"),
    ("accounts_realname", "id_card_index"),
    ("accounts_user", "password__startswith"),
    ("accounts_user", "mobile__startswith"),
    ("accounts_user", "devices__session_key"),
    ("accounts_user", "real_name__name__startswith"),
    ("accounts_smscode", "code_hmac__startswith"),
    ("accounts_smscode", "mobile__startswith"),
    ("accounts_loginattempt", "mobile__contains"),
    ("houses_house", "owner__password__startswith"),
    ("houses_house", "owner__mobile__startswith"),
    ("orders_order", "token__startswith"),
    ("orders_order", "guest__mobile__startswith"),
    ("ihome_site_operationlog", "actor__mobile__startswith"),
]


@pytest.mark.parametrize(("name", "lookup"), SECRETS)
def test_secrets_are_no_filters_for_lists_exports_and_popups(name, lookup):
    house_of_wang()
    client = client_of(operator("管理员"))
    for query in ({lookup: "1"}, {lookup: ["1", "2"]}, {lookup: "1", "_popup": "1"}):
        answer = client.get(reverse(f"admin:{name}_changelist"), query, follow=True)
        assert SENTENCE in answer.content.decode()
        export = client.get(reverse(f"admin:{name}_export"), query, follow=True)
        assert SENTENCE in export.content.decode()
        file = client.post(f"{reverse(f'admin:{name}_export')}?{lookup}=1", {"reason": "对账"})
        assert file.status_code == 302


@pytest.mark.parametrize(
    "query",
    [
        "area__id__exact=abc",
        "area__id__exact=1&area__id__exact=x",
        "is_listed__exact=seven",
        "nothing=1",
        "held=9",
        "_to_field=title",
        "created_at__gte=yesterday",
        "o=title&bad=1",
        "facilities=%00",
        "e=1&nothing=1",
    ],
)
def test_an_unusable_query_string_leads_to_the_list_with_a_sentence(query):
    two_of_everything()
    client = boss()
    for page in ("changelist", "export"):
        url = reverse(f"admin:houses_house_{page}")
        answer = client.get(f"{url}?{query}", follow=True)
        assert answer.redirect_chain == [(url, 302)]
        assert SENTENCE in answer.content.decode()


def test_the_order_is_that_of_a_listed_column():
    house_of_wang(title="甲", price="9.00")
    house_of_wang(title="乙", price="8.00")
    client = boss()
    for order in ("password", "owner__password", "99", "-99", "x", "9" * 30):
        page = client.get(list_url(House), {"o": order})
        assert page.status_code == 200
        columns = page.context_data["cl"].queryset.query.order_by
        assert set(columns) == {"-pk"}


def test_mobiles_are_no_order():
    client = client_of(operator("客服"))
    for model in (User, SmsCode, LoginAttempt):
        for n in range(8):
            page = client.get(list_url(model), {"o": str(n)})
            assert "mobile" not in str(page.context_data["cl"].queryset.query.order_by)


def test_links_of_our_own_pages_go_on():
    order_of_li(house_of_wang())
    client = boss()
    for model, query in [
        (House, "created_at__gte=2020-01-01T00:00:00%2B08:00&created_at__lt=2099-01-01"),
        (Order, "status__in=WAIT_ACCEPT,COMPLETE"),
        (Order, "status__exact=WAIT_ACCEPT&created_at__gte=2020-01-01"),
        (User, "groups__id__exact=1"),
    ]:
        assert client.get(f"{list_url(model)}?{query}").status_code == 200, query
