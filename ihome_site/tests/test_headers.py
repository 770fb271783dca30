"""The protecting headers stand on every answer, whoever gives it."""

import re

import pytest
from django.contrib import admin
from django.db import OperationalError
from django.test import Client, override_settings
from django.urls import reverse

from accounts.models import User
from houses.models import HouseImage
from ihome_site.testing import client_of, house_of_wang, li, order_of_li, wang
from ihome_site.tests.markup import inline
from ihome_site.tests.test_roles import MATRIX, arguments
from orders.models import Order

pytestmark = pytest.mark.django_db
WANTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.fixture(autouse=True)
def as_in_production(settings):
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["testserver"]


def lacks(answer):
    """What this answer's headers lack, as words; empty when nothing."""
    policy = answer.headers.get("Content-Security-Policy", "")
    found = [name for name, value in WANTED.items() if answer.headers.get(name) != value]
    found += ["Permissions-Policy"] if "camera=()" not in answer["Permissions-Policy"] else []
    found += ["frame-ancestors"] if "frame-ancestors 'none'" not in policy else []
    found += ["default-src"] if "default-src" not in policy else []
    found += ["unsafe"] if "unsafe" in policy else []
    return found if re.fullmatch("[0-9a-f]{32}", answer["X-Request-ID"]) else [*found, "id"]


def quiet(client):
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("name", MATRIX)
def test_on_every_page_for_everyone(name):
    house = house_of_wang()
    HouseImage.objects.create(house=house, file="houses/x.webp", width=800, height=600)
    order = order_of_li(house)
    url = reverse(name, args=arguments(name, house, order))
    for client in (Client(), client_of(wang()), client_of(li())):
        for answer in (client.get(url), client.options(url), client.delete(url)):
            assert lacks(answer) == [], answer.status_code


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model.__name__)
def test_in_admin(model):
    order_of_li(house_of_wang())
    client = client_of(User.objects.create_superuser("13900000009", "x"))
    stem = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    paths = [reverse(f"{stem}_changelist"), reverse(f"{stem}_add")]
    paths += [reverse(f"{stem}_change", args=[row.pk]) for row in model._default_manager.all()[:1]]
    for path in paths:
        answer = client.get(path)
        assert lacks(answer) == []
        if answer["Content-Type"].startswith("text/html"):
            assert inline(answer.content.decode()) == []


def broken(error):
    """An answer to a request whose view raises `error`."""

    def fail(*args, **kwargs):
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Order.objects.all().__class__, "with_cards", fail)
        return quiet(client_of(li())).get("/orders/")


def test_on_a_broken_page():
    answer = broken(ZeroDivisionError())
    assert (answer.status_code, lacks(answer)) == (500, [])
    assert answer["X-Request-ID"] in answer.content.decode()
    assert "这边出了点问题" in answer.content.decode()


def test_on_a_page_without_a_database():
    answer = broken(OperationalError(2006, "gone away"))
    assert (answer.status_code, lacks(answer)) == (503, [])
    assert answer["Retry-After"]


@pytest.mark.parametrize("place", ["process_request", "process_response"])
def test_a_middleware_without_a_database_is_a_503_too(place, monkeypatch):
    def fail(*args):
        raise OperationalError(2006, "gone away")

    monkeypatch.setattr(f"django.contrib.sessions.middleware.SessionMiddleware.{place}", fail)
    answer = quiet(Client()).get("/")
    assert (answer.status_code, lacks(answer)) == (503, [])
    assert answer["Retry-After"]


def test_on_403_without_a_token():
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/")
    assert (answer.status_code, lacks(answer)) == (403, [])
    assert "页面放得太久了" in answer.content.decode()


def test_on_404():
    answer = Client().get("/nowhere/")
    assert (answer.status_code, lacks(answer)) == (404, [])
    assert "这里没有您要找的页面" in answer.content.decode()


def test_on_400_for_too_many_fields():
    answer = Client().get("/houses/?" + "a=1&" * 1500)
    assert (answer.status_code, lacks(answer)) == (400, [])
    assert "这个请求看不懂" in answer.content.decode()


def test_on_413():
    answer = Client().post("/accounts/login/", {"mobile": "x" * 2_000_000})
    assert (answer.status_code, lacks(answer)) == (413, [])
    assert "文件太大了" in answer.content.decode()


@override_settings(SECURE_SSL_REDIRECT=True)
def test_on_a_redirect_to_https_and_on_its_refusal():
    answer = Client().get("/")
    assert (answer.status_code, lacks(answer)) == (301, [])
    answer = Client().get("/", headers={"host": "evil.com"})
    assert (answer.status_code, lacks(answer)) == (400, [])


def test_on_photos_and_static_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "a.webp").write_bytes(b"RIFF")
    answer = Client().get("/media/a.webp")
    assert (answer.status_code, lacks(answer)) == (200, [])
    assert answer["Content-Security-Policy"].startswith("sandbox")
    again = Client().get("/media/a.webp", headers={"if-modified-since": answer["Last-Modified"]})
    assert (again.status_code, lacks(again)) == (304, [])


OUTSIDE = [
    "https://evil.com",
    "//evil.com",
    "///evil.com",
    "/\\evil.com",
    "\\\\evil.com",
    "http:///evil.com",
]
OUTSIDE += [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "https:evil.com",
    "//evil.com/%2e%2e",
]
OUTSIDE += [
    " https://evil.com",
    "\thttps://evil.com",
    "https://testserver@evil.com",
    "http://[::1",
    "ftp://evil.com",
]
OUTSIDE += [
    "//testserver.evil.com",
    "https://evil.com#@testserver",
    "/\t/evil.com",
    "//\x00evil.com",
]


@pytest.mark.parametrize("target", OUTSIDE)
def test_nobody_is_sent_off_site(target):
    for path in (
        "/accounts/login/",
        "/accounts/register/",
        "/accounts/login/sms/",
        "/admin/login/",
    ):
        answer = client_of(li()).get(path, {"next": target})
        assert not leads_away(answer), answer.headers.get("Location")
        assert "evil.com" not in links(Client().get(path, {"next": target}))
    for path in ("/accounts/logout/", "/accounts/real-name/", "/accounts/login/"):
        assert not leads_away(client_of(wang()).post(path, {"next": target}))


def leads_away(answer):
    """Whether a browser would leave the site; it reads backslashes as slashes."""
    to = answer.headers.get("Location", "/").replace("\\", "/").replace("\t", "")
    return not to.startswith("/") or to.startswith("//")


def links(answer):
    """The addresses the page itself leads to."""
    return re.findall(r'(?:href|action|formaction)="([^"?]*)', answer.content.decode())


@pytest.mark.parametrize("path", ["//evil.com/houses", "//evil.com/%2e%2e", "///evil.com/"])
def test_a_missing_slash_is_not_added_off_site(path):
    assert not leads_away(Client().get(path))
