"""Which filters the lists of the operators' desk take from a query string."""

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.exceptions import (
    DisallowedModelAdminLookup,
    DisallowedModelAdminToField,
)
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import EmptyResultSet

# A query string that no page of ours makes.
UNUSABLE = (
    IncorrectLookupParameters,
    DisallowedModelAdminLookup,
    DisallowedModelAdminToField,
)


class DeskList(ChangeList):
    """A list that takes the filters it offers, and those that our own pages link to.

    Django's takes every column's: who may not see a ciphertext, or a mobile, could ask for the
    rows in which it begins with this and that.
    """

    def get_filters(self, request):
        found = super().get_filters(request)
        specs, remaining = found[0], found[2]
        if set(remaining) - set(self.model_admin.link_filters):
            raise IncorrectLookupParameters
        if not all(is_offered(spec) for spec in specs):
            raise IncorrectLookupParameters
        return found

    def get_queryset(self, request, **kwargs):
        """A day that no time zone has (0001-01-01) fails when it becomes SQL: that is now."""
        try:
            rows = super().get_queryset(request, **kwargs)  # some searches look at rows already
            rows.query.get_compiler(rows.db).as_sql()
        except EmptyResultSet:
            pass
        except (OverflowError, ValueError) as error:
            raise IncorrectLookupParameters(error) from error
        return rows

    def get_results(self, request):
        """Without a search there is nothing to go back from: no link to show all."""
        super().get_results(request)
        if not self.query and not self.get_filters_params():
            self.full_result_count = self.result_count


def is_offered(spec):
    """Whether what the query string says to this filter is one of its choices."""
    if not isinstance(spec, SimpleListFilter) or spec.value() is None:
        return True
    return spec.value() in {str(value) for value, _label in spec.lookup_choices}
