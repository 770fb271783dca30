"""Every URL × six roles, from the URLconf: a new URL without a row here fails."""

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.models import User
from houses.models import HouseImage
from ihome_site.testing import chen, client_of, house_of_wang, li, order_of_li, wang

pytestmark = pytest.mark.django_db
ROLES = ["anonymous", "stranger", "guest", "owner", "operator", "superuser"]
SIGNED_IN = [302, 200, 200, 200, 200, 200]
EVERYBODY = [200] * 6
SIGNED_OUT = [200, 302, 302, 302, 302, 302]
OWNER = [302, 404, 404, 200, 404, 404]
GUEST = [302, 404, 200, 404, 404, 404]
PARTIES = [302, 404, 200, 200, 404, 404]
VERIFIED = [302, 302, 302, 200, 302, 302]
POST_ONLY = [405] * 6
POST_OWN = [302, 404, 404, 405, 404, 404]
ADMIN = [302, 302, 302, 302, 200, 200]

# What a GET answers to each role. POSTs change things only for those who may see the page;
# the orders' own are in orders/tests/test_matrix.py.
MATRIX = {
    "home": EVERYBODY,
    "accounts:register": SIGNED_OUT,
    "accounts:sms_code": POST_ONLY,
    "accounts:login": SIGNED_OUT,
    "accounts:sms_login": SIGNED_OUT,
    "accounts:logout": POST_ONLY,
    "accounts:password_reset": EVERYBODY,
    "accounts:password_change": SIGNED_IN,
    "accounts:devices": SIGNED_IN,
    "accounts:devices_end": [302, *[405] * 5],
    "accounts:device_end": [302, *[405] * 5],
    "accounts:me": SIGNED_IN,
    "accounts:notices": SIGNED_IN,
    "accounts:profile": SIGNED_IN,
    "accounts:avatar": [302, *[405] * 5],
    "accounts:name": [302, *[405] * 5],
    "accounts:real_name": SIGNED_IN,
    "houses:list": EVERYBODY,
    "houses:count": EVERYBODY,
    "houses:mine": VERIFIED,
    "houses:new": VERIFIED,
    "houses:detail": EVERYBODY,
    "houses:edit": [302, 302, 302, 200, 302, 302],
    "houses:images": OWNER,
    "houses:calendar": OWNER,
    "houses:list_house": [302, *[405] * 5],
    "houses:unlist_house": [302, *[405] * 5],
    "houses:image_delete": [302, *[405] * 5],
    "houses:image_cover": [302, *[405] * 5],
    "houses:image_move": [302, *[405] * 5],
    "orders:book": SIGNED_IN,
    "orders:quote": [400] * 6,
    "orders:trips": SIGNED_IN,
    "orders:received": SIGNED_IN,
    "orders:detail": PARTIES,
    "orders:accept": POST_OWN,
    "orders:reject": OWNER,
    "orders:cancel": [302, 404, 405, 404, 404, 404],
    "orders:review": GUEST,
    "orders:answer": OWNER,
    "captcha-image": [410] * 6,
    "captcha-image-2x": [410] * 6,
    "captcha-audio": [404] * 6,
    "captcha-refresh": [404] * 6,
    "robots": EVERYBODY,
    "sitemap": EVERYBODY,
    "sitemap_pages": EVERYBODY,
    "sitemap_houses": EVERYBODY,
    "manifest": EVERYBODY,
    "service_worker": EVERYBODY,
    "offline": EVERYBODY,
    "healthz": EVERYBODY,
    "readyz": EVERYBODY,
    "metrics": EVERYBODY,
    "help": EVERYBODY,
    "media": [404] * 6,
    "operator_login": [302, 403, 403, 403, 302, 302],
    "operator_logout": POST_ONLY,
    "operator_password": [302] * 6,
    "admin:index": ADMIN,
}


def names(resolver=None, prefix=""):
    """The names of all URLs, admin's own apart from its index."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if hasattr(pattern, "url_patterns"):
            namespace = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            if namespace == "admin:":
                yield "admin:index"
            else:
                yield from names(pattern, namespace)
        else:
            yield prefix + pattern.name


def arguments(name, house, order):
    """URL arguments that name Wang's house, its photo, or Li's order of it."""
    app, _colon, page = name.rpartition(":")
    if name in {"orders:book", "orders:quote"}:
        return [house.pk]
    if app == "orders" and page not in {"trips", "received"}:
        return [order.number]
    if page.startswith("image_"):
        return [house.images.get().pk]
    if page == "device_end":
        return [1]
    if app == "houses" and page not in {"list", "count", "mine", "new"}:
        return [house.pk]
    if name == "sitemap_houses":
        return [0]
    return {"captcha-refresh": [], "media": ["nothing.webp"], "help": ["privacy"]}.get(
        name, ["0" * 40] if page.startswith("captcha") else []
    )


def clients():
    operator = User.objects.create_user("13900000008", "x", is_staff=True)
    superuser = User.objects.create_superuser("13900000009", "x")
    people = [chen(), li(), wang(), operator, superuser]
    return dict(zip(ROLES, [Client(), *map(client_of, people)], strict=True))


def test_every_url_has_a_row():
    assert set(names()) == set(MATRIX)


@pytest.mark.parametrize("name", MATRIX)
def test_what_each_role_gets(name):
    house = house_of_wang()
    HouseImage.objects.create(house=house, file="houses/x.webp", width=800, height=600)
    order = order_of_li(house)
    url = reverse(name, args=arguments(name, house, order))
    answers = [client.get(url).status_code for client in clients().values()]
    assert answers == MATRIX[name]


CHANGES = [
    ("houses:edit", {"title": "抢来的"}),
    ("houses:images", {}),
    ("houses:calendar", {"action": "block", "begin_date": "2030-01-01", "end_date": "2030-01-02"}),
    ("houses:list_house", {}),
    ("houses:unlist_house", {}),
    ("houses:image_delete", {}),
    ("houses:image_cover", {}),
    ("houses:image_move", {"to": "1"}),
]


@pytest.mark.parametrize(("name", "form"), CHANGES)
def test_nobody_but_the_owner_changes_a_house(name, form):
    house = house_of_wang()
    HouseImage.objects.create(house=house, file="houses/x.webp", width=800, height=600)
    url = reverse(name, args=arguments(name, house, None))
    before = list(type(house).objects.values())
    for role, client in clients().items():
        if role != "owner":
            status = client.post(url, form).status_code
            assert status == (302 if role == "anonymous" or name == "houses:edit" else 404)
    assert list(type(house).objects.values()) == before
    assert house.images.count() == 1
    assert not house.nights.exists()


def test_an_unsafe_method_without_the_token_is_refused():
    client = Client(enforce_csrf_checks=True)
    client.force_login(wang())
    for name in names():
        if (
            name in {"captcha-refresh", "healthz", "readyz", "metrics", "media"}
            or "captcha" in name
        ):
            continue
        house = house_of_wang()
        HouseImage.objects.create(house=house, file="houses/x.webp", width=800, height=600)
        order = order_of_li(house, token=name, guest=User.objects.create_user(house.pk))
        url = reverse(name, args=arguments(name, house, order))
        assert client.post(url).status_code == 403, name
