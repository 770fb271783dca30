"""Admin's pages under the content security policy: `visit` fails on any violation."""

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.models import User
from ihome_site.testing import house_of_wang, li, stay_over

STEMS = [f"{m._meta.app_label}_{m._meta.model_name}" for m in admin.site._registry]


@pytest.fixture
def operator():
    stay_over(house_of_wang()).write_review(li(), 5, "好")
    return User.objects.create_superuser("13900000009", "x")


@pytest.mark.parametrize("stem", STEMS)
def test_admins_pages_keep_the_policy(visit, operator, stem):
    page = visit(operator)
    model = next(m for m in admin.site._registry if stem.endswith(f"_{m._meta.model_name}"))
    page.goto(reverse(f"admin:{stem}_changelist"))
    for row in model._default_manager.all()[:1]:
        page.goto(reverse(f"admin:{stem}_change", args=[row.pk]))
        page.goto(reverse(f"admin:{stem}_history", args=[row.pk]))
    page.goto(reverse(f"admin:{stem}_add"))


def test_an_error_page_keeps_it_too(visit, operator):
    page = visit(operator)
    page.goto("/nowhere/")
    assert page.locator("h1").inner_text()
