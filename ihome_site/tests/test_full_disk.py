"""Uploads when the disk is full: a sentence beside the picture, and no file left anywhere."""

import io
import os
import resource
import shutil
import subprocess
from contextlib import contextmanager

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from PIL import Image

from accounts.models import User
from houses.models import House
from ihome_site import images
from ihome_site.models import Banner
from ihome_site.testing import client_of, house_of_wang, li, wang
from ihome_site.uploads import OnDisk

SENTENCE = "照片暂时存不上"
MEGABYTE = 1024 * 1024


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of its own, of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
    if os.geteuid() or not mount or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def full_spool(small_disk, settings):
    """Uploads of more than a megabyte find no room."""
    settings.FILE_UPLOAD_TEMP_DIR = str(small_disk)
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = MEGABYTE // 2
    return small_disk


@pytest.fixture
def full_media(small_disk, settings):
    """Room for the first sizes of a picture, and not for all."""
    settings.MEDIA_ROOT = str(small_disk)
    (small_disk / "others").write_bytes(bytes(MEGABYTE - 8192))
    return small_disk


def left(folder):
    return [path.name for path in folder.rglob("*") if path.is_file() and path.name != "others"]


def picture(size=(1000, 800)):
    """Noise: large as JPEG and as WebP."""
    file = io.BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(file, "JPEG", quality=100, subsampling=0)
    return SimpleUploadedFile("a.jpg", file.getvalue() + bytes(MEGABYTE))


def avatar():
    return client_of(li()), "/accounts/avatar/", {"avatar": picture()}


def photos():
    path = f"/houses/{house_of_wang().pk}/images/"
    return client_of(wang()), path, {"house_image": [picture(), picture()]}


def banner():
    operator = client_of(User.objects.create_superuser("13900000009", "x"))
    form = {"title": "秋天", "link": "/houses/", "order": "0", "picture": picture()}
    return operator, "/admin/ihome_site/banner/add/", form


def send(upload, **headers):
    client, path, form = upload
    return client.post(path, form, headers=headers)


@pytest.mark.django_db
@pytest.mark.parametrize("upload", [avatar, photos, banner])
@pytest.mark.parametrize("disk", ["full_spool", "full_media"])
def test_a_full_disk_is_a_sentence_and_leaves_no_file(request, disk, upload):
    folder = request.getfixturevalue(disk)
    answer = send(upload())
    assert answer.status_code in {200, 400}  # admin shows refused forms as 200
    assert SENTENCE in answer.content.decode()
    assert left(folder) == []
    assert not User.objects.exclude(avatar="").exists()
    assert not Banner.objects.exists()
    assert not House.objects.filter(images__isnull=False).exists()


@pytest.mark.django_db
def test_the_script_is_told_in_json(full_spool):
    answer = send(photos(), accept="application/json")
    assert answer.status_code == 400
    assert SENTENCE in answer.json()["errors"]["house_image"][0]


@pytest.mark.django_db
def test_with_room_again_the_same_upload_is_taken(full_spool, settings):
    assert send(avatar()).status_code == 400
    settings.FILE_UPLOAD_TEMP_DIR = None
    assert send(avatar()).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("upload", "writes"),
    [
        (avatar, "accounts.models.User.save"),
        (photos, "houses.models.House.add_image"),
        (banner, "ihome_site.models.Banner.save"),
        (banner, "ihome_site.models.OperationLog.objects.record"),
    ],
)
def test_a_row_that_cannot_be_written_leaves_no_file(
    settings, tmp_path, monkeypatch, upload, writes
):
    def fail(*args, **kwargs):
        raise OperationalError("database or disk is full")

    settings.MEDIA_ROOT = str(tmp_path)
    ready = upload()
    monkeypatch.setattr(writes, fail)
    assert send(ready).status_code == 503
    assert left(tmp_path) == []


@pytest.mark.django_db
def test_a_banner_refused_for_its_days_leaves_no_file(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    client, path, form = banner()
    answer = client.post(path, form | {"begins_on": "2030-01-02", "ends_on": "2030-01-01"})
    assert (answer.status_code, Banner.objects.count(), left(tmp_path)) == (200, 0, [])


@contextmanager
def files_up_to(size):
    """Inside the block the system refuses to make a file larger than `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_size_that_did_not_fit_leaves_no_part_of_it(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    encoded = images.Encoded(960, 720, {480: b"small", 960: bytes(100_000)})
    with files_up_to(10_000), pytest.raises(images.StoreError):
        images.store_encoded(encoded, "houses")
    assert left(tmp_path) == []


def spooled(pieces):
    handler = OnDisk()
    handler.new_file("avatar", "a.jpg", "image/jpeg", None)
    for piece in pieces:
        handler.receive_data_chunk(piece, 0)
    return handler.file_complete(sum(map(len, pieces)))


@pytest.mark.parametrize("pieces", [[bytes(9000)] * 2, [bytes(4000), bytes(7000)], [bytes(10_001)]])
def test_an_upload_that_did_not_fit_cannot_be_read(settings, tmp_path, pieces):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    with files_up_to(10_000):
        upload = spooled(pieces)
    with pytest.raises(images.ImageError, match=SENTENCE):
        images.take(upload, images.PHOTO_WIDTHS)
    assert left(tmp_path) == []


def test_an_upload_on_disk_has_no_name_there(settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    first, second = spooled([b"one", b"two"]), spooled([b"three"])
    assert left(tmp_path) == []
    assert (first.read(), first.size, second.read()) == (b"onetwo", 6, b"three")
    first.close()
    second.close()
