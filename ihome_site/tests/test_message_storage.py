"""Messages that nobody reads do not gather."""

import pytest
from django.contrib import messages
from django.contrib.messages.storage import default_storage
from django.http import HttpResponse
from django.test import RequestFactory

from ihome_site.message_storage import MOST
from ihome_site.testing import client_of, li

pytestmark = pytest.mark.django_db


def test_the_same_sentence_waits_once():
    client = client_of(li())  # without a proved name: each time they read why not
    for _n in range(5):
        assert client.get("/houses/mine/").status_code == 302
    page = client.get("/").content.decode()
    assert page.count("实名认证") < 5
    assert page.count('role="status"') == 1


def said(sentences, cookies):
    """The cookies after an answer that says these sentences."""
    request = RequestFactory().get("/")
    request.COOKIES = dict(cookies)
    request.session = {}
    storage = default_storage(request)
    for sentence in sentences:
        storage.add(messages.INFO, sentence)
    response = HttpResponse()
    storage.update(response)
    return cookies | {name: morsel.value for name, morsel in response.cookies.items()}


def read(cookies):
    request = RequestFactory().get("/")
    request.COOKIES, request.session = cookies, {}
    return [message.message for message in default_storage(request)]


def test_the_newest_different_ones_wait():
    cookies = {}
    for n in range(30):
        cookies = said([f"第 {n} 句", "总是这句"], cookies)
    assert read(cookies) == [f"第 {n} 句" for n in range(30 - MOST + 1, 30)] + ["总是这句"]


def test_a_cookie_from_before_shows_a_few(settings):
    name = settings.MESSAGE_STORAGE
    settings.MESSAGE_STORAGE = "django.contrib.messages.storage.fallback.FallbackStorage"
    cookies = said([f"第 {n % 20} 句" for n in range(1000)], {})
    assert len(read(cookies)) == 1000
    settings.MESSAGE_STORAGE = name
    assert read(cookies) == [f"第 {n} 句" for n in range(10, 20)]
