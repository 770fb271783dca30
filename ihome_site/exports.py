"""A list of the operators' desk as CSV: its columns, its filters, row after row."""

import csv
from decimal import Decimal

from django.contrib.admin.utils import label_for_field, lookup_field
from django.core.exceptions import PermissionDenied
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from ihome_site.models import OperationLog

CHUNK = 1000  # rows read at a time: MySQL's driver would hold a whole list in memory
BOM = "\ufeff"  # without it Excel reads Chinese as something else
# What a spreadsheet takes for a formula. https://owasp.org/www-community/attacks/CSV_Injection
FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def csv_of(modeladmin, request):
    """All rows that the list shows with this query string, newest first, as a download."""
    if not modeladmin.has_view_permission(request):
        raise PermissionDenied
    changelist = modeladmin.get_changelist_instance(request)
    columns = [name for name in changelist.list_display if name != "action_checkbox"]
    rows = changelist.get_queryset(request)
    OperationLog.objects.create(
        actor=request.user,
        verb=_("导出"),
        subject_type=modeladmin.opts.label_lower,
        subject_text=str(modeladmin.opts.verbose_name_plural),
        after=request.GET.urlencode()[:2000],
    )
    name = f"{modeladmin.opts.model_name}-{timezone.localtime():%Y%m%d-%H%M}.csv"
    return StreamingHttpResponse(
        lines(modeladmin, columns, rows),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


class Line:
    """What csv.writer writes to: it hands the line back."""

    def write(self, text):
        return text


def lines(modeladmin, columns, rows):
    writer = csv.writer(Line())
    heads = [label_for_field(name, modeladmin.model, modeladmin) for name in columns]
    yield BOM + writer.writerow([harmless(str(head)) for head in heads])
    for row in newest_first(rows):
        yield writer.writerow([harmless(cell(name, row, modeladmin)) for name in columns])


def newest_first(rows):
    """The rows by descending id, CHUNK at a time."""
    rows = rows.order_by("-pk")
    chunk = list(rows[:CHUNK])
    while chunk:
        yield from chunk
        chunk = list(rows.filter(pk__lt=chunk[-1].pk)[:CHUNK]) if len(chunk) == CHUNK else []


def cell(name, row, modeladmin):
    field, _attribute, value = lookup_field(name, row, modeladmin)
    if field is not None and getattr(field, "flatchoices", None):
        value = dict(field.flatchoices).get(value, value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, int | Decimal):
        return value
    if hasattr(value, "utcoffset"):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"
    return strip_tags(str(value)) if hasattr(value, "__html__") else str(value)


def harmless(value):
    """A text a spreadsheet could calculate is marked as text; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value
