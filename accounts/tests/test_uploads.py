"""200 pictures a day a user, avatars and photos together."""

from contextlib import ExitStack
from datetime import datetime, timedelta
from threading import Event, Thread
from time import monotonic
from unittest.mock import patch

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.limits import UPLOADS
from accounts.models import DayCount
from accounts.tests.test_profile import picture
from ihome_site import images
from ihome_site.refusals import TooMany
from ihome_site.testing import chen, client_of, house_of_wang, li, wang
from ihome_site.tests.test_operators_desk import operator

pytestmark = pytest.mark.django_db


def used_up(user, left=0):
    today = timezone.localdate()
    DayCount.objects.create(user=user, action="upload", day=today, count=200 - left)


def test_the_two_hundred_and_first_avatar_is_refused_with_a_sentence():
    client = client_of(li())
    used_up(li(), left=1)
    assert client.post("/accounts/avatar/", {"avatar": picture()}).status_code == 302
    name = li().avatar
    answer = client.post("/accounts/avatar/", {"avatar": picture()})
    assert (answer.status_code, 0 < int(answer["Retry-After"]) <= 86400) == (429, True)
    assert "今天已经上传了 200 张图片" in answer.content.decode()
    assert li().avatar == name


def test_photos_count_too_and_those_before_the_limit_are_kept():
    house = house_of_wang()
    used_up(wang(), left=1)
    url = f"/houses/{house.pk}/images/"
    answer = client_of(wang()).post(url, {"house_image": [picture(), picture()]})
    assert answer.status_code == 429
    assert "请明天再来" in answer.content.decode()
    assert house.images.count() == 1


def test_the_script_is_told_in_json():
    house = house_of_wang()
    used_up(wang())
    answer = client_of(wang()).post(
        f"/houses/{house.pk}/images/",
        {"house_image": picture()},
        headers={"accept": "application/json"},
    )
    assert (answer.status_code, answer.json()["ok"]) == (429, False)
    assert "请明天再来" in answer.json()["errors"]["house_image"][0]


def test_refused_pictures_count_for_looking_at_them_is_the_work():
    client = client_of(li())
    client.post("/accounts/avatar/", {"avatar": picture(side=20)})
    assert DayCount.objects.get().count == 1


def test_a_picture_over_the_limit_is_not_even_decoded(monkeypatch):
    used_up(li())
    monkeypatch.setattr("ihome_site.images.take", lambda *args, **kwargs: pytest.fail("decoded"))
    assert client_of(li()).post("/accounts/avatar/", {"avatar": picture()}).status_code == 429


def test_users_do_not_share_a_day_and_the_next_day_is_new():
    used_up(li())
    UPLOADS.take(chen())
    with pytest.raises(TooMany):
        UPLOADS.take(li())
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        UPLOADS.take(li())
        assert DayCount.objects.get(user=li()).count == 1


def test_the_day_ends_at_midnight_in_shanghai():
    shanghai = timezone.get_default_timezone()
    with time_machine.travel(datetime(2026, 11, 20, 23, 59, tzinfo=shanghai), tick=False):
        used_up(li())
        with pytest.raises(TooMany) as refusal:
            UPLOADS.take(li())
        assert refusal.value.wait == 60
    with time_machine.travel(datetime(2026, 11, 21, 0, 0, 1, tzinfo=shanghai), tick=False):
        UPLOADS.take(li())


@pytest.fixture(autouse=True)
def nobody_lately(monkeypatch):
    monkeypatch.setattr(images, "lately", {})


@pytest.fixture
def no_place():
    """Four threads of this process are reading pictures."""
    with ExitStack() as taken:
        for somebody in ("one", "another", "a third", "a fourth"):
            taken.enter_context(images.place(somebody))
        yield taken


def test_without_a_place_a_picture_waits_outside_and_does_not_count(no_place):
    """Or a handful of requests would hold every thread, and nobody else got a page."""
    house, sent = house_of_wang(), {"accept": "application/json"}
    owner, guest = client_of(wang()), client_of(li())
    path = f"/houses/{house.pk}/images/"
    answers = [
        guest.post("/accounts/avatar/", {"avatar": picture()}),
        owner.post(path, {"house_image": picture()}),
        owner.post(path, {"house_image": picture()}, headers=sent),
    ]
    assert [answer.status_code for answer in answers] == [429, 503, 503]
    for answer in answers:
        assert answer["Retry-After"] == "2"
    for page in answers[:2]:
        assert "正在处理的照片有点多" in page.content.decode()
    assert "正在处理的照片有点多" in answers[2].json()["errors"]["house_image"][0]
    assert not DayCount.objects.exists()
    no_place.close()
    assert guest.post("/accounts/avatar/", {"avatar": picture()}).status_code == 302
    assert owner.post(path, {"house_image": [picture(), picture()]}).status_code == 302


def test_a_person_has_one_place_and_leaves_the_others_to_others():
    with images.place(li().pk):
        refused = client_of(li()).post("/accounts/avatar/", {"avatar": picture()})
        taken = client_of(chen()).post("/accounts/avatar/", {"avatar": picture()})
    assert (refused.status_code, taken.status_code) == (429, 302)
    assert "正在处理的照片有点多" in refused.content.decode()
    assert client_of(li()).post("/accounts/avatar/", {"avatar": picture()}).status_code == 302


def test_three_who_never_stop_sending_leave_a_place_to_others():
    busy = client_of(li())
    assert busy.post("/accounts/avatar/", {"avatar": picture()}).status_code == 302
    with images.place("one"), images.place("another"), images.place("a third"):
        again = busy.post("/accounts/avatar/", {"avatar": picture()})
        other = client_of(chen()).post("/accounts/avatar/", {"avatar": picture()})
    assert (again.status_code, other.status_code) == (429, 302)
    soon = monotonic() + images.LATELY + 1
    with patch.object(images, "monotonic", return_value=soon), images.place("one"):
        assert set(images.lately) == set()


def test_the_owner_of_photos_and_the_operator_of_banners_have_one_place_too():
    house, desk = house_of_wang(), operator("运营")
    banner = {"title": "春节不打烊", "link": "/", "picture": picture(), "order": "0"}
    with images.place(wang().pk), images.place(desk.pk):
        photos = client_of(wang()).post(f"/houses/{house.pk}/images/", {"house_image": picture()})
        page = client_of(desk).post(reverse("admin:ihome_site_banner_add"), banner)
    assert photos.status_code == 503
    assert "正在处理的照片有点多" in page.content.decode()


@pytest.fixture
def endless_picture(monkeypatch):
    """Another thread does not come to an end with its picture."""
    monkeypatch.setattr(images, "LONGEST_WAIT", 0.05)
    begun, over = Event(), Event()

    def decode():
        with images.turn():
            begun.set()
            over.wait(30)

    thread = Thread(target=decode)
    thread.start()
    begun.wait(30)
    yield
    over.set()
    thread.join()


def test_who_waits_too_long_for_a_turn_is_told_to_come_back(endless_picture):
    house = house_of_wang()
    answers = [
        client_of(li()).post("/accounts/avatar/", {"avatar": picture()}),
        client_of(wang()).post(f"/houses/{house.pk}/images/", {"house_image": picture()}),
    ]
    assert [answer.status_code for answer in answers] == [429, 503]
    for answer in answers:
        assert "正在处理的照片有点多" in answer.content.decode()
    assert images.people == set()


def test_an_operator_without_a_place_keeps_what_was_typed(no_place):
    page = client_of(operator("运营")).post(
        reverse("admin:ihome_site_banner_add"),
        {"title": "春节不打烊", "link": "/", "picture": picture(), "order": "0"},
    )
    assert "正在处理的照片有点多" in page.content.decode()
    assert "春节不打烊" in page.content.decode()


def test_a_picture_leaves_its_place_whatever_becomes_of_it():
    client = client_of(li())
    for _n in range(4):
        client.post("/accounts/avatar/", {"avatar": picture(side=20)})
    assert client.post("/accounts/avatar/", {"avatar": picture()}).status_code == 302
