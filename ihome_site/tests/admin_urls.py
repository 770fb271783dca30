"""Every URL of the admin, from the URLconf: a new one is in every test that asks for all."""

from django.apps import apps
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse


def models_by_name():
    return {f"{m._meta.app_label}_{m._meta.model_name}": m for m in admin.site._registry}


def admin_urls(rows=3):
    """[(url, name)] of all patterns, for up to so many rows of each model."""
    urls = []
    for pattern in admin.site.get_urls():
        if hasattr(pattern, "url_patterns"):
            urls += model_urls(pattern, rows)
        elif pattern.name:
            urls += [(url, pattern.name) for url in site_urls(pattern)]
    return urls


def model_urls(included, rows):
    label, name = str(included.pattern).strip("/").split("/")
    model = apps.get_model(label, name)
    keys = list(model._default_manager.order_by("-pk").values_list("pk", flat=True)[:rows])
    for pattern in included.url_patterns:
        if pattern.name is None:  # the old form of a row's address, which only leads on
            continue
        takes_row = bool(pattern.pattern.converters)
        for key in keys if takes_row else [None]:
            yield reverse(f"admin:{pattern.name}", args=[key] if takes_row else []), pattern.name


def site_urls(pattern):
    """The URLs of a pattern that belongs to no model."""
    if pattern.name == "view_on_site":
        for model in admin.site._registry:
            row = model._default_manager.first()
            if row:
                kind = ContentType.objects.get_for_model(model).pk
                yield reverse("admin:view_on_site", args=[kind, row.pk])
    elif pattern.name == "app_list":
        for label in {model._meta.app_label for model in admin.site._registry}:
            yield reverse("admin:app_list", args=[label])
    elif pattern.name != "logout":
        yield reverse(f"admin:{pattern.name}")
