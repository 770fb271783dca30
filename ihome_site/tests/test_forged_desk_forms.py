"""Forms of the operators' desk with ids that no page of it offers: an answer, never a 500."""

import pytest
from django.contrib import admin
from django.db.models import ForeignKey, ManyToManyField
from django.urls import reverse

from accounts.models import User
from houses.models import Area, Facility
from ihome_site.models import Banner, HelpArticle
from ihome_site.testing import PASSWORD, client_of, house_of_wang, order_of_li

pytestmark = pytest.mark.django_db
ODD = ["x", "\x00", "１", "1e3", " ", "-1", "0", "9" * 20, str(2**63), "1,2", "None"]


@pytest.fixture
def boss():
    return client_of(User.objects.create_superuser("13900000009", PASSWORD))


def url_of(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def relations():
    """(model, field) of every relation that a form of the desk may show."""
    for model, modeladmin in admin.site._registry.items():
        if not hasattr(modeladmin, "verbs"):
            continue
        for field in [*model._meta.fields, *model._meta.many_to_many]:
            if isinstance(field, ForeignKey | ManyToManyField) and field.editable:
                yield pytest.param(model, field.name, id=f"{model.__name__}-{field.name}")


@pytest.mark.parametrize(("model", "field"), list(relations()))
def test_a_relation_with_an_odd_id(boss, model, field):
    order_of_li(house_of_wang())
    row = model.objects.first()
    urls = [url_of(model, "add"), *([url_of(model, "change", row.pk)] if row else [])]
    for text in ODD:
        for form in ({field: text}, {field: text, f"initial-{field}": text}, {field: ["1", text]}):
            images = {"images-TOTAL_FORMS": "0", "images-INITIAL_FORMS": "0"}
            for url in urls:
                assert boss.post(url, form | images).status_code < 500, (url, form)


EDITED = [Area, Facility, HelpArticle, Banner]


def test_every_list_that_is_edited_in_place_is_here():
    edited = {model for model, desk in admin.site._registry.items() if desk.list_editable}
    assert edited == set(EDITED)


@pytest.mark.parametrize("model", EDITED)
@pytest.mark.parametrize("place", ["0", "０", "1"])
def test_a_row_of_a_list_with_an_odd_id(boss, model, place):
    before = list(model.objects.values().order_by("pk"))
    for text in [*ODD, ""]:
        form = {"_save": "1", "form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1"}
        form |= {f"form-{place}-id": text, f"form-{place}-order": "7"}
        assert boss.post(url_of(model, "changelist"), form).status_code < 500, text
    assert list(model.objects.values().order_by("pk")) == before
