"""A list of the operators' desk as CSV: its columns, its filters, row after row.

Taking it away needs a permission and a reason. Mobiles are starred, in their columns and in what
people wrote, unless the operator may see them whole; ID numbers always are.
"""

import csv
import re
import unicodedata
from decimal import Decimal
from urllib.parse import unquote_plus

from django.contrib.admin.utils import label_for_field, lookup_field
from django.core.exceptions import PermissionDenied
from django.http import StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from ihome_site.forms import ReasonForm
from ihome_site.masking import UNSEEN as BLANKS
from ihome_site.masking import masked, without_id_numbers
from ihome_site.models import OperationLog

CHUNK = 1000  # rows read at a time: MySQL's driver would hold a whole list in memory
BOM = "\ufeff"  # without it Excel reads Chinese as something else
# What a spreadsheet takes for a formula. https://owasp.org/www-community/attacks/CSV_Injection
FORMULA = set("=+-@\u2212")
STEPS = tuple("\t\r\n")  # some programs begin a new cell or line at these, quoted or not
CELL_ENDS = re.compile("([;\t\r\n])")  # for programs that split at them, whatever is quoted
UNSEEN = {"Zs", "Zl", "Zp", "Cc", "Cf", "Cn", "Co", "Mn", "Me"}  # categories
EXPORT = "ihome_site.export_lists"
WHOLE_MOBILES = "accounts.reveal_mobile"


def may_export(modeladmin, request):
    return request.user.has_perm(EXPORT) and modeladmin.has_view_permission(request)


def export(modeladmin, request):
    """The page that asks why; the file when a reason was given by POST."""
    if not may_export(modeladmin, request):
        raise PermissionDenied
    changelist = modeladmin.get_changelist_instance(request)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        return csv_of(modeladmin, request, changelist, form.cleaned_data["reason"])
    context = modeladmin.admin_site.each_context(request) | {
        "title": _("导出 CSV"),
        "opts": modeladmin.opts,
        "form": form,
        "count": changelist.queryset.count(),
        "whole": request.user.has_perm(WHOLE_MOBILES),
        "query": changelist.get_query_string(),
    }
    return TemplateResponse(request, "admin/export.html", context)


def csv_of(modeladmin, request, changelist, reason):
    """All rows that the list shows with this query string, newest first, as a download."""
    shown = [name for name in changelist.list_display if name != "action_checkbox"]
    columns = [getattr(name, "column", name) for name in shown]  # starred here, or not
    rows = changelist.queryset
    # Decoded, for a mobile that was searched for is starred only as people write it.
    query = " ".join(unquote_plus(request.GET.urlencode()).split())
    filters = _("筛选：%(query)s") % {"query": query or _("无")}
    count = _("%(n)s 行") % {"n": rows.count()}
    OperationLog.objects.record_list(
        request.user, _("导出"), modeladmin.model, f"{filters[:1900]}\n{count}", reason
    )
    name = f"{modeladmin.opts.model_name}-{timezone.localtime():%Y%m%d-%H%M}.csv"
    return StreamingHttpResponse(
        lines(modeladmin, columns, rows, request.user.has_perm(WHOLE_MOBILES)),
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


def lines(modeladmin, columns, rows, whole):
    """The file line by line; `whole` says that mobiles in it are not starred."""
    writer = csv.writer(Line())
    heads = [label_for_field(name, modeladmin.model, modeladmin) for name in columns]
    yield BOM + writer.writerow([harmless(str(head)) for head in heads])
    for row in newest_first(rows):
        cells = [cell(name, row, modeladmin, whole) for name in columns]
        yield writer.writerow([harmless(value) for value in cells])


def starred(value, whole):
    if not isinstance(value, str):
        return value
    return without_id_numbers(value) if whole else masked(value)


def newest_first(rows):
    """The rows by descending id, CHUNK at a time."""
    rows = rows.order_by("-pk")
    chunk = list(rows[:CHUNK])
    while chunk:
        yield from chunk
        chunk = list(rows.filter(pk__lt=chunk[-1].pk)[:CHUNK]) if len(chunk) == CHUNK else []


def cell(name, row, modeladmin, whole):
    value = plain_cell(name, row, modeladmin, whole)
    return value if name in modeladmin.written_by_site else starred(value, whole)


def plain_cell(name, row, modeladmin, whole):
    if whole and name == "masked_mobile":
        return row.mobile
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
    if not isinstance(value, str):
        return value
    mark = "'" if value.startswith(STEPS) or first_seen(value) in FORMULA else ""
    start = len(value) - len(value.lstrip("".join(STEPS)))
    first, *others = CELL_ENDS.split(value[start:])
    marked = [f"'{part}" if first_seen(part) in FORMULA else part for part in others]
    return "".join([mark, value[:start], first, *marked])


def first_seen(text):
    """The first character that is drawn, in its plain form (＝ is =); "" when there is none."""
    for char in text:
        plain = unicodedata.normalize("NFKC", char)[0]
        if unicodedata.category(char) not in UNSEEN and plain not in BLANKS:
            return plain
    return ""
