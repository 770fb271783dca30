import time
from datetime import UTC, datetime, timedelta

import pytest
import qiniu
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from PIL import Image

from accounts.tests.sms_fakes import serving
from houses import qiniu_storage
from houses.qiniu_storage import QiniuError, QiniuStorage
from houses.tests.qiniu_fake import ACCESS_KEY, BUCKET, SECRET_KEY, FakeQiniu
from ihome_site import images, pictures

WEBP = pictures.encode(Image.new("RGB", (20, 10)), 20)
NAME = "houses/0123456789abcdef.webp"
CALLS = {
    "save": lambda storage: storage.save(NAME, ContentFile(WEBP)),
    "open": lambda storage: storage.open(NAME),
    "exists": lambda storage: storage.exists(NAME),
    "size": lambda storage: storage.size(NAME),
    "delete": lambda storage: storage.delete(NAME),
    "listdir": lambda storage: storage.listdir("houses"),
}


@pytest.fixture
def server():
    with serving(FakeQiniu) as server:
        server.objects, server.policies = {}, []
        yield server


def storage_at(server, **options):
    return QiniuStorage(
        **{
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
            "bucket": BUCKET,
            "domain": server.url,
            "upload_url": server.url,
            "rs_url": server.url + "/",
            "rsf_url": server.url,
            **options,
        }
    )


@pytest.fixture
def storage(server):
    return storage_at(server)


def error_of(call, storage):
    with pytest.raises(QiniuError) as caught:
        CALLS[call](storage)
    assert SECRET_KEY not in str(caught.value)
    return str(caught.value)


def test_a_picture_is_stored_and_read_back(server, storage):
    assert storage.save(NAME, ContentFile(WEBP)) == NAME
    assert server.objects == {NAME: WEBP}
    assert server.hits == 1
    assert storage.open(NAME).read() == WEBP


def test_the_upload_policy_allows_one_image_once_for_a_short_time(server, storage):
    storage.save(NAME, ContentFile(WEBP))
    [policy] = server.policies
    assert 0 < policy.pop("deadline") - time.time() <= 300
    assert policy == {
        "scope": f"{BUCKET}:{NAME}",
        "insertOnly": 1,
        "detectMime": 1,
        "mimeLimit": "image/*",
        "fsizeLimit": 10 * 1024 * 1024,
    }


def test_overwriting_is_refused(server, storage):
    storage.save(NAME, ContentFile(WEBP))
    with pytest.raises(QiniuError, match="614"):
        storage.save(NAME, ContentFile(WEBP + b"other"))
    assert server.objects == {NAME: WEBP}


@pytest.mark.parametrize("content", [b"<html>", b"", b"\x89PNG" + bytes(10 * 1024 * 1024)])
def test_what_is_no_image_or_too_large_is_refused_by_qiniu(server, storage, content):
    with pytest.raises(QiniuError, match="403"):
        storage.save(NAME, ContentFile(content))
    assert server.objects == {}


@pytest.mark.parametrize("call", ["save", "exists", "delete", "listdir"])
@pytest.mark.parametrize("option", ["access_key", "secret_key"])
def test_a_wrong_key_is_refused(server, call, option):
    assert "401" in error_of(call, storage_at(server, **{option: "wrong"}))
    assert server.objects == {}


@pytest.mark.parametrize("call", ["save", "exists", "delete", "listdir"])
@pytest.mark.parametrize("hours", [-1, 1])
def test_a_token_from_another_hour_is_refused(server, storage, call, hours):
    server.ahead = timedelta(hours=hours)
    assert "401" in error_of(call, storage)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [500, 503, 599])
def test_a_failing_qiniu_is_an_error_after_one_attempt(server, storage, call, status):
    server.mode = status
    assert str(status) in error_of(call, storage)
    assert (server.hits, server.objects) == (1, {})


@pytest.mark.parametrize("call", CALLS)
def test_a_hanging_qiniu_is_given_up(server, storage, call, monkeypatch):
    monkeypatch.setitem(qiniu.config._config, "connection_timeout", (0.2, 0.2))
    monkeypatch.setattr(qiniu_storage, "TIMEOUT", (0.2, 0.2))
    server.mode, began = "hang", time.monotonic()
    error_of(call, storage)
    assert time.monotonic() - began < 0.9
    assert server.hits == 1


def test_the_waits_stay_below_eight_seconds():
    assert sum(qiniu.config.get_default("connection_timeout")) < 8
    assert sum(qiniu_storage.TIMEOUT) < 8


@pytest.mark.parametrize("call", CALLS)
def test_nobody_listening_is_an_error(server, storage, call):
    server.shutdown()
    server.server_close()
    error_of(call, storage)


@pytest.mark.parametrize(
    ("call", "mode"),
    [
        *((call, "garbage") for call in ("save", "exists", "size", "listdir")),
        *((call, "not Qiniu") for call in ("save", "exists", "delete", "listdir")),
    ],
)
def test_an_answer_that_is_not_qinius_is_an_error(server, storage, call, mode):
    server.mode = mode
    error_of(call, storage)


def test_exists_size_and_time(server, storage):
    server.objects[NAME] = WEBP
    assert storage.exists(NAME)
    assert storage.size(NAME) == len(WEBP)
    assert storage.get_modified_time(NAME) == datetime.fromtimestamp(1_600_000_000, UTC)


def test_time_without_a_zone_where_the_project_uses_none(server, storage, settings):
    server.objects[NAME] = WEBP
    settings.USE_TZ = False
    assert storage.get_modified_time(NAME).tzinfo is None


def test_deleting_and_deleting_again(server, storage):
    server.objects[NAME] = WEBP
    storage.delete(NAME)
    assert server.objects == {}
    storage.delete(NAME)


@pytest.mark.parametrize("call", ["open", "size"])
def test_a_missing_object_is_a_missing_file(storage, call):
    with pytest.raises(FileNotFoundError):
        CALLS[call](storage)
    assert not storage.exists(NAME)


def test_opening_for_writing_is_refused(storage):
    with pytest.raises(ValueError, match="reading only"):
        storage.open(NAME, "wb")


def test_a_download_larger_than_any_picture_is_given_up(server, storage):
    server.objects[NAME] = bytes(images.MAX_BYTES + 1)
    assert "larger" in error_of("open", storage)


def test_folders_and_files_are_listed_page_by_page(server, storage):
    for key in ["a/1", "a/2", "a/3", "a/4", "a/5", "a/b/6", "a/c/7", "z"]:
        server.objects[key] = WEBP
    assert storage.listdir("a") == (["b", "c"], ["1", "2", "3", "4", "5"])
    assert storage.listdir("/") == (["a"], ["z"])


@pytest.mark.parametrize(
    ("domain", "url"),
    [
        ("img.example", "https://img.example/a/%E5%9B%BE%20%231.webp"),
        ("https://img.example/", "https://img.example/a/%E5%9B%BE%20%231.webp"),
        ("http://img.example", "http://img.example/a/%E5%9B%BE%20%231.webp"),
    ],
)
def test_the_url_is_on_the_public_domain(server, domain, url):
    assert storage_at(server, domain=domain).url("a/图 #1.webp") == url


@pytest.mark.parametrize("call", ["save", "exists", "delete", "listdir"])
def test_a_host_given_with_https_is_not_spoken_to_without(server, call):
    secure = server.url.replace("http:", "https:")
    error_of(call, storage_at(server, upload_url=secure, rs_url=secure, rsf_url=secure))
    assert server.hits == 0


NO_URLS = {"upload_url": None, "rs_url": None, "rsf_url": None}


def hosts(storage):
    services = storage.region.services.items()
    return {service.value: [str(e.get_value()) for e in ends] for service, ends in services if ends}


def test_the_hosts_are_asked_once_and_used_over_https(server, monkeypatch):
    monkeypatch.setattr(qiniu_storage, "REGION_URL", server.url)
    storage = storage_at(server, **NO_URLS)
    one_each = {name: [f"https://{name}.example"] for name in ("up", "rs", "rsf")}
    assert (hosts(storage), hosts(storage)) == (one_each, one_each)
    assert server.hits == 1


def test_asking_for_the_hosts_may_fail_and_work_the_next_time(server, monkeypatch):
    monkeypatch.setattr(qiniu_storage, "REGION_URL", server.url)
    storage, server.mode = storage_at(server, **NO_URLS), 500
    assert "region" in error_of("save", storage)
    server.mode = "accept"
    assert hosts(storage)["up"] == ["https://up.example"]


@pytest.mark.parametrize("option", ["access_key", "secret_key", "bucket", "domain"])
def test_a_missing_setting_is_told_at_the_start(server, option):
    with pytest.raises(ImproperlyConfigured, match=f"QINIU_{option.upper()}"):
        storage_at(server, **{option: ""})


def test_settings_are_read_from_the_project(settings):
    settings.QINIU_ACCESS_KEY, settings.QINIU_SECRET_KEY = "a", "s"
    settings.QINIU_BUCKET, settings.QINIU_DOMAIN = "b", "img.example"
    assert QiniuStorage().url("x") == "https://img.example/x"
