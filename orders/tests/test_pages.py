from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from houses.models import House
from ihome_site.testing import (
    chen,
    client_of,
    day,
    house_of_wang,
    li,
    order_of_li,
    stay_over,
    wang,
)
from orders.models import Order
from orders.tokens import new_token, shown_price

pytestmark = pytest.mark.django_db


def stay(begin=1, end=3, **more):
    dates = {"begin_date": day(begin).isoformat(), "end_date": day(end).isoformat()}
    return {**dates, "guests": "2", "token": "t1", **more}


def book(client, house, *args, **more):
    return client.post(f"/houses/{house.pk}/book/", stay(*args, **more))


def refusal(page):
    return [str(text) for text in page.context_data["form"].non_field_errors()]


def test_booking_needs_sign_in_and_returns_here():
    url = f"/houses/{house_of_wang().pk}/book/?sd=2027-01-01&ed=2027-01-03"
    answer = Client().get(url)
    assert answer["Location"].startswith("/accounts/login/?next=/houses/")
    assert "2027-01-03" in answer["Location"]


def test_dates_are_carried_over_from_search():
    page = client_of(li()).get(f"/houses/{house_of_wang().pk}/book/?sd=2027-01-01&ed=2027-01-03")
    assert 'value="2027-01-01"' in page.content.decode()
    assert 'value="2027-01-03"' in page.content.decode()


def test_success_leads_to_my_orders_with_the_new_order_on_top():
    house, client = house_of_wang(), client_of(li())
    order_of_li(house_of_wang(), token="older")
    assert book(client, house)["Location"] == "/orders/"
    page = client.get("/orders/")
    assert page.context_data["page"].items[0].house == house
    assert "订单已提交" in page.content.decode()


def test_what_the_client_says_about_money_and_people_is_not_stored():
    house = house_of_wang()
    lies = {"price": "1", "amount": "1", "days": "1", "status": "COMPLETE", "guest": chen().pk}
    book(client_of(li()), house, **lies)
    order = Order.objects.get()
    assert (order.amount, order.days, order.status, order.guest) == (
        Decimal("796.00"),
        2,
        "WAIT_ACCEPT",
        li(),
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"begin_date": ""}, "begin_date"),
        ({"end_date": "soon"}, "end_date"),
        ({"end_date": "２０２７-01-03"}, "end_date"),
        ({"guests": "two"}, "guests"),
        ({"guests": "100"}, "guests"),
        ({"token": ""}, "token"),
        ({"token": "x" * 129}, "token"),
    ],
)
def test_a_slip_is_said_beside_its_field_and_the_rest_is_kept(changes, field):
    page = client_of(li()).post(f"/houses/{house_of_wang().pk}/book/", stay() | changes)
    assert (page.status_code, list(page.context_data["form"].errors)) == (400, [field])
    kept = "begin_date" if field != "begin_date" else "end_date"
    assert f'value="{stay()[kept]}"' in page.content.decode()
    assert not Order.objects.exists()


def test_taken_nights_are_refused_with_a_sentence_and_the_form_kept():
    house = house_of_wang()
    order_of_li(house, guest=chen())
    page = book(client_of(li()), house)
    assert (page.status_code, refusal(page)) == (
        409,
        ["这些日期里有的晚上已被预订，请换个日期"],
    )
    assert f'value="{stay()["begin_date"]}"' in page.content.decode()


def test_a_changed_price_is_shown_and_the_next_try_succeeds():
    house, client = house_of_wang(), client_of(li())
    token = client.get(f"/houses/{house.pk}/book/").context_data["form"]["token"].value()
    House.objects.update(price=Decimal("450.00"))
    page = book(client, house, token=token)
    assert page.status_code == 409
    assert "450" in refusal(page)[0]
    fresh = page.context_data["form"]["token"].value()
    assert book(client, house, token=fresh).status_code == 302
    assert Order.objects.get().price == Decimal("450.00")


def test_a_form_sent_twice_books_once_and_says_so_twice():
    house, client = house_of_wang(), client_of(li())
    assert [book(client, house).status_code for _n in range(2)] == [302, 302]
    assert Order.objects.count() == 1


@pytest.mark.parametrize("ended", ["canceled", "rejected", "expired", None])
def test_a_form_used_before_never_says_it_booked_what_it_did_not(ended):
    """Going back and changing the dates sends the same token."""
    house, client = house_of_wang(), client_of(li())
    book(client, house)
    order = Order.objects.get()
    if ended == "canceled":
        order.cancel(li(), "改日期")
    elif ended == "rejected":
        order.reject(wang(), "不巧")
    elif ended == "expired":
        Order.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        house.nights.update(expires_at=timezone.now() - timedelta(seconds=1))
    page = book(client, house, 11, 13)
    assert (page.status_code, Order.objects.count()) == (409, 1)
    assert str(order) in refusal(page)[0]
    if ended:
        fresh = page.context_data["form"]["token"].value()
        assert book(client, house, 11, 13, token=fresh).status_code == 302
        assert Order.objects.count() == 2


def test_nor_of_another_home_or_an_order_that_ended():
    house, other, client = house_of_wang(), house_of_wang(), client_of(li())
    book(client, house)
    assert book(client, other).status_code == 409
    Order.objects.get().cancel(li(), "改日期")
    assert book(client, house).status_code == 409
    assert Order.objects.count() == 1


def test_a_token_remembers_its_price_and_cannot_be_forged():
    token = new_token(Decimal("398.00"))
    assert shown_price(token) == Decimal("398.00")
    assert shown_price(token.replace("398", "1")) is None


def test_the_owner_is_told_before_filling_in_anything():
    page = client_of(wang()).get(f"/houses/{house_of_wang().pk}/book/")
    assert "自己的房源" in page.content.decode()


def test_lists_show_what_product_says(client):
    order = order_of_li(house_of_wang())
    order.reject(wang(), "那两天要修屋顶")
    for person, path in ((li, "/orders/"), (wang, "/orders/received/")):
        html = client_of(person()).get(path).content.decode()
        for words in [
            order.display_number,
            "鼓楼边的小院",
            "796",
            "2 晚",
            "已拒单",
            "那两天要修屋顶",
        ]:
            assert words in html, (path, words)


def test_only_my_own_orders_are_listed():
    order_of_li(house_of_wang())
    for person, path in ((chen, "/orders/"), (chen, "/orders/received/"), (wang, "/orders/")):
        assert len(client_of(person()).get(path).context_data["page"]) == 0


def test_an_order_past_its_time_reads_as_canceled():
    order = order_of_li(house_of_wang())
    Order.objects.update(expires_at=order.created_at - timedelta(seconds=1))
    html = client_of(li()).get("/orders/").content.decode()
    assert "超时未接单" in html
    assert f"/orders/{order.number}/cancel/" not in html


def test_the_orders_page_tells_its_history_to_both():
    order = order_of_li(house_of_wang())
    order.reject(wang(), "那两天要修屋顶")
    for person in (li, wang):
        html = client_of(person()).get(f"/orders/{order.number}/").content.decode()
        for words in ["提交", "拒单", "那两天要修屋顶"]:
            assert words in html


def test_a_refused_action_says_what_the_order_is_now():
    order = order_of_li(house_of_wang())
    order.cancel(li())
    page = client_of(wang()).post(f"/orders/{order.number}/accept/")
    assert page.status_code == 409
    assert "已取消" in page.content.decode()


@pytest.mark.parametrize(
    ("path", "form", "field"),
    [
        ("reject", {"reason": ""}, "reason"),
        ("reject", {"reason": "  "}, "reason"),
        ("reject", {"reason": "x" * 256}, "reason"),
    ],
)
def test_rejecting_needs_a_reason(path, form, field):
    order = order_of_li(house_of_wang())
    page = client_of(wang()).post(f"/orders/{order.number}/{path}/", form)
    assert (page.status_code, list(page.context_data["form"].errors)) == (400, [field])


@pytest.mark.parametrize("stars", ["0", "6", "", "4.5", "５", "abc"])
def test_a_review_has_one_to_five_stars(stars):
    order = stay_over(house_of_wang())
    form = {"stars": stars, "text": "住得好"}
    page = client_of(li()).post(f"/orders/{order.number}/review/", form)
    assert (page.status_code, list(page.context_data["form"].errors)) == (400, ["stars"])
    assert "住得好" in page.content.decode()


def test_a_guest_whose_name_is_not_set_is_anonymous_to_the_owner():
    order_of_li(house_of_wang())
    type(li()).objects.filter(pk=li().pk).update(name=None)
    html = client_of(wang()).get("/orders/received/").content.decode()
    assert "匿名用户" in html
    assert li().mobile not in html


@pytest.mark.parametrize(("person", "path"), [(li, "/orders/"), (wang, "/orders/received/")])
def test_the_same_queries_for_one_order_and_ten(person, path, django_assert_max_num_queries):
    for n in range(9):
        stay_over(house_of_wang(), token=f"t{n}").write_review(li(), 5, "好")
    client = client_of(person())
    client.get(path)  # remembers the frame round the page: help pages, notices to all
    with django_assert_max_num_queries(4):
        client.get(path)
