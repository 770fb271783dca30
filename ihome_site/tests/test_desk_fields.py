"""Every field of every form of the desk is changed alone, by each role that may."""

import pytest
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse

from houses.models import Area, Facility, House
from ihome_site.models import Banner, HelpArticle, SiteNotice
from ihome_site.testing import client_of, house_of_wang, li, stay_over
from ihome_site.tests.markup import FormReader
from ihome_site.tests.test_operators_desk import ROLES, operator

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows():
    """One row of each kind that a form changes."""
    stay_over(house_of_wang()).write_review(li(), 4, "好")
    Area.objects.create(name="西城区")
    Facility.objects.create(name="洗衣机")
    Banner.objects.create(title="秋天", file="banners/x.webp", width=1600, height=600, link="/")
    SiteNotice.objects.create(text="维护")
    HelpArticle.objects.get_or_create(slug="how", defaults={"title": "怎么订", "body": "先选日期"})


def other(field, sent):
    """What the browser sends when somebody changes the field; None when it cannot be."""
    if isinstance(field, forms.BooleanField):
        return [] if sent else ["on"]
    if isinstance(field, forms.ModelMultipleChoiceField):
        return [str(pk) for pk in field.queryset.values_list("pk", flat=True)[:1]]
    if isinstance(field, forms.ModelChoiceField):
        rest = field.queryset.exclude(pk__in=[pk for pk in sent if pk])
        return [str(pk) for pk in rest.values_list("pk", flat=True)[:1]] or None
    if isinstance(field, forms.ChoiceField):
        return [str(value) for value, _label in field.choices if str(value) not in sent][:1]
    if isinstance(field, forms.IntegerField | forms.DecimalField):
        return [str(int(float(sent[0] or 0)) + 1)]
    if isinstance(field, forms.DateField):
        return ["2027-01-02"]
    return [f"{sent[0]}改"] if isinstance(field, forms.CharField) and sent else None


def changes(client, model, row):
    """(field, status) for each field of the row's form, changed alone."""
    opts = model._meta
    url = reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk])
    page = client.get(url)
    if page.status_code != 200 or not page.context_data["has_change_permission"]:
        return
    for name, field in page.context_data["adminform"].form.fields.items():
        sent = max(FormReader(client.get(url).content.decode()).forms, key=len)
        changed = other(field, sent.get(name, []))
        if changed is not None:
            yield name, client.post(url, sent | {name: changed}).status_code


@pytest.mark.parametrize("role", [*ROLES, "superuser"])
def test_each_field_is_saved_or_refused_in_words(role, rows):
    user = operator(role) if role in ROLES else operator("管理员")
    if role == "superuser":
        type(user).objects.filter(pk=user.pk).update(is_superuser=True)
        user.refresh_from_db()
    client, saved = client_of(user), {}
    for model in admin.site._registry:
        row = model._base_manager.exclude(pk=user.pk if model is type(user) else None).first()
        for name, status in changes(client, model, row) if row else ():
            assert status in {200, 302}, (model, name)
            saved[model, name] = status == 302
    if role in {"管理员", "superuser"}:
        assert {saved[House, "area"], saved[Group, "permissions"], saved[Area, "name"]} == {True}
    elif role == "运营":
        assert {saved[Area, "name"], saved[HelpArticle, "body"], saved[Facility, "name"]} == {True}
