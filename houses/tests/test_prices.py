"""What a night, a deposit and a stay may cost, alike on both databases."""

import io
from decimal import Decimal
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from houses import models as house_models
from houses.models import House
from houses.prices import LEAST_PRICE, MOST_AMOUNT, MOST_DEPOSIT, MOST_PRICE
from houses.tests.test_owner_pages import form as filled
from ihome_site.models import OperationLog
from ihome_site.testing import client_of, day, house_of_wang, li, order_of_li, wang
from orders.invariants import broken_rules
from orders.models import Order

pytestmark = pytest.mark.django_db
VERDICTS = {
    "0.01": True,
    "99999.99": True,
    "0": False,
    "0.00": False,
    "-1": False,
    "100000": False,
    "99999.999": False,
    "100000.00": False,
    "99999999.99": False,
    "999999999999": False,
}


def publish(**changes):
    return client_of(wang()).post("/houses/new/", filled(**changes))


@pytest.mark.parametrize(("price", "taken"), VERDICTS.items())
def test_a_price_lies_between_a_cent_and_99999_99(price, taken):
    assert publish(price=price).status_code == (302 if taken else 400)
    assert House.objects.count() == taken


@pytest.mark.parametrize("deposit", ["0", "99999.99"])
def test_a_deposit_may_be_nothing_or_as_much(deposit):
    assert publish(deposit=deposit).status_code == 302
    assert House.objects.get().deposit == Decimal(deposit)


@pytest.mark.parametrize("field", ["price", "deposit"])
@pytest.mark.parametrize("amount", ["100000", "99999999.99", "999999999999"])
def test_one_sentence_says_the_bound_and_what_was_typed_stays(field, amount):
    html = publish(**{field: amount}).content.decode()
    assert html.count("不能超过 99999.99 元") == 1
    assert f'value="{amount}"' in html
    assert "个数字" not in html


@pytest.mark.parametrize("changes", [{"price": "100000"}, {"deposit": "100000"}, {"price": "0"}])
def test_the_model_says_so_as_well(changes):
    house = house_of_wang()
    for name, value in changes.items():
        setattr(house, name, Decimal(value))
    with pytest.raises(ValidationError):
        house.full_clean()


@pytest.mark.parametrize("price", [MOST_PRICE + LEAST_PRICE, Decimal(0), Decimal(-1)])
def test_the_database_refuses_a_price_out_of_bounds(price):
    house = house_of_wang()
    with pytest.raises(IntegrityError), transaction.atomic():
        House.objects.filter(pk=house.pk).update(price=price)


@pytest.mark.parametrize("deposit", [MOST_DEPOSIT + LEAST_PRICE, Decimal(-1)])
def test_the_database_refuses_a_deposit_out_of_bounds(deposit):
    house = house_of_wang()
    with pytest.raises(IntegrityError), transaction.atomic():
        House.objects.filter(pk=house.pk).update(deposit=deposit)


@pytest.mark.parametrize("changes", [{"amount": -1}, {"price": -1}])
def test_the_database_refuses_an_order_below_nothing(changes):
    order = order_of_li(house_of_wang())
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(**changes)


def test_the_dearest_year_is_booked_to_the_cent_and_every_page_shows_it():
    house = house_of_wang(price=MOST_PRICE)
    order = order_of_li(house, begin=0, end=365)
    assert Order.objects.get(pk=order.pk).amount == MOST_AMOUNT == Decimal("36499996.35")
    client = client_of(li())
    for path in ("/orders/", order.get_absolute_url(), f"/houses/{house.pk}/", "/houses/"):
        assert client.get(path).status_code == 200
    assert list(broken_rules()) == []


def test_an_amount_too_large_is_refused_with_a_sentence_on_both_pages(monkeypatch):
    """No price within its bounds comes so far; the check is for a bound that is moved."""
    monkeypatch.setattr(house_models, "MOST_AMOUNT", Decimal("500"))
    house, client = house_of_wang(), client_of(li())
    stay = {"begin_date": day(1).isoformat(), "end_date": day(3).isoformat()}
    answer = client.get(f"/houses/{house.pk}/quote/", stay).json()
    assert (answer["available"], "金额" in answer["reason"]) == (False, True)
    page = client.post(f"/houses/{house.pk}/book/", stay | {"guests": "1", "token": "t"})
    assert page.status_code == 409
    assert "合计超出了" in page.content.decode()
    assert not Order.objects.exists()


QUERIES = ["price_min=1e400", "price_max=1e400", "price_min=999999999999", "price_max=0.001"]
QUERIES += ["price_min=99999999.99&price_max=999999999999.999999999999", "price_min=NaN"]
QUERIES += ["sd=9999-12-31", "ed=0001-01-01", "sd=0001-01-01&ed=9999-12-31", "guests=999999999"]


@pytest.mark.parametrize("query", QUERIES)
def test_odd_amounts_and_days_in_a_search(client, query):
    house = house_of_wang()
    for path in ("/houses/", "/houses/count/", f"/houses/{house.pk}/"):
        assert client.get(f"{path}?{query}").status_code == 200


# What stood in databases before there were bounds.


@pytest.fixture
def without_constraints():
    """SQLite and MariaDB as they were: rows no constraint looks at. Only for raw SQL."""
    if connection.vendor == "sqlite":
        connection.cursor().execute("PRAGMA ignore_check_constraints = ON")
        yield
        connection.cursor().execute("PRAGMA ignore_check_constraints = OFF")
    else:
        connection.cursor().execute("SET SESSION check_constraint_checks = 0")
        yield
        connection.cursor().execute("SET SESSION check_constraint_checks = 1")


def write(table, pk, **columns):
    values = ", ".join(f"{name} = %s" for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {values} WHERE id = %s", [*columns.values(), pk])  # noqa: S608


# More digits than the columns are declared with: SQLite alone takes them.
TOO_LONG = {"sqlite": "10099999998.99", "mysql": "9999999999.99"}


def test_a_row_too_long_to_read_is_named_and_stops_nobody(without_constraints):
    house = house_of_wang()
    order = order_of_li(house)
    write("houses_house", house.pk, price="50000000.00")
    write("orders_order", order.pk, amount=TOO_LONG[connection.vendor])
    lines = list(broken_rules())
    assert any(f"order {order.number}" in line for line in lines)
    assert f"house {house.pk}: price 50000000.00 or deposit 500.00 is out of bounds" in lines
    client = client_of(li())
    assert client.get("/orders/").status_code == 200
    assert client.get(order.get_absolute_url()).status_code == 200
    dump = io.StringIO()
    call_command("dumpdata", "orders", "houses", stdout=dump)
    assert TOO_LONG[connection.vendor] in dump.getvalue()


def upgrade(migration):
    import_module(migration).put_within_bounds(apps, SimpleNamespace(connection=connection))


def test_upgrading_takes_homes_out_of_bounds_off_and_says_so(without_constraints):
    dear, fine = house_of_wang(title="太贵的"), house_of_wang()
    held = house_of_wang(title="早已下架", is_listed=False, held_reason="投诉")
    write("houses_house", dear.pk, price="50000000.00", deposit="99999999.99")
    write("houses_house", held.pk, deposit="100000.00")
    upgrade("houses.migrations.0003_prices_within_bounds")
    dear, fine, held = (House.objects.get(pk=house.pk) for house in (dear, fine, held))
    assert (dear.price, dear.deposit, dear.is_listed) == (MOST_PRICE, MOST_DEPOSIT, False)
    assert "上限" in dear.why_not_listed()
    assert (fine.price, fine.is_listed, fine.held_reason) == (Decimal("398.00"), True, "")
    assert (held.price, held.deposit, held.held_reason) == (fine.price, MOST_DEPOSIT, "投诉")
    line = OperationLog.objects.about(dear).get()
    assert "50000000.00" in line.before
    assert "99999.99" in line.after


def test_upgrading_makes_orders_readable_and_leaves_what_was_agreed(without_constraints):
    long, dear = order_of_li(house_of_wang()), order_of_li(house_of_wang(), token="t2")
    write("orders_order", long.pk, amount=TOO_LONG[connection.vendor])
    write("orders_order", dear.pk, price="50000000.00", amount="100000000.00")
    upgrade("orders.migrations.0004_amounts_within_bounds")
    assert Order.objects.get(pk=long.pk).amount == Decimal("9999999999.99")
    assert Order.objects.get(pk=dear.pk).amount == Decimal("100000000.00")
    assert OperationLog.objects.count() == (connection.vendor == "sqlite")


def test_a_stay_that_ends_on_the_last_day_of_the_calendar_is_no_error(client):
    house = house_of_wang()
    far = {"begin_date": "0001-01-01", "end_date": "9999-12-31"}
    answer = client.get(f"/houses/{house.pk}/quote/", far)
    assert (answer.status_code, answer.json()["available"]) == (200, False)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_migrations_run_over_rows_out_of_bounds():
    """All of it as an upgrade does it, constraints included."""
    house = house_of_wang()
    order = order_of_li(house)
    try:
        call_command("migrate", "orders", "0003", verbosity=0)
        call_command("migrate", "houses", "0002", verbosity=0)
        write("houses_house", house.pk, price="99999999.99")
        write("orders_order", order.pk, amount=TOO_LONG[connection.vendor])
    finally:
        call_command("migrate", verbosity=0)
    house.refresh_from_db()
    assert (house.price, house.is_listed) == (MOST_PRICE, False)
    assert Order.objects.get().amount == Decimal("9999999999.99")
    with pytest.raises(IntegrityError), transaction.atomic():
        write("houses_house", house.pk, price="100000.00")
