"""Thousands of query strings nobody's form makes: 0 answers of the 5xx kind.

The n-th is always the same: parts are picked by arithmetic, not by chance.
"""

import time
from urllib.parse import quote

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import User
from houses.models import Facility
from ihome_site.testing import client_of, house_of_wang, order_of_li, wang
from ihome_site.tests.admin_urls import admin_urls
from ihome_site.tests.test_roles import MATRIX, arguments

pytestmark = [
    pytest.mark.django_db,
    # A date without a zone is only a warning, which these tests would take for an error.
    pytest.mark.filterwarnings("ignore:DateTimeField .* received a naive datetime"),
]
QUICK, MANY = 25, 2000
NAMES = ["aid", "sd", "ed", "sk", "p", "guests", "price_min", "price_max", "facility", "q", "next"]
NAMES += ["begin_date", "end_date", "month", "token", "csrfmiddlewaretoken", "_", "", "%00", "a[]"]
OPERATORS = ["o", "e", "all", "_popup", "_to_field", "_changelist_filters", "id__in", "pk", "term"]
OPERATORS += ["status__exact", "is_listed__exact", "begin_date__gte", "created_at__lt", "stars"]
OPERATORS += ["area__id__exact", "owner__password__startswith", "kind__exact", "p"]
VALUES = ["", "0", "-1", "1", "2", "９", "1e400", "NaN", "Infinity", "9" * 30, "9" * 300, "0x10"]
VALUES += [
    "2026-02-30",
    "0001-01-01",
    "9999-12-31",
    "2028-02-29",
    "２０３０-01-01",
    "2030-1-1",
    "10:00",
]
VALUES += [
    "2030-01",
    "2099-12",
    "0000-00",
    "new",
    "price-inc",
    "'",
    '"',
    "<b>",
    "%",
    "_",
    "\\",
    "😀",
]
VALUES += [
    "\x00",
    "a\x00b",
    "\u202e",
    "\ufffd",
    "null",
    "None",
    "true",
    "[]",
    "{}",
    "/",
    "//x",
    "x" * 900,
]
RAW = [
    "%",
    "%zz",
    "%ed%a0%80",
    "%ff%fe",
    "%c0%af",
    "%00",
    "+",
    "%F0%9F%98",
    ";",
    "&&",
    "==",
    "#",
    "?",
]


def query(n, names):
    """The n-th query string: one to five pairs, some of them not even well encoded."""
    state, pairs = n * 2654435761 % 2**32, []
    for place in range(1 + n % 5):
        state = (state * 1103515245 + 12345) % 2**31
        name = names[(state >> 8) % len(names)]
        state = (state * 1103515245 + 12345) % 2**31
        pick = (state >> 8) % (len(VALUES) + len(RAW))
        value = quote(VALUES[pick]) if pick < len(VALUES) else RAW[pick - len(VALUES)]
        pairs.append(f"{name}={value}" if (n + place) % 11 else name + value)
    return "&".join(pairs)


def ask_all(client, url, count, names):
    """(failing query strings, the longest time in seconds)."""
    client.raise_request_exception = False
    failed, longest = [], 0
    for n in range(count):
        began = time.perf_counter()
        status = client.get(f"{url}?{query(n, names)}").status_code
        longest = max(longest, time.perf_counter() - began)
        if status >= 500:
            failed.append(query(n, names))
    return failed, longest


def pages():
    return [name for name in MATRIX if name not in {"captcha-refresh", "readyz"}]


def client_for(name):
    return (
        Client() if name.startswith(("accounts:log", "accounts:reg", "home")) else client_of(wang())
    )


@pytest.fixture
def scene():
    house = house_of_wang()
    house.facilities.add(Facility.objects.create(name="空调"))
    return house, order_of_li(house)


def check_page(name, scene, count, figure):
    house, order = scene
    if "image_" in name:
        url = reverse(name, args=[1])
    else:
        url = reverse(name, args=arguments(name, house, order))
    failed, longest = ask_all(client_for(name), url, count, NAMES)
    figure(f"{name}: {count} query strings, longest seconds", round(longest, 2), "≤ 1")
    assert failed == []


@pytest.mark.parametrize("name", pages())
def test_every_page_stands_odd_query_strings(name, scene, figure):
    check_page(name, scene, QUICK, lambda *args: None)


# The pages that read their query string; the others get the quick run above.
READERS = [
    "home",
    "houses:list",
    "houses:count",
    "houses:detail",
    "houses:calendar",
    "houses:mine",
    "orders:book",
    "orders:quote",
    "orders:trips",
    "orders:received",
    "accounts:login",
    "accounts:real_name",
]


@pytest.mark.slow
@pytest.mark.many
@pytest.mark.parametrize("name", READERS)
def test_two_thousand_query_strings(name, scene, figure):
    check_page(name, scene, MANY, figure)


# The operators' desk: every URL of its URLconf.


def boss():
    found = User.objects.filter(mobile="13900000009").first()
    client = client_of(found or User.objects.create_superuser("13900000009", "x"))
    client.raise_request_exception = False
    return client


def ask_admin(urls, count, names):
    client = boss()
    failed = []
    for url in urls:
        failed += [(url, query) for query in ask_all(client, url, count, names)[0]]
    return failed


def list_url(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def columns(model):
    """What asks for columns: all of the model's, and of those it points to."""
    names = []
    for field in model._meta.get_fields():
        names += [field.name, f"{field.name}__exact", f"{field.name}__in", f"{field.name}__isnull"]
        if field.related_model:
            names += [f"{field.name}__{far.name}" for far in field.related_model._meta.fields]
    return names


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model.__name__)
def test_admins_lists_stand_odd_query_strings(model, scene):
    assert ask_admin([list_url(model)], QUICK, NAMES + OPERATORS + columns(model)) == []


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model.__name__)
def test_every_page_of_a_model_stands_them(model, scene):
    urls = [url for url, name in admin_urls(rows=1) if name.startswith(stem(model))]
    assert len(urls) >= 3
    assert ask_admin(urls, 6, NAMES + OPERATORS + columns(model)) == []


def stem(model):
    return f"{model._meta.app_label}_{model._meta.model_name}_"


def test_every_other_page_of_admin_stands_them(scene):
    stems = tuple(stem(model) for model in admin.site._registry)
    urls = [url for url, name in admin_urls(rows=1) if not name.startswith(stems)]
    assert ask_admin(urls, 6, NAMES + OPERATORS) == []


@pytest.mark.parametrize("value", ["abc", "0", "9" * 30, "\x00", "1,x", "2026-02-30"], ids=ascii)
def test_a_new_row_begins_empty_whatever_the_query_string_says(value, scene):
    client = boss()
    for model in admin.site._registry:
        stem = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        for field in model._meta.get_fields():
            answer = client.get(reverse(f"{stem}_add"), {field.name: value})
            assert answer.status_code in {200, 403}, field


TERMS = ["", "1", "a", "\x00", "9" * 400, "%", "\ufffd", "😀", "1 2", "139 0000 0001"]
PAGES = ["", "0", "-1", "9" * 30, "x", "last", "2"]


@pytest.mark.parametrize(
    "app", ["accounts", "houses", "orders", "ihome_site", "auth", "admin", "x"]
)
def test_suggestions_stand_whatever_they_are_asked(app, scene):
    client = client_of(User.objects.create_superuser("13900000009", "x"))
    client.raise_request_exception = False
    asked = [("x", "x"), ("house", "x"), ("\x00", "owner")]
    for model in apps.get_app_config(app).get_models() if app != "x" else []:
        asked += [(model._meta.model_name, field.name) for field in model._meta.get_fields()]
    failed = []
    for n, (model, field) in enumerate(asked):
        query = {"app_label": app, "model_name": model, "field_name": field}
        query |= {"term": TERMS[n % len(TERMS)], "page": PAGES[n % len(PAGES)]}
        if client.get(reverse("admin:autocomplete"), query).status_code >= 500:
            failed.append(query)
    assert failed == []


ODD_KEYS = ["0", "-1", "9" * 30, "9" * 5000, "abc", "1_0", "%00", "１", "_5F", "1/change/1"]


@pytest.mark.parametrize("key", ODD_KEYS, ids=lambda key: key[:12])
def test_rows_that_are_no_rows(key, scene):
    client = boss()
    for model in admin.site._registry:
        for page in ("change", "delete", "history", "reveal", "mobile", "password", ""):
            url = f"{list_url(model)}{key}/{page}/".replace("//", "/")
            assert client.get(url).status_code < 500, url


@pytest.mark.slow
@pytest.mark.many
@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model.__name__)
def test_hundreds_of_query_strings_for_admin(model, scene):
    names = NAMES + OPERATORS + columns(model)
    assert ask_admin([list_url(model)], MANY // 4, names) == []
    urls = [url for url, name in admin_urls(rows=1) if name.startswith(stem(model))]
    assert ask_admin(urls, 60, names) == []
