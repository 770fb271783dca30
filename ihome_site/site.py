"""The site of the operators' desk."""

from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import PermissionDenied

ASKED = ("app_label", "model_name", "field_name")


class Suggestions(AutocompleteJsonView):
    """Suggests rows for the fields that forms offer with suggestions, and for no other.

    Django's own goes through whatever relation it is asked for, and falls over some.
    """

    def process_request(self, request):
        if tuple(request.GET.get(name, "") for name in ASKED) not in self.offered():
            raise PermissionDenied
        return super().process_request(request)

    def offered(self):
        return {
            (model._meta.app_label, model._meta.model_name, name)
            for model, modeladmin in self.admin_site._registry.items()
            for name in modeladmin.autocomplete_fields
        }


class Desk(admin.AdminSite):
    def autocomplete_view(self, request):
        return Suggestions.as_view(admin_site=self)(request)
