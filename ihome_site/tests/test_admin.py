import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.models import RealName, User
from houses.models import House
from ihome_site.testing import (
    PASSWORD,
    client_of,
    day,
    house_of_wang,
    id_card_of,
    li,
    order_of_li,
    stay_over,
)

pytestmark = pytest.mark.django_db
OWN = [model for model in admin.site._registry if model._meta.app_label != "auth"]


@pytest.fixture
def operator():
    return client_of(User.objects.create_superuser("13900000009", PASSWORD))


def changelist(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


@pytest.mark.parametrize("model", OWN, ids=lambda model: model.__name__)
def test_every_list_opens_and_can_be_searched(operator, model):
    stay_over(house_of_wang()).write_review(li(), 5, "好")
    assert operator.get(changelist(model)).status_code == 200
    assert operator.get(changelist(model), {"q": "鼓楼"}).status_code == 200
    for row in model._default_manager.all()[:1]:
        url = reverse(
            f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk]
        )
        assert operator.get(url).status_code == 200


@pytest.mark.parametrize("model", OWN, ids=lambda model: model.__name__)
def test_a_list_costs_the_same_queries_for_any_number_of_rows(
    operator, model, django_assert_max_num_queries
):
    for n in range(6):
        stay_over(house_of_wang(), token=f"t{n}").write_review(li(), 5, "好")
    with django_assert_max_num_queries(9):
        operator.get(changelist(model))


def test_labels_are_chinese(operator):
    page = operator.get("/admin/").content.decode()
    for word in ["用户", "实名认证", "城区", "配套设施", "房源", "订单", "评价"]:
        assert word in page


def test_id_numbers_are_masked(operator):
    house_of_wang()
    page = operator.get(changelist(RealName)).content.decode()
    assert "1****************" in page
    assert id_card_of(1) not in page


def test_a_house_with_orders_cannot_be_deleted(operator):
    house = house_of_wang()
    order_of_li(house)
    url = reverse("admin:houses_house_delete", args=[house.pk])
    assert "无法删除" in operator.post(url, {"post": "yes"}).content.decode()
    data = {"action": "delete_selected", "_selected_action": [house.pk], "post": "yes"}
    operator.post(changelist(House), data)
    assert House.objects.filter(pk=house.pk).exists()


def test_a_house_without_orders_goes_with_its_blocked_nights(operator):
    house = house_of_wang()
    House.block(house.pk, day(1), day(3))
    operator.post(reverse("admin:houses_house_delete", args=[house.pk]), {"post": "yes"})
    assert not House.objects.exists()


def test_orders_are_found_by_the_number_as_shown(operator):
    order = order_of_li(house_of_wang())
    page = operator.get(changelist(type(order)), {"q": order.display_number})
    assert order.display_number in page.content.decode()


def test_guests_and_owners_do_not_enter(operator):
    assert client_of(li()).get("/admin/").status_code == 302


@pytest.mark.parametrize("model", OWN, ids=lambda model: model.__name__)
def test_a_history_is_read_and_not_posted_to(operator, model):
    """On MySQL a POST locked the row, which it may only in a transaction."""
    stay_over(house_of_wang()).write_review(li(), 5, "好")
    for row in model._default_manager.all()[:1]:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_history"
        url = reverse(name, args=[row.pk])
        assert (operator.get(url).status_code, operator.post(url).status_code) == (200, 405)


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model.__name__)
def test_a_refused_new_row_saved_as_another_is_shown_again(operator, model):
    url = changelist(model) + "add/"
    assert operator.post(url, {"_saveasnew": "1"}).status_code in {200, 403}
