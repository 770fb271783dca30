"""Requests no browser makes. They pass the whole application, as a server calls it."""

import io
from urllib.parse import urlencode

import pytest
from django.contrib.auth import get_user_model
from django.core.signals import request_started
from django.db import close_old_connections
from django.test import Client, RequestFactory

from houses.models import Area, Facility, House
from ihome_site.testing import chen, client_of, house_of_wang, li, order_of_li, wang
from ihome_site.wsgi import application, plain_content_type

pytestmark = pytest.mark.django_db
TOKEN = "c" * 32
ENCODINGS = ["hex", "rot13", "zlib", "unicode-escape", "raw_unicode_escape", "idna", "utf-7"]
ENCODINGS += ["punycode", "undefined", "utf-16", "nope", "\x00"]


@pytest.fixture(autouse=True)
def kept_connection(settings):
    """A request as a server makes it would close the connection the test's transaction is on."""
    settings.ALLOWED_HOSTS = ["testserver"]
    request_started.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)


def ask(client, method="GET", path="/", **environ):
    """(status, headers, body) of the WSGI application itself; nothing tidies the request."""
    environ = RequestFactory().generic(method, path).environ | environ
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    cookies["csrftoken"] = TOKEN
    environ["HTTP_COOKIE"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    answer = []
    body = application(environ, lambda status, headers: answer.extend([int(status[:3]), headers]))
    return answer[0], dict(answer[1]), b"".join(body)


def post(client, path, body, content_type):
    return ask(
        client,
        "POST",
        path,
        CONTENT_TYPE=content_type,
        CONTENT_LENGTH=str(len(body)),
        HTTP_X_CSRFTOKEN=TOKEN,
        **{"wsgi.input": io.BytesIO(body)},
    )


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_page_does_not_decode_by_the_visitors_choice(encoding):
    kind = f"text/plain; charset={encoding}"
    assert ask(Client(), path="/houses/?q=%5Cud800", CONTENT_TYPE=kind)[0] == 200


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_form_does_not_either(encoding):
    client = client_of(li())
    form = urlencode({"name": r"\ud800", "csrfmiddlewaretoken": TOKEN}).encode()
    kind = f"application/x-www-form-urlencoded; charset={encoding}"
    assert post(client, "/accounts/name/", form, kind)[0] == 302
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in [("name", r"\ud800"), ("csrfmiddlewaretoken", TOKEN)]
    )
    kind = f"multipart/form-data; boundary=b; charset={encoding}"
    assert post(client, "/accounts/name/", f"{parts}--b--\r\n".encode(), kind)[0] == 302
    assert get_user_model().objects.get(mobile="13900000002").name == r"\ud800"


@pytest.mark.parametrize(
    "text", ["text/plain; charset*=nope''x", "a; b*=hex''61", ";", "=;=", "a/b;"]
)
def test_an_unreadable_content_type_is_none(text):
    assert ask(Client(), CONTENT_TYPE=text)[0] == 200


def test_the_boundary_is_kept():
    assert plain_content_type('multipart/form-data; charset=hex; boundary="a b"') == (
        'multipart/form-data; boundary="a b"'
    )


NONSENSE = [
    ("multipart/form-data", b"abc"),
    ("multipart/form-data; boundary=b", b"--b\r\nContent-Disp" + b"x" * 5000),
    ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="a"\r\n'
     b"Content-Transfer-Encoding: base64\r\n\r\n!!!!!\r\n--b--"),
    ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(5000))),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "body"), NONSENSE)
@pytest.mark.parametrize("path", ["/nowhere/", "/houses/", "/accounts/login/"])
def test_an_unreadable_form_is_refused_with_a_page(path, kind, body):
    """Also where nobody reads it: Django's own 404 page would."""
    status, headers, page = post(Client(), path, body, kind)
    assert status in {400, 403, 404, 405}
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "</html>" in page.decode() or status == 405


@pytest.mark.parametrize("name", ["a\x00b", "𝕏", "\udcff", "../../x", "a" * 5000, "\x1b[31m"])
def test_odd_file_names(name):
    house = house_of_wang()
    head = b'--b\r\nContent-Disposition: form-data; name="house_image"; filename="'
    body = head + name.encode("utf-8", "surrogateescape") + b'"\r\n\r\nx\r\n--b--\r\n'
    kind = "multipart/form-data; boundary=b"
    status, _headers, _page = post(client_of(wang()), f"/houses/{house.pk}/images/", body, kind)
    assert status == 400


@pytest.mark.parametrize("encoding", ["hex", "unicode_escape", "nope", "utf-16"])
def test_odd_encodings_of_file_names(encoding):
    house = house_of_wang()
    head = f"--b\r\nContent-Disposition: form-data; name=\"house_image\"; filename*={encoding}''"
    body = f"{head}%5Cud800.jpg\r\n\r\nx\r\n--b--\r\n".encode()
    kind = "multipart/form-data; boundary=b"
    assert post(client_of(wang()), f"/houses/{house.pk}/images/", body, kind)[0] == 400


@pytest.mark.parametrize("text", ["NaN", "-1", "home", "x:y", "13800000000", "\x00", "a b", "汉"])
def test_a_next_page_that_is_no_address_is_no_view_name_either(text):
    assert client_of(li()).get("/accounts/login/", {"next": text}).status_code == 302


HUGE = "9" * 30


@pytest.mark.parametrize("field", ["area", "facilities"])
def test_ids_beyond_every_database(field):
    wang()
    area, facility = Area.objects.create(name="西城区"), Facility.objects.create(name="空调")
    form = {"title": "新", "price": "1", "area": area.pk, "facilities": facility.pk, field: HUGE}
    page = client_of(wang()).post("/houses/new/", form)
    assert page.status_code == 400
    assert field in page.context_data["form"].errors


@pytest.mark.parametrize("page", ["", "edit/", "images/", "calendar/", "book/", "quote/"])
def test_houses_beyond_every_database(page):
    assert client_of(wang()).get(f"/houses/{HUGE}/{page}").status_code == 404


def test_one_facility_asked_for_many_times_is_searched_once(django_assert_max_num_queries):
    facility = Facility.objects.create(name="空调")
    house_of_wang().facilities.add(facility)
    with django_assert_max_num_queries(8) as queries:
        page = Client().get("/houses/?" + f"facility={facility.pk}&" * 190)
    assert "鼓楼边的小院" in page.content.decode()
    assert max(query["sql"].count("EXISTS") for query in queries) <= 1


FILES = ["a" * 256, "%E6%B1%89" * 86, "/".join(["a" * 200] * 30), "x/" * 3000, "a%00b", "%FF"]
FILES += ["a.webp/b", "..", "%2E%2E/%2E%2E/etc/passwd"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file[:20])
@pytest.mark.parametrize("folder", ["/media/", "/static/", "/captcha/image/", "/help/", "/"])
def test_a_file_that_cannot_be_there(folder, file):
    assert Client().get(f"{folder}{file}").status_code in {301, 400, 404, 410}


def test_a_picture_deleted_while_it_is_asked_for(settings, monkeypatch, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr("pathlib.Path.exists", lambda _path: True)
    assert Client().get("/media/a.webp").status_code == 404


METHODS = ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"]


@pytest.mark.parametrize("method", METHODS)
def test_other_methods_change_nothing(method):
    house = house_of_wang()
    order = order_of_li(house)
    before = list(House.objects.values()), order.status
    for path in (f"/houses/{house.pk}/edit/", f"/orders/{order.number}/accept/", "/accounts/name/"):
        assert ask(client_of(wang()), method, path)[0] < 500
    order.refresh_from_db()
    assert (list(House.objects.values()), order.status) == before


COOKIES = [
    "sessionid=\xff\xfe",
    "sessionid=" + "a" * 6000,
    "messages=W1siX19qc29uX21lc3NhZ2UiXV0:a:b",
]
COOKIES += [
    "sessionid=%00%00%00%00%00%00%00%00",
    "sessionid=\xf0\x9f\x98\x80" * 3,
    "known_device=:::",
    "browser=:::",
    f"browser={'a' * 16}:{'A' * 43}",
]


@pytest.mark.parametrize("cookie", COOKIES)
def test_odd_cookies(cookie):
    environ = RequestFactory().get("/accounts/login/").environ | {"HTTP_COOKIE": cookie}
    answer = []
    application(environ, lambda status, headers: answer.append(status))
    assert answer == ["200 OK"]


@pytest.mark.parametrize("host", ["evil.com", "", "a b", "[::1", "\xff"])
def test_another_host_name_gets_a_page_of_ours(host, settings):
    settings.DEBUG = False
    status, headers, page = ask(chen_without_session(), HTTP_HOST=host)
    assert (status, "这个请求看不懂" in page.decode()) == (400, True)
    assert headers["X-Content-Type-Options"] == "nosniff"


def chen_without_session():
    chen()
    return Client()


class Endless(io.RawIOBase):
    """A body that begins like a photo and never ends; `given` is how much was read of it."""

    start = b'--b\r\nContent-Disposition: form-data; name="house_image"; filename="a.jpg"\r\n\r\n'
    given = 0

    def readable(self):
        return True

    def read(self, size=-1):
        piece = (self.start[self.given :] + bytes(size))[:size]
        self.given += len(piece)
        return piece


@pytest.mark.parametrize("megabytes", [60, 120, 200])
@pytest.mark.parametrize("page", ["/houses/{}/images/", "/accounts/avatar/", "/accounts/name/"])
def test_of_a_body_too_large_twelve_megabytes_are_read_at_most(page, megabytes, settings):
    settings.DEBUG = False
    house, body = house_of_wang(), Endless()
    status, _headers, answer = ask(
        client_of(wang()),
        "POST",
        page.format(house.pk),
        CONTENT_TYPE="multipart/form-data; boundary=b",
        CONTENT_LENGTH=str(megabytes * 1024 * 1024),
        HTTP_X_CSRFTOKEN=TOKEN,
        **{"wsgi.input": body},
    )
    assert (status, "文件太大了" in answer.decode()) == (413, True)
    assert body.given <= 12 * 1024 * 1024


def test_a_program_is_told_in_json_that_its_photo_is_too_large():
    path = f"/houses/{house_of_wang().pk}/images/"
    answer = client_of(wang()).post(
        path, b"x", "multipart/form-data; boundary=b", CONTENT_LENGTH="999999999",
        HTTP_ACCEPT="application/json",
    )  # fmt: skip
    assert (answer.status_code, answer.json()["ok"]) == (413, False)


def test_head_is_get_without_the_page(client):
    house_of_wang()
    for path in ("/", "/houses/", "/nowhere/"):
        status, headers, body = ask(client, "GET", path)
        again, same, nothing = ask(client, "HEAD", path)
        assert (again, nothing) == (status, b"")
        assert int(same["Content-Length"]) == int(headers["Content-Length"]) == len(body)
