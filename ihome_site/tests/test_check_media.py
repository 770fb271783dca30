import io
import os

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from PIL import Image

from accounts.tests.sms_fakes import serving
from houses.models import House
from houses.tests.qiniu_fake import FakeQiniu
from houses.tests.test_qiniu_storage import storage_at
from ihome_site import images
from ihome_site.models import Banner
from ihome_site.testing import house_of_wang, li

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


def lines():
    out = io.StringIO()
    try:
        call_command("check_media", stdout=out)
    except CommandError:
        out.write("exit 1")
    return out.getvalue().splitlines()


def photo_of(house):
    stored = images.store(Image.new("RGB", (1000, 800)), "houses", images.PHOTO_WIDTHS)
    return House.add_image(house.pk, stored)


def orphan(name, hours_ago):
    default_storage.save(name, ContentFile(b"x"))
    moment = os.path.getmtime(default_storage.path(name)) - hours_ago * 3600
    os.utime(default_storage.path(name), (moment, moment))


def test_rows_and_files_agree():
    photo_of(house_of_wang())
    assert lines() == ["rows and files agree"]


def test_nothing_stored_yet():
    assert lines() == ["rows and files agree"]


def test_each_missing_size_is_named():
    image = photo_of(house_of_wang())
    narrow = image.file.replace(".webp", "-480.webp")
    default_storage.delete(narrow)
    assert lines() == [f"photo {image.pk}: {narrow} is missing", "exit 1"]


def test_a_missing_avatar_is_named():
    user = li()
    user.avatar = "avatars/gone.webp"
    user.save(update_fields=["avatar"])
    assert lines() == [f"avatar of user {user.pk}: avatars/gone.webp is missing", "exit 1"]


def test_a_missing_banner_and_one_without_a_row_are_named():
    orphan("banners/left.webp", hours_ago=2)
    size = {"width": 480, "height": 180}
    banner = Banner.objects.create(title="秋", link="/houses/", file="banners/a.webp", **size)
    missing = f"banner {banner.pk}: banners/a.webp is missing"
    assert lines() == [missing, "banners/left.webp belongs to no row", "exit 1"]


def test_a_file_without_a_row_is_named():
    photo_of(house_of_wang())
    orphan("houses/left.webp", hours_ago=2)
    assert lines() == ["houses/left.webp belongs to no row", "exit 1"]


def test_a_file_just_stored_may_still_get_its_row():
    orphan("houses/young.webp", hours_ago=0)
    assert lines() == ["rows and files agree"]


def test_what_lies_at_qiniu_is_listed(monkeypatch):
    """A bucket with one file too many and one too few, through the storage's own interface."""
    with serving(FakeQiniu) as server:
        server.objects, server.policies = {"houses/left.webp": b"x"}, []
        monkeypatch.setattr("ihome_site.media.default_storage", storage_at(server))
        image = house_of_wang().images.create(file="houses/a.webp", width=480, height=360)
        missing = f"photo {image.pk}: houses/a.webp is missing"
        assert lines() == [missing, "houses/left.webp belongs to no row", "exit 1"]
