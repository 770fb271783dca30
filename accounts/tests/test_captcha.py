"""Pictures are given out without end; their rows are not."""

from datetime import timedelta

import pytest
import time_machine
from captcha.models import CaptchaStore
from django.utils import timezone

from accounts import captcha

pytestmark = pytest.mark.django_db
AJAX = {"x-requested-with": "XMLHttpRequest"}


def test_a_visitor_who_reloads_without_end_keeps_sixty_rows(client):
    for _n in range(captcha.PER_NETWORK + 30):
        client.get("/accounts/register/")
    assert CaptchaStore.objects.count() == captcha.PER_NETWORK


def test_the_newest_picture_of_a_reloading_visitor_still_counts():
    keys = [captcha.new_key("203.0.113.9") for _n in range(captcha.PER_NETWORK + 1)]
    answer = CaptchaStore.objects.get(hashkey=keys[-1]).response
    assert captcha.claim(keys[-1], answer)
    assert not CaptchaStore.objects.filter(hashkey=keys[0]).exists()


def test_one_visitor_does_not_push_out_anothers_picture():
    key = captcha.new_key("203.0.113.9")
    for _n in range(captcha.PER_NETWORK + 10):
        captcha.new_key("203.0.113.10")
    assert CaptchaStore.objects.filter(hashkey=key).exists()


def test_addresses_of_one_ipv6_64_are_one_visitor():
    for n in range(captcha.PER_NETWORK + 10):
        captcha.new_key(f"2001:db8::{n:x}")
    assert CaptchaStore.objects.count() == captcha.PER_NETWORK


def test_expired_rows_go_without_a_cron_job():
    for n in range(20):
        captcha.new_key(f"203.0.113.{n}")
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        for n in range(4):
            captcha.new_key(f"198.51.100.{n}")
    assert CaptchaStore.objects.count() == 4


def test_the_address_cannot_be_read_from_the_key():
    assert captcha.new_key("203.0.113.9")[:12] == captcha.new_key("203.0.113.9")[:12]
    assert captcha.new_key("203.0.113.9")[:12] != captcha.new_key("203.0.113.10")[:12]
    assert len(captcha.new_key("203.0.113.9")) == 40


def test_the_script_gets_another_picture_of_the_same_kind(client):
    answer = client.get("/captcha/refresh/", headers=AJAX).json()
    assert client.get(answer["image_url"])["Content-Type"] == "image/png"
    for _n in range(captcha.PER_NETWORK + 5):
        client.get("/captcha/refresh/", headers=AJAX)
    assert CaptchaStore.objects.count() == captcha.PER_NETWORK
