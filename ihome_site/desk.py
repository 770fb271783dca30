"""What every list and form of the operators' desk has in common.

- Lists stay quick with 200,000 rows: nothing is counted beyond MOST.
- What is changed leaves a line in the operation log: who, what, when, before → after.
- A verb of a model is an action on many rows and a button on one; see `verb`.
- A list can be taken away as CSV, with the filters that are on; see ihome_site.exports.
"""

import functools
import json
import re
import unicodedata
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import IntegrityError, OperationalError
from django.db.models import Q
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.text import smart_split, unescape_string_literal
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from accounts.fields import holds_words
from accounts.limits import LOOKUPS
from accounts.models import AccountError, User
from houses.listing import ListingError
from houses.models import House
from houses.photo_files import hide_photos
from ihome_site.differences import differences
from ihome_site.exports import WHOLE_MOBILES, export, may_export, newest_first
from ihome_site.exports import starred as starred_text
from ihome_site.fields import RowsField
from ihome_site.filters import UNUSABLE, DeskList
from ihome_site.forms import PartialModelForm, ReasonForm
from ihome_site.locking import is_conflict, retried
from ihome_site.masking import has_digit, masked, mobile_of
from ihome_site.models import OperationLog
from ihome_site.outcomes import (
    RowGone,
    RowsFormSet,
    Unseen,
    delete_selected,
    in_use,
    lock,
    lock_actor,
    not_allowed,
    tell_outcome,
)
from ihome_site.refusals import Busy
from orders.models import Order, OrderError

MOST = 1000  # rows of a list that can be paged through; who has more should search or filter
MOST_NEAR = 200  # people or houses whose rows one search shows
MOST_AT_ONCE = 200  # rows one action changes: each is a transaction, and somebody waits
REFUSALS = (AccountError, ListingError, OrderError, Unseen, Busy)
PATIENCE = 5  # seconds an operator waits for photos to be renamed; the rest is done by the timer
NUMBER = re.compile("[0-9]{1,18}")  # a row's id
ID_OF_FORM = re.compile(r"form-\d+-id")  # as Django reads it: any digits
LAST_FOUR = re.compile("[0-9]{4}")
MOMENT = re.compile("[0-9]{16}")  # microseconds, until the year 2286
SEEN = re.compile("seen_[0-9]{1,18}")  # the name of the field with a row's version
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class RoughPaginator(Paginator):
    """Counts no further than MOST; one more means "more"."""

    @cached_property
    def count(self):
        return self.object_list.order_by()[: MOST + 1].count()

    @property
    def rows(self):
        return min(self.count, MOST)

    @cached_property
    def num_pages(self):
        return max(1, -(-self.rows // self.per_page))


class OperatorsAdmin(admin.ModelAdmin):
    form = PartialModelForm
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each filter would be counted to its end
    paginator = RoughPaginator
    list_per_page = 50
    list_max_show_all = 0
    change_form_template = "admin/desk_change_form.html"
    change_list_template = "admin/desk_change_list.html"
    verbs = []
    # Joined, MySQL begins with the smallest table and sorts the largest: 9 s at 200,000 homes
    # where two queries take 0.1 s. An empty tuple is what stops Django from joining by itself.
    list_select_related = ()
    list_prefetch = []
    homes_chosen = ""  # the lookup of the homes that chosen rows take off the site, or are
    link_filters = []  # lookups besides those of list_filter, for links from our own pages
    search_people = []  # foreign keys to users, found by mobile or name
    search_houses = []  # foreign keys to houses, found by title
    written_by_site = []  # columns that may look like numbers of people and never are
    search_order = ""  # a column with an order's number, beside one with its house

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related(*self.list_prefetch)

    def get_search_results(self, request, rows, text):
        """search_rows(); by a whole mobile only so often a day. Raises TooMany.

        A list is asked for several times in a request: it counts once.
        """
        asks = any(map(mobile_of, [text, *words_of(text)]))
        if asks and not (request.user.has_perm(WHOLE_MOBILES) or hasattr(request, "looked_up")):
            LOOKUPS.take(request.user)
            request.looked_up = True
        return self.search_rows(request, rows, text)

    def search_rows(self, request, rows, text):
        """Search the list's own columns, and the people and houses its rows belong to.

        Those are looked up first, each in its own table: the list may have millions of rows.
        """
        if not text.strip():
            return rows, False
        if self.search_order and (order := Order.objects.numbered(text)):
            # The house first: it has an index.
            return rows.filter(house=order.house_id, **{self.search_order: order.number}), False
        text = mobile_of(text) or text
        found = self.found_in_columns(request, rows, text)
        near = near_rows(text.strip(), self.search_people, self.search_houses)
        return (found | rows.filter(near) if near else found), False

    def found_in_columns(self, request, rows, text):
        """The rows that have each word of `text` in one of search_fields."""
        return super().get_search_results(request, rows, text)[0]

    def get_changelist(self, request, **kwargs):
        return DeskList

    def get_changelist_form(self, request, **kwargs):
        return super().get_changelist_form(request, form=PartialModelForm, **kwargs)

    def get_changelist_formset(self, request, **kwargs):
        return super().get_changelist_formset(request, formset=RowsFormSet, **kwargs)

    def get_object(self, request, object_id, from_field=None):
        """A row about to be changed is locked until it is: see PartialModelForm."""
        obj = super().get_object(request, object_id, from_field)
        if obj is None or request.method != "POST":
            return obj
        self.lock_first(request, obj)
        row = self.model._base_manager.select_for_update().filter(pk=obj.pk).first()
        lock_actor(request)
        return row

    def lock_first(self, request, obj):
        """For rows that have to be locked before `obj`."""

    def get_form(self, request, *args, **kwargs):
        if request.method == "POST":
            lock_actor(request)
        return super().get_form(request, *args, **kwargs)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", RowSelect(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        """The few roles and facilities there are stand there to be ticked."""
        if db_field.name not in self.filter_horizontal:
            kwargs.setdefault("widget", forms.CheckboxSelectMultiple)
        kwargs.setdefault("form_class", RowsField)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_urls(self):
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name=f"{self.list_name}_export"), *super().get_urls()]

    @property
    def list_name(self):
        return f"{self.opts.app_label}_{self.opts.model_name}"

    def export_view(self, request):
        try:
            return export(self, request)
        except UNUSABLE:
            return self.without_filters(request, "export")

    def changelist_view(self, request, extra_context=None):
        """The list; a query string that makes no sense leads to it without one."""
        context = {
            "title": self.opts.verbose_name_plural,
            "may_export": may_export(self, request),
            "carries_versions": any(act.only_as_seen for act in self.verbs),
            **(extra_context or {}),
        }
        request.GET = request.GET.copy()
        request.GET.pop(ERROR_FLAG, None)  # with it Django would not lead on a second time
        if not all(NUMBER.fullmatch(text) for text in ids_of_forms(request.POST)):
            return self.refused(request, str(RowGone()))
        try:
            answer = super().changelist_view(request, context)
        except UNUSABLE:
            return self.without_filters(request, "changelist")
        except RowGone as refusal:
            return self.refused(request, str(refusal))
        if answer.get("Location", "").endswith(f"?{ERROR_FLAG}=1"):  # Django met one itself
            return self.without_filters(request, "changelist")
        return answer

    def without_filters(self, request, page):
        sentence = _("有个筛选条件用不了，已去掉所有条件")
        self.message_user(request, sentence, messages.WARNING)
        return redirect(f"admin:{self.list_name}_{page}")

    def get_changeform_initial_data(self, request):
        """A new row begins empty: Django would fill it from the query string, whatever it says."""
        return {}

    # Verbs.

    def response_action(self, request, queryset):
        """Rows are chosen by number; anything else was not chosen in this list. Of those that have
        left it since the page was drawn, nothing would be said.

        What a verb has taken off the site is no longer there by its photos' addresses.
        """
        chosen = request.POST.getlist(admin.helpers.ACTION_CHECKBOX_NAME)
        if not all(NUMBER.fullmatch(text) for text in chosen):
            self.message_user(request, _("没看懂选了哪些，请再选一次"), messages.ERROR)
            return None
        if request.POST.get("select_across", "0") != "0":
            # All of the list, before the verb takes some off it.
            chosen = list(queryset.values_list("pk", flat=True)[:MOST_AT_ONCE])
        else:
            here = queryset.filter(pk__in=chosen).count()
            if missing := len(set(chosen)) - here:
                sentence = ngettext(
                    "选中的有 %(n)s 条已经不在这里了，可能刚被别人删除或处理过",
                    "选中的有 %(n)s 条已经不在这里了，可能刚被别人删除或处理过",
                    missing,
                )
                self.message_user(request, sentence % {"n": missing}, messages.WARNING)
                if not here:
                    return redirect(request.get_full_path())
        answer = super().response_action(request, queryset)
        if self.homes_chosen:
            with suppress(Busy):  # what was done is done; the timer's command hides them
                hide_photos(House.objects.filter(**{self.homes_chosen: chosen}), PATIENCE)
        return answer

    def get_actions(self, request):
        actions = super().get_actions(request)
        if "delete_selected" in actions:
            _django, name, description = actions["delete_selected"]
            actions[name] = (delete_selected, name, description)
        for act in self.verbs:
            if request.user.has_perm(act.permission):
                actions[act.__name__] = (act, act.__name__, act.short_description)
        return actions

    def render_change_form(self, request, context, obj=None, **kwargs):
        if obj:
            allowed = [act for act in self.verbs if request.user.has_perm(act.permission)]
            # Not the functions themselves: a template would call them.
            fitting = [act for act in allowed if act.fits(obj)]
            context["verbs"] = [(act.key, act.short_description) for act in fitting]
            context["log"] = OperationLog.objects.about(obj).select_related("actor")
            context["log"] = context["log"].order_by("-pk")[:20]
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def changeform_view(self, request, *args, **kwargs):
        """Two operators may save the same unique text in the same moment, or one may delete what
        the other has chosen; one is told."""
        try:
            return once_more(super().changeform_view, request, *args, **kwargs)
        except IntegrityError:
            sentence = _(
                "刚才有人保存了同样的内容，或删除了这里选的内容，这一次没有存上，请核对后再试"
            )
            return self.refused(request, sentence)

    def delete_view(self, request, *args, **kwargs):
        """What came into use meanwhile stays; the page then says by what."""
        try:
            return once_more(super().delete_view, request, *args, **kwargs)
        except IntegrityError:
            return self.refused(request, in_use())

    def refused(self, request, sentence):
        """The same page anew, with why what was sent to it was not done."""
        self.message_user(request, sentence, messages.ERROR)
        return redirect(request.get_full_path())

    @method_decorator(require_safe)
    def history_view(self, request, *args, **kwargs):
        """To be read; a POST would lock the row outside a transaction."""
        return super().history_view(request, *args, **kwargs)

    # The operation log of forms.

    def save_model(self, request, obj, form, change):
        if change:
            lock(self.model, obj.pk)  # the rows of a list are not yet
        lock_actor(request)
        if not (change or self.has_add_permission(request)):
            raise PermissionDenied
        if change and not self.has_change_permission(request, obj):
            raise PermissionDenied
        if change:
            obj.save(update_fields=form.update_fields)
        else:
            super().save_model(request, obj, form, change)
        if not change:
            OperationLog.objects.record(request.user, _("新增"), obj)
        elif form.changed_data:
            before, after = differences(form)
            OperationLog.objects.record(request.user, _("修改"), obj, before, after)

    def log_addition(self, request, obj, message):
        return self.write_entries(request, [obj], ADDITION, message)[0]

    def log_change(self, request, obj, message):
        return self.write_entries(request, [obj], CHANGE, message)[0]

    def log_deletions(self, request, queryset):
        return self.write_entries(request, queryset, DELETION, "")

    def write_entries(self, request, rows, flag, message):
        """Django's own history of a row, with mobiles and ID numbers starred as in ours."""
        if not isinstance(message, str):
            message = json.dumps(message, ensure_ascii=False)
        common = {
            "user_id": request.user.pk,
            "content_type_id": ContentType.objects.get_for_model(self.model).pk,
            "action_flag": flag,
            "change_message": masked(message),
        }
        return [
            LogEntry.objects.create(
                object_id=str(row.pk), object_repr=masked(str(row))[:200], **common
            )
            for row in rows
        ]

    def delete_model(self, request, obj):
        OperationLog.objects.record(request.user, _("删除"), obj, before=str(obj))
        super().delete_model(request, obj)


class RowSelect(AutocompleteSelect):
    """A row found by typing. Of a refused form's value Django asks the database, whatever it is."""

    def optgroups(self, name, value, attrs=None):
        return super().optgroups(name, [v for v in value if NUMBER.fullmatch(str(v))], attrs)


def ids_of_forms(data):
    """The ids of the rows that the forms of a list edited in place are for."""
    return [text for name, text in data.items() if ID_OF_FORM.fullmatch(name)]


def once_more(view, request, *args, **kwargs):
    """A view of one form, again after a conflict: Django's forms lock what a row refers to in an
    order of their own. It is in a transaction and has done nothing before it ends."""

    @functools.wraps(view)
    def attempt():
        request.actor_is_locked = False
        return view(request, *args, **kwargs)

    return retried(attempt)


def starred(field):
    """A column of a list or page of the desk: the text of `field` without mobiles and ID numbers.

    People write theirs where they please, and operators without the permission read it.
    """

    @admin.display(description=field.verbose_name)  # no ordering: it would be that of the numbers
    def shown(row):
        return masked(getattr(row, field.name) or "")

    shown.__name__ = shown.column = field.name
    return shown


class ReadOnlyAdmin(OperatorsAdmin):
    """Rows that operators read; the site alone writes them. Their free texts are starred."""

    @property
    def starred_columns(self):
        """The names of the columns that people write in, numbers and all."""
        texts = [field for field in self.opts.concrete_fields if holds_words(field)]
        own = {field.name for field in texts if not field.unique}
        return own.difference(self.written_by_site)

    def get_list_display(self, request):
        return self.without_numbers(super().get_list_display(request))

    def get_fields(self, request, obj=None):
        return self.without_numbers(super().get_fields(request, obj))

    def without_numbers(self, names):
        texts = self.starred_columns
        return [starred(self.opts.get_field(n)) if n in texts else n for n in names]

    def found_in_columns(self, request, rows, text):
        """By what an operator may read: searching would find a starred number digit by digit.

        Whoever sees mobiles whole elsewhere finds them here as well; ID numbers nobody does.
        """
        found = super().found_in_columns(request, rows, text)
        columns = [name for name in self.search_fields if name in self.starred_columns]
        if not (columns and has_digit(text)):
            return found
        whole, words = request.user.has_perm(WHOLE_MOBILES), list(words_of(text))
        texts = newest_first(found.prefetch_related(None).only(*columns))
        rows_read = (row.pk for row in texts if reads(row, columns, words, whole))
        keys = list(islice(rows_read, MOST))
        if request.method == "GET" and not whole:  # never because of what was found
            sentence = _("搜索词里有数字：号码里打了星号的部分搜不到，最多列出最近 %(n)s 条")
            self.message_user(request, sentence % {"n": MOST}, messages.WARNING)
        elif request.method == "GET" and len(keys) == MOST:
            sentence = _("搜索词里有数字，只列出最近 %(n)s 条")
            self.message_user(request, sentence % {"n": MOST}, messages.WARNING)
        return found.filter(pk__in=keys)

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


def words_of(text):
    """What Django's search looks for: words, and phrases in quotes."""
    for word in smart_split(text):
        is_phrase = word[0] == word[-1] and word[0] in "\"'"
        yield alike(unescape_string_literal(word) if is_phrase else word)


def alike(text):
    """Databases find a text whatever its case, some whatever its width."""
    return unicodedata.normalize("NFKC", text).casefold()


def reads(row, columns, words, whole):
    """Whether the words that a database has found in the row are found in what is shown of it."""
    texts = [getattr(row, name) or "" for name in columns]
    shown = [starred_text(text, whole) for text in texts]
    return texts == shown or all(any(word in alike(text) for text in shown) for word in words)


def people_called(text):
    """The condition that a user has this mobile, these last four digits, or this in their name.

    Nothing between: who could search by the beginning would find the rest digit by digit.
    """
    mobile, text = mobile_of(text), text.strip()
    if mobile:
        return Q(mobile=mobile)
    called = Q(name__icontains=text)
    return called | Q(mobile__endswith=text) if LAST_FOUR.fullmatch(text) else called


def people_read(text):
    """The ids of who is called so in lists where a mobile that somebody chose as a name is
    starred."""
    ends = LAST_FOUR.fullmatch(text)
    for user in newest_first(User.objects.filter(people_called(text)).only("name", "mobile")):
        has_mobile = user.mobile == mobile_of(text) or (ends and user.mobile.endswith(text))
        if has_mobile or alike(text) in alike(masked(user.name or "")):
            yield user.pk


def near_rows(text, people, houses):
    """The condition that a row is about people, or homes or their owners, that `text` names."""
    near = Q()
    if people:
        users = list(islice(people_read(text), MOST_NEAR))
        for field in people:
            near |= Q(**{f"{field}__in": users})
    if houses:
        theirs = Q(owner__in=users) if people else Q()
        titled = House.objects.filter(Q(title__contains=text) | theirs).order_by()
        found = list(titled.values_list("pk", flat=True)[:MOST_NEAR])
        for field in houses:
            near |= Q(**{f"{field}__in": found})
    return near


class ReasonGiven(admin.SimpleListFilter):
    """Rows whose text `column` says why something was done to them, or those without."""

    column = None

    def lookups(self, request, modeladmin):
        return [("1", gettext_lazy("是")), ("0", gettext_lazy("否"))]

    def queryset(self, request, rows):
        if self.value() == "1":
            return rows.exclude(**{self.column: ""})
        return rows.filter(**{self.column: ""}) if self.value() == "0" else rows


def verb(name, label, permission, asks_why=False, fits=lambda obj: True, only_as_seen=False):
    """An admin action that calls `obj.name(operator)`, or `obj.name(operator, reason)`.

    `permission` is the full name of what the operator must be allowed; `fits` says on which rows
    the button stands. With `only_as_seen` the method is given `seen`, the row's version on the
    operator's page. Rows whose model refuses keep their state, and the sentence is shown.
    """

    def act(modeladmin, request, rows):
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if asks_why and not form.is_valid():
            return ask(modeladmin, request, rows, act, form)
        reason = [form.cleaned_data["reason"]] if asks_why else []
        done, refusals = 0, []
        for obj in rows[:MOST_AT_ONCE]:
            actor = User.objects.get(pk=request.user.pk)  # may have lost the right meanwhile
            if not (actor.is_active and actor.is_staff and actor.has_perm(permission)):
                refusals.append(f"{obj}：{not_allowed()}")
                continue
            try:
                seen = {"seen": version_shown(request.POST, obj)} if only_as_seen else {}
                getattr(obj, name)(actor, *reason, **seen)
                done += 1
            except REFUSALS as refusal:
                refusals.append(f"{obj}：{refusal}")
            except OperationalError as error:
                if not is_conflict(error):
                    raise
                refusals.append(f"{obj}：{Busy()}")
        tell_outcome(modeladmin, request, label, done, refusals)
        return back_to(modeladmin, request)

    act.__name__ = act.key = f"do_{name}"
    act.short_description, act.permission = label, permission
    act.asks_why, act.fits, act.only_as_seen = asks_why, fits, only_as_seen
    return act


def version_shown(data, row):
    """The row's `updated_at` on the page these fields come from; None for a program's.

    Raises Unseen when that page showed other rows: all of a long list may be chosen on the first.
    """
    name = f"seen_{row.pk}"
    if name not in data and any(map(SEEN.fullmatch, data)):
        raise Unseen
    text = data.get(name, "")
    return EPOCH + timedelta(microseconds=int(text)) if MOMENT.fullmatch(text) else None


def back_to(modeladmin, request):
    """The row's own page when its button was pressed; None leads to the list."""
    if "one" not in request.POST:
        return None
    name = f"admin:{modeladmin.opts.app_label}_{modeladmin.opts.model_name}_change"
    return redirect(name, request.POST["_selected_action"])


def ask(modeladmin, request, rows, act, form):
    """The page between choosing rows and doing it: what to whom, and why."""
    context = modeladmin.admin_site.each_context(request) | {
        "title": act.short_description,
        "opts": modeladmin.opts,
        "action": act.__name__,
        "rows": list(rows[: MOST_AT_ONCE + 1]),
        "seen": {name: text for name, text in request.POST.items() if SEEN.fullmatch(name)},
        "most": MOST_AT_ONCE,
        "form": form,
        "list": request.get_full_path(),  # with the filters that are on
        "one": "one" in request.POST,
    }
    return TemplateResponse(request, "admin/why.html", context)
