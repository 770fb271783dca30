"""Every number a form takes fits its column on both databases: a new field is looked at too.

SQLite keeps whatever it is given; MySQL's columns end, and answered 500.
"""

from decimal import Decimal

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.test import RequestFactory

from accounts.models import User
from houses.forms import HouseForm, HouseSearchForm, StayForm
from houses.models import Area
from ihome_site import parameters
from ihome_site.fields import WholeNumberField
from ihome_site.models import SiteParameter
from ihome_site.testing import client_of
from orders.forms import BookForm, ReviewForm

OURS = {"accounts", "houses", "orders", "ihome_site"}
# https://mariadb.com/kb/en/data-type-storage-requirements/
HOLDS = {
    models.PositiveSmallIntegerField: 65_535,
    models.SmallIntegerField: 32_767,
    models.PositiveIntegerField: 4_294_967_295,
    models.IntegerField: 2_147_483_647,
}
# Columns nobody types: the site counts or measures, and this is as far as it comes.
WRITTEN_BY_THE_SITE = {
    "accounts.User.session_round": "one step a sign-out",
    "accounts.User.known_round": "one step an ended device",
    "accounts.SmsCode.tries": "5",
    "accounts.DayCount.count": "300",
    "accounts.UploadDay.count": "200, by the release before DayCount",
    "houses.House.newness": "a third of an owner's homes, below zero",
    "houses.House.area_newness": "the same",
    "houses.House.order_count": "one night an order",
    "houses.House.review_count": "one an order",
    "houses.House.star_total": "five an order",
    "houses.HouseImage.width": "1600",
    "houses.HouseImage.height": "1600 × 12000 / 200",
    "ihome_site.Banner.width": "1600",
    "ihome_site.Banner.height": "1600 × 12000 / 200",
    "orders.Order.days": "365",
    "orders.Order.guests": "99, by StayForm",
    "orders.Order.price": "copied from the house",
    "orders.Order.amount": "price × 365",
}


def numbers():
    """(its name, the field) for every number of our tables but ids and foreign keys."""
    for model in apps.get_models():
        if model._meta.app_label in OURS:
            for field in model._meta.concrete_fields:
                number = isinstance(field, models.IntegerField | models.DecimalField)
                if number and not field.primary_key and not field.is_relation:
                    yield f"{model._meta.label}.{field.name}", field


def column_holds(field):
    if isinstance(field, models.DecimalField):
        return Decimal(10) ** (field.max_digits - field.decimal_places)
    return next(most for kind, most in HOLDS.items() if isinstance(field, kind))


def own_bound(validators):
    """The largest value by validators of ours; Django's own differ from database to database."""
    bounds = [each.limit_value for each in validators if isinstance(each, MaxValueValidator)]
    return min((bound for bound in bounds if not callable(bound)), default=None)


def test_every_number_has_a_bound_or_a_reason():
    missing = [
        name
        for name, field in numbers()
        if name not in WRITTEN_BY_THE_SITE and own_bound(field._validators) is None
    ]
    assert missing == []
    assert WRITTEN_BY_THE_SITE.keys() <= dict(numbers()).keys()


def test_every_bound_fits_its_column():
    for name, field in numbers():
        bound = own_bound(field._validators)
        assert bound is None or bound <= column_holds(field), name


def admin_forms():
    request = RequestFactory().get("/admin/")
    request.user = User(is_superuser=True, is_staff=True, is_active=True)
    for model, desk in admin.site._registry.items():
        if not (desk.has_change_permission(request) or desk.has_add_permission(request)):
            continue
        yield model, desk.get_form(request)
        if desk.list_editable:
            yield model, desk.get_changelist_formset(request).form
        for inline in desk.get_inline_instances(request):
            yield inline.model, inline.get_formset(request).form


def test_no_operators_form_shows_a_number_without_a_bound():
    """Neither forms nor lists nor inlines let anybody type what the site alone writes."""
    checked = 0
    for model, form in admin_forms():
        for name in form.base_fields:
            label = f"{model._meta.label}.{name}"
            assert label not in WRITTEN_BY_THE_SITE
            checked += label in dict(numbers())
    assert checked > 10


@pytest.mark.parametrize("form", [HouseForm, HouseSearchForm, StayForm, BookForm, ReviewForm])
def test_whole_numbers_of_our_forms_have_bounds(form):

    for name, field in form.base_fields.items():
        if isinstance(field, WholeNumberField):
            model_field = HouseForm._meta.model._meta.get_field(name) if form is HouseForm else None
            bound = own_bound(model_field._validators) if model_field else field.max_value
            assert bound is not None, name


def test_every_parameter_of_the_site_has_bounds_that_fit():
    for parameter in parameters.registry.values():
        if isinstance(parameter, parameters.WholeNumber):
            assert 0 <= parameter.low <= parameter.default <= parameter.high <= 32_767
            too_large = str(parameter.high + 1)
            with pytest.raises(ValidationError):
                parameter.clean(too_large)
            assert len(too_large) < SiteParameter._meta.get_field("value").max_length


@pytest.mark.django_db
@pytest.mark.parametrize(("place", "taken"), [("9999", True), ("10000", False), ("70000", False)])
def test_a_place_in_a_list_is_judged_alike_by_both_databases(place, taken):
    area = Area.objects.create(name="东城区")
    form = {"name": "东城区", "order": place}
    client = client_of(User.objects.create_superuser("13900000009", "x"))
    assert client.post(f"/admin/houses/area/{area.pk}/change/", form).status_code == (
        302 if taken else 200
    )
    area.refresh_from_db()
    assert (area.order == int(place)) is taken


LISTS = ["/admin/orders/order/", "/admin/accounts/smscode/", "/admin/houses/house/"]
DAYS = ["0001-01-01", "9999-12-31", "0000-00-00", "9999-12-31 23:59:59+08:00", "1e400"]


@pytest.mark.django_db
@pytest.mark.filterwarnings("ignore:DateTimeField")
@pytest.mark.parametrize("path", LISTS)
def test_days_at_the_ends_of_the_calendar_in_operators_filters(path):
    client = client_of(User.objects.create_superuser("13900000009", "x"))
    for column in ("created_at", "begin_date"):
        for day in DAYS:
            for bound in ("gte", "lt", "exact"):
                answer = client.get(path, {f"{column}__{bound}": day})
                assert answer.status_code in {200, 302}, (column, bound, day)
