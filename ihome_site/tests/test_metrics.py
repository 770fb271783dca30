import pytest
from django.test import Client

from accounts.models import SmsCode
from accounts.tests.test_codes import sent_before
from ihome_site.testing import house_of_wang, order_of_li
from orders.models import Order

pytestmark = pytest.mark.django_db
SPANS = ("hour", "day")


def figures():
    lines = Client().get("/metrics").content.decode().splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))


def test_the_figures_are_what_the_tables_hold():
    order_of_li(house_of_wang())
    house_of_wang(is_listed=False)
    found = figures()
    assert (
        found.items()
        >= {
            'ihome_up{part="database"}': "1",
            'ihome_up{part="cache"}': "1",
            'ihome_orders{status="WAIT_ACCEPT"}': "1",
            'ihome_orders{status="COMPLETE"}': "0",
            "ihome_orders_waiting": "1",
            "ihome_orders_expired": "0",
            "ihome_users": "2",
            'ihome_houses{listed="true"}': "1",
            'ihome_houses{listed="false"}': "1",
        }.items()
    )


def test_texts_stand_beside_their_limits():
    sent_before(3, 60)
    sent_before(4, 7200)
    SmsCode.objects.filter(pk=SmsCode.objects.latest("pk").pk).update(not_taken=True)
    found = figures()
    names = [f'ihome_sms_{what}{{span="{span}"}}' for what in ("sent", "limit") for span in SPANS]
    assert [found[name] for name in names] == ["3", "6", "500", "3000"]


def test_requests_that_nobody_tidied_are_counted():
    order = order_of_li(house_of_wang())
    Order.objects.update(expires_at=order.created_at)
    found = figures()
    assert (found["ihome_orders_waiting"], found["ihome_orders_expired"]) == ("0", "1")


def test_every_line_is_in_the_text_format():
    answer = Client().get("/metrics")
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    assert answer.content.endswith(b"\n")


@pytest.mark.parametrize("address", ["203.0.113.7", "10.0.0.1", "::2"])
def test_outside_the_operators_networks_there_is_nothing(address):
    assert Client(REMOTE_ADDR=address).get("/metrics").status_code == 404


def test_a_network_can_be_let_in(settings):
    settings.METRICS_NETWORKS = ["10.1.0.0/16"]
    assert Client(REMOTE_ADDR="10.1.2.3").get("/metrics").status_code == 200
    assert Client().get("/metrics").status_code == 404


def test_a_proxy_nobody_named_lets_nobody_in():
    answer = Client(headers={"X-Forwarded-For": "203.0.113.7"}).get("/metrics")
    assert answer.status_code == 404


def test_a_second_look_costs_no_more_than_the_probe(django_assert_num_queries):
    figures()
    with django_assert_num_queries(1):
        figures()
