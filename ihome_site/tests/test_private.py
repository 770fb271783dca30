"""An answer that knows who asks is kept by no cache; one that does not is as it was."""

import pytest
from django.contrib import admin
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from accounts.models import Device, User
from accounts.tests.test_devices import signed_in
from houses.models import HouseImage
from ihome_site import middleware
from ihome_site.models import SiteParameter
from ihome_site.testing import PASSWORD, client_of, day, house_of_wang, li, order_of_li, wang
from ihome_site.tests.test_roles import MATRIX, arguments, clients
from orders.models import Order

pytestmark = pytest.mark.django_db
PRIVATE = "private, no-store"
# The same for everybody who asks: they never look who it is.
FOR_ANYBODY = {
    "houses:count",
    "orders:quote",
    "captcha-image",
    "captcha-image-2x",
    "captcha-refresh",
    "robots",
    "sitemap",
    "sitemap_pages",
    "sitemap_houses",
    "manifest",
    "service_worker",
    "offline",
    "healthz",
    "readyz",
    "metrics",
    "operator_password",  # a redirect to the site's own page
}


@pytest.fixture
def scene(settings):
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["testserver"]
    house = house_of_wang()
    HouseImage.objects.create(house=house, file="houses/x.webp", width=800, height=600)
    return house, order_of_li(house)


def kept(answer):
    return answer.headers.get("Cache-Control")


@pytest.mark.parametrize("name", MATRIX)
def test_every_url_for_every_role(name, scene):
    url = reverse(name, args=arguments(name, *scene))
    for role, client in clients().items():
        client.raise_request_exception = False
        for method in (client.get, client.post):
            answer = method(url)
            if role != "anonymous" and answer.status_code < 400 and name not in FOR_ANYBODY:
                assert "no-store" in kept(answer), (role, answer.status_code)
            elif role == "anonymous":
                assert kept(answer) != PRIVATE


@pytest.mark.parametrize("name", MATRIX)
def test_a_strangers_answer_is_as_it_would_be_without_this(name, scene, monkeypatch):
    """With a browser that has cookies, too: their pages are as quick and as cacheable as ever."""
    url = reverse(name, args=arguments(name, *scene))
    client = Client()
    client.cookies["csrftoken"] = "c" * 32
    answers = [Client().get(url), client.get(url)]
    monkeypatch.setattr(middleware, "signed_in_as", lambda request: None)
    for answer, plain in zip(answers, (Client().get(url), client.get(url)), strict=True):
        for header in ("Cache-Control", "Vary", "Set-Cookie"):
            assert answer.headers.get(header) == plain.headers.get(header)
    assert PRIVATE not in map(kept, answers)


@pytest.mark.parametrize("name", ["home", "houses:list", "houses:detail", "help"])
def test_a_page_kept_for_all_is_private_once_it_is_completed(name, scene):
    url = reverse(name, args=arguments(name, *scene))
    Client().get(url)
    answer = client_of(li()).get(url)
    assert (kept(answer), "li" in answer.content.decode()) == (PRIVATE, True)
    assert kept(Client().get(url)) is None


def test_results_for_htmx_are_the_same_for_everybody(scene):
    answers = [
        client.get("/houses/", headers={"hx-request": "true"})
        for client in (Client(), client_of(li()))
    ]
    assert answers[0].content == answers[1].content
    assert [kept(answer) for answer in answers] == [None, None]


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model.__name__)
def test_the_operators_desk(model, scene):
    client = client_of(User.objects.create_superuser("13900000009", "x"))
    stem = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    paths = [reverse(f"{stem}_changelist"), reverse(f"{stem}_add")]
    paths += [reverse(f"{stem}_change", args=[row.pk]) for row in model._default_manager.all()[:1]]
    paths += [f"{paths[0]}export/"]
    for path in paths:
        assert kept(client.get(path)) == PRIVATE, path


def test_signing_in_and_out():
    li()
    client = Client()
    answer = client.post("/accounts/login/", {"mobile": li().mobile, "password": PASSWORD})
    assert (answer.status_code, kept(answer)) == (302, PRIVATE)
    answer = client.post("/accounts/logout/")
    assert (answer.status_code, "no-store" in kept(answer)) == (302, True)
    assert answer["Clear-Site-Data"] == '"storage"'
    assert kept(client.get("/")) is None


def test_refusals_of_somebody_signed_in(scene, monkeypatch):
    house, order = scene
    client = client_of(li())
    client.raise_request_exception = False
    asked = {
        403: lambda: client.get("/admin/login/"),
        404: lambda: client.get("/nowhere/"),
        405: lambda: client.get(f"/orders/{order.number}/cancel/"),
        400: lambda: client.post("/accounts/name/", {"name": ""}),
        409: lambda: client.post(f"/houses/{house.pk}/book/", booking()),
    }
    for status, ask in asked.items():
        answer = ask()
        assert (answer.status_code, kept(answer)) == (status, PRIVATE)
    for error, status in ((ZeroDivisionError(), 500), (OperationalError(2006, "gone"), 503)):
        monkeypatch.setattr(Order.objects.all().__class__, "with_cards", fail_with(error))
        answer = client.get("/orders/")
        assert (answer.status_code, kept(answer)) == (status, PRIVATE)


def booking():
    SiteParameter.objects.all().delete()
    dates = {"begin_date": day(1).isoformat(), "end_date": day(3).isoformat()}
    return dates | {"guests": "1", "token": "x"}


def fail_with(error):
    def fail(*args):
        raise error

    return fail


def test_the_last_page_of_a_device_that_was_ended():
    client = signed_in()
    Device.objects.all().delete()
    session = client.session
    session["device_seen"] = 0
    session.save()
    answer = client.get("/accounts/me/")
    assert (answer.status_code, kept(answer)) == (200, PRIVATE)
    assert client.get("/accounts/me/").status_code == 302


def test_photos_and_scripts_stay_cacheable(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "a.webp").write_bytes(b"RIFF")
    assert "immutable" in kept(client_of(wang()).get("/media/a.webp"))
    assert kept(client_of(wang()).get("/sw.js")) == "no-cache"


def test_every_page_says_for_whom_it_was_made(scene):
    """Scripts forget what others left in the browser by this."""
    for client, person in (
        (Client(), ""),
        (client_of(li()), li().pk),
        (client_of(wang()), wang().pk),
    ):
        for path in ("/", "/houses/", f"/houses/{scene[0].pk}/", "/help/privacy/", "/accounts/me/"):
            for _again in range(2):  # kept pages as well
                answer = client.get(path, follow=True)
                assert f'data-person="{person}"' in answer.content.decode(), path
