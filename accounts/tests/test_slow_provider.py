"""A text provider that hangs: a sentence for those who asked, nothing for everybody else."""

import threading
from functools import partial

import pytest

from accounts.models import SmsCode
from accounts.tests import sms_fakes
from accounts.tests.test_races import ask_for_code, visitors
from ihome_site.testing import solved_captcha
from ihome_site.tests.serving import Visitor, all_at_once, serving

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ASKING = 24
LINES = 2 * 3  # processes × accounts.sms.LINES


@pytest.fixture
def provider():
    with sms_fakes.serving(sms_fakes.FakeAliyun) as running:
        yield running


def site(provider, **extra):
    return serving(
        "accounts.tests.sms_fake_wsgi",
        SMS_BACKEND="aliyun",
        ALIYUN_SMS_ENDPOINT=provider.url,
        ALIYUN_ACCESS_KEY_ID="aliyun-id",
        ALIYUN_ACCESS_KEY_SECRET=sms_fakes.ALIYUN_SECRET,
        ALIYUN_SMS_SIGN="爱家 租房*~+",
        ALIYUN_SMS_TEMPLATE="SMS_1",
        **extra,
    )


def ask_together(server):
    """(answers to many who ask for codes at once, the home page's answers meanwhile)."""
    captchas = [solved_captcha() for _n in range(ASKING)]
    people = zip(visitors(server, ASKING), captchas, strict=True)
    done, pages = threading.Event(), []
    reader = threading.Thread(target=read_home, args=[Visitor(server), done, pages])
    reader.start()
    answers = all_at_once(
        [
            partial(ask_for_code, person, fields, f"138{n:08d}")
            for n, (person, fields) in enumerate(people)
        ]
    )
    done.set()
    reader.join()
    return answers, pages


def read_home(visitor, done, pages):
    while not done.wait(0.05):
        pages.append(visitor.get("/"))


def slowest(answers):
    return round(max(answer.elapsed.total_seconds() for answer in answers), 2)


def test_a_provider_that_hangs_gives_a_sentence_and_leaves_other_pages_alone(
    provider, collected_static, figure
):
    provider.mode = "hang"
    with site(provider) as server:
        answers, pages = ask_together(server)
        hung = provider.hits
        provider.mode = "ok"
        again = ask_for_code(Visitor(server), solved_captcha(), "13800000000")
    figure("slowest refusal in seconds, provider hangs", slowest(answers), "≤ 8")
    figure("slowest home page in seconds meanwhile", slowest(pages), "≤ 1")
    figure("requests that the provider held up", hung, f"≤ {LINES}")
    assert {answer.status_code for answer in answers} == {503}
    assert all(
        "短信暂时发不出去，请稍后再试" in answer.json()["errors"]["sms_code"] for answer in answers
    )
    assert {page.status_code for page in pages} == {200}
    assert hung <= LINES
    assert again.status_code == 200
    assert SmsCode.objects.exclude(failed_at=None).count() == ASKING


def test_without_a_bound_the_provider_holds_up_everybody(provider, collected_static, figure):
    """The control arm."""
    provider.mode = "hang"
    with site(provider, WITHOUT_GUARDS="1") as server:
        ask_together(server)
    figure("control arm: requests that the provider held up", provider.hits, f"> {LINES}")
    assert provider.hits > LINES
