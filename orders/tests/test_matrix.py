"""Every state × action × role over HTTP, generated from the transition table and the URLconf."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ihome_site.testing import chen, client_of, day, house_of_wang, li, order_of_li, wang
from orders.models import Order
from orders.moves import MOVES
from orders.urls import urlpatterns

pytestmark = pytest.mark.django_db
FORMS = {"reject": {"reason": "修屋顶"}, "review": {"stars": "5", "text": "好"}}
OWNERS = {"accept", "reject", "answer"}
ACTIONS = sorted(
    pattern.name for pattern in urlpatterns if pattern.name in MOVES or pattern.name == "answer"
)
ROLES = {"anonymous": None, "stranger": chen, "guest": li, "owner": wang}
# check-in and check-out from today, hours until the request expires
WHEN = {"future": (1, 3, 5), "over": (-2, 0, 5), "late": (1, 3, -1)}
# What product.md §3 allows; everything else is refused.
TABLE = {
    ("accept", "WAIT_ACCEPT", "future"),
    ("accept", "WAIT_ACCEPT", "over"),
    ("reject", "WAIT_ACCEPT", "future"),
    ("reject", "WAIT_ACCEPT", "over"),
    ("cancel", "WAIT_ACCEPT", "future"),
    ("cancel", "WAIT_ACCEPT", "over"),
    ("cancel", "WAIT_COMMENT", "future"),
    ("cancel", "WAIT_COMMENT", "late"),
    ("review", "WAIT_COMMENT", "over"),
}


def order_in(status, when):
    begin, end, hours = WHEN[when]
    order = order_of_li(house_of_wang(), 1, 3)
    order.begin_date, order.end_date, order.status = day(begin), day(end), status
    order.expires_at = timezone.now() + timedelta(hours=hours)
    order.save(update_fields=["begin_date", "end_date", "status", "expires_at"])
    return order


def expected(role, action, status, when):
    if role == "anonymous":
        return 302
    if role != ("owner" if action in OWNERS else "guest"):
        return 404
    return 302 if (action, status, when) in TABLE else 409


def test_every_action_of_the_table_has_a_url():
    assert set(ACTIONS) == (set(MOVES) - {"expire", "stop"}) | {"answer"}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("status", Order.Status.values)
def test_the_table_and_nothing_more(status, when, action, role):
    order = order_in(status, when)
    client = client_of(ROLES[role]()) if ROLES[role] else Client()
    url = reverse(f"orders:{action}", args=[order.number])
    answer = client.post(url, FORMS.get(action, {"text": "欢迎再来"}))
    wanted = expected(role, action, status, when)
    assert answer.status_code == wanted
    changed = Order.objects.get(pk=order.pk)
    moves = (wanted == 302) and role != "anonymous"
    assert changed.status == (MOVES[action].target if moves else status)
    assert changed.moves.count() == (2 if moves else 1)


@pytest.mark.parametrize("action", ACTIONS)
def test_actions_are_posts(action):
    order = order_of_li(house_of_wang())
    person = wang() if action in OWNERS else li()
    answer = client_of(person).get(reverse(f"orders:{action}", args=[order.number]))
    assert answer.status_code == (405 if action in {"accept", "cancel"} else 200)
    assert order.moves.count() == 1
