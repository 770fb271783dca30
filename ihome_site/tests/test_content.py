import io
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts.models import User
from ihome_site.images import PHOTO_WIDTHS, sizes
from ihome_site.models import Banner, HelpArticle, OperationLog, SiteNotice
from ihome_site.testing import client_of

pytestmark = pytest.mark.django_db
ADD_BANNER = "/admin/ihome_site/banner/add/"


@pytest.fixture
def operator():
    return client_of(User.objects.create_superuser("13900000009", "x"))


def picture(size=(1600, 600)):
    file = io.BytesIO()
    Image.new("RGB", size, "coral").save(file, "JPEG")
    return SimpleUploadedFile("秋天.jpg", file.getvalue(), "image/jpeg")


def banner_form(**changes):
    form = {"title": "秋天去看红叶", "link": "/houses/?aid=1", "order": "0", "picture": picture()}
    return form | changes


def page(path="/"):
    return Client().get(path).content.decode()


def day(offset):
    return timezone.localdate() + timedelta(days=offset)


def test_a_banner_is_encoded_anew_and_shown_at_once(operator):
    assert "秋天去看红叶" not in page()
    assert operator.post(ADD_BANNER, banner_form()).status_code == 302
    banner = Banner.objects.get()
    assert (banner.file.endswith(".webp"), banner.width, banner.height) == (True, 1600, 600)
    assert 'href="/houses/?aid=1"' in page()
    assert banner.url in page()
    assert OperationLog.objects.get().verb == "新增"


def files_of(banner):
    names = [name for name, _width in sizes(banner.file, banner.width, PHOTO_WIDTHS)]
    return [name for name in names if default_storage.exists(name)]


def test_a_picture_that_another_replaces_goes(operator):
    operator.post(ADD_BANNER, banner_form())
    first = Banner.objects.get()
    assert len(files_of(first)) == 3
    change = f"/admin/ihome_site/banner/{first.pk}/change/"
    assert operator.post(change, banner_form(title="冬天", picture="")).status_code == 302
    assert len(files_of(first)) == 3
    assert operator.post(change, banner_form(picture=picture((800, 300)))).status_code == 302
    second = Banner.objects.get()
    assert (len(files_of(first)), len(files_of(second))) == (0, 2)


@pytest.mark.parametrize("by_queryset", [True, False])
def test_a_banner_takes_its_files_along(operator, by_queryset):
    operator.post(ADD_BANNER, banner_form())
    banner = Banner.objects.get()
    if by_queryset:
        Banner.objects.all().delete()
    else:
        operator.post(f"/admin/ihome_site/banner/{banner.pk}/delete/", {"post": "yes"})
    assert (Banner.objects.count(), files_of(banner)) == (0, [])


@pytest.mark.parametrize(
    ("begin", "end", "shown"), [(-1, 1, True), (0, 0, True), (1, 2, False), (-2, -1, False)]
)
def test_a_banner_has_its_days(operator, begin, end, shown):
    operator.post(ADD_BANNER, banner_form(begins_on=day(begin), ends_on=day(end)))
    assert ("秋天去看红叶" in page()) == shown


@pytest.mark.parametrize(
    "wrong",
    [
        {"picture": SimpleUploadedFile("x.jpg", b"<svg>")},
        {"picture": ""},
        {"begins_on": "2030-01-02", "ends_on": "2030-01-01"},
        {"link": "javascript:alert(1)"},
        {"link": "//evil.example"},
        {"link": "http://plain.example"},
    ],
)
def test_what_is_wrong_with_a_banner_is_said(operator, wrong):
    answer = operator.post(ADD_BANNER, banner_form(**wrong))
    assert answer.status_code == 200
    assert not Banner.objects.exists()


def test_a_banner_may_have_ten_megabytes(operator):
    large = picture()
    large.file.seek(0, io.SEEK_END)
    large.file.write(bytes(9 * 1024 * 1024))
    large.size = large.file.tell()
    large.file.seek(0)
    assert operator.post(ADD_BANNER, banner_form(picture=large)).status_code == 302
    assert Banner.objects.count() == 1


def test_a_banner_whose_file_cannot_be_stored_leaves_no_row(operator, monkeypatch):
    def full(*args):
        raise OSError("disk full")

    monkeypatch.setattr("ihome_site.images.default_storage.save", full)
    answer = operator.post(ADD_BANNER, banner_form())
    assert "照片暂时存不上" in answer.content.decode()
    assert not Banner.objects.exists()


def test_a_notice_stands_on_every_page_and_goes(operator):
    form = {"text": "今晚两点停机一小时", "link": ""}
    operator.post("/admin/ihome_site/sitenotice/add/", form)
    for path in ("/", "/houses/", "/accounts/login/"):
        assert "今晚两点停机一小时" in page(path)
    SiteNotice.objects.get().delete()
    assert "今晚两点停机一小时" not in page()


@pytest.mark.parametrize("slug", ["help", "cancellation", "privacy"])
def test_the_first_articles_are_in_the_footer(slug):
    article = HelpArticle.objects.get(slug=slug)
    assert f'href="/help/{slug}/"' in page("/accounts/login/")
    assert article.title in page(f"/help/{slug}/")


def test_an_article_is_plain_text():
    body = "## 标题\n- 一\n- 二\n\n<script>alert(1)</script>\n第二行"
    HelpArticle(slug="x", title="试", body=body).save()
    html = page("/help/x/")
    assert "<h2>标题</h2>" in html
    assert "<li>一</li><li>二</li>" in html
    assert "<script>alert" not in html


def test_a_draft_is_nobodys():
    HelpArticle(slug="x", title="草稿", body="…", is_published=False).save()
    assert Client().get("/help/x/").status_code == 404
    assert "草稿" not in page()


def test_links_are_validated_in_full():
    with pytest.raises(ValidationError):
        SiteNotice(text="x", link="/ok\njavascript:").full_clean()


LEAVING = import_module("ihome_site.migrations.0006_privacy_after_leaving")


def test_the_privacy_article_says_what_leaving_does_and_how_long_backups_stay(client):
    html = client.get("/help/privacy/").content.decode()
    assert "注销账号以后" in html
    assert "备份最多保留 30 天" in html
    assert html.index("您可以做什么") < html.index("注销账号以后") < html.index("浏览器里保存什么")


def test_an_article_that_operators_made_their_own_stays_as_it_is():
    article = HelpArticle.objects.get(slug="privacy")
    LEAVING.unsay(apps, None)
    article.refresh_from_db()
    assert article.body == LEAVING.FIRST
    LEAVING.say(apps, None)
    article.refresh_from_db()
    assert "备份最多保留" in article.body
    for body in (f"{LEAVING.FIRST}\n\n我们自己的话", "我们自己的话"):
        HelpArticle.objects.filter(slug="privacy").update(body=body)
        LEAVING.say(apps, None)
        article.refresh_from_db()
        assert article.body == body
