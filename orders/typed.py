"""Which parts of a record people typed. The site wrote the rest of it.

An erased person's words are replaced in what was typed alone: whoever calls themselves 可登录, or
`object`, must not be able to change what the site wrote.

Each function takes what it finds typed through `replace`, and returns the whole text.
"""

import json
import re

from django.apps import apps
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext as _

from accounts.models import RealName, User
from houses.models import House, HouseImage
from ihome_site.masking import masked
from ihome_site.models import Banner, HelpArticle, SiteNotice
from orders.models import Order, Review
from orders.words import is_whole

# The columns of the logs that such functions read besides the text itself.
CONTEXT = {
    "OperationLog": ["verb", "subject_type", "subject_id"],
    "LogEntry": ["content_type", "object_id"],
}
# What operators change by forms and somebody typed freely. What is unique is not: it is part of an
# address, or chosen by somebody.
TYPED = {
    House: {"title", "address", "unit", "beds"},
    Banner: {"title"},
    SiteNotice: {"text"},
    HelpArticle: {"title", "body"},
}
PEOPLE = {House: {"owner"}}  # … and whose value is a person as operators see them
# Rows that belong to somebody: what they are called is theirs, or the site's.
SOMEBODYS = {User, RealName, House, HouseImage, Review, Order}
LABELS_OF_HISTORY = {"name", "fields"}  # what Django translates
PHOTO = re.compile(r"[\w/-]+\.webp")
SEARCHED = re.compile(r"((?:：|&)q=)(.*?)(?=&\w+=|$)", re.MULTILINE)


def in_line(line, column, replace):
    """A text of the operation log."""
    text, model = line[column], model_called(line["subject_type"])
    if column == "reason":
        return replace(text)
    if column == "subject_text":
        return name_of_row(text, model, line["subject_id"], replace)
    if line["verb"] == _("修改"):
        return differences(text, model, replace)
    if line["verb"] == _("删除"):
        return name_of_row(text, model, line["subject_id"], replace)
    if line["verb"] == _("导出"):
        return SEARCHED.sub(lambda found: found[1] + replace(found[2]), text)
    return text  # states, starred mobiles and parameters


def in_entry(entry, column, replace):
    """A text of Django's own history."""
    if column == "change_message":
        return change_message(entry[column], replace)
    if entry["content_type"] is None:
        return replace(entry[column])
    model = ContentType.objects.get_for_id(entry["content_type"]).model_class()
    return name_of_row(entry[column], model, entry["object_id"], replace)


def in_account_notice(notice, column, replace):
    """The site's sentence, and on the next line the operator's reason."""
    sentence, line_end, reason = notice[column].partition("\n")
    label, colon, typed = reason.partition("：")
    if not colon:
        return sentence + line_end + replace(reason)
    return sentence + line_end + label + colon + replace(typed)


def model_called(label):
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        return None


def name_of_row(text, model, pk, replace):
    """What a row was called when it was logged.

    It stays where it is somebody else's, is still what the row is called, or is nothing but one
    of the words: a district may be called as somebody calls themselves.
    """
    if model in SOMEBODYS or not pk:
        return text
    new = replace(text)
    if new == text or is_whole(new) or text == name_now(model, pk):
        return text
    return new


def name_now(model, pk):
    """None when the row is gone."""
    if model is None or not pk.isdecimal():
        return None
    row = model._base_manager.filter(pk=pk).first()
    return row and masked(str(row))[:200]


def differences(text, model, replace):
    """标题：旧, a line a field; a line without a label goes on with the text before."""
    fields = fields_of(model)
    lines = []
    for line in text.split("\n"):
        label, colon, value = line.partition("：")
        name = fields.get(label) if colon else None
        if name is None:
            lines.append(replace(line))
        else:
            lines.append(label + colon + changed_value(value, model, name, replace))
    return "\n".join(lines)


def changed_value(value, model, name, replace):
    if name in TYPED.get(model, ()):
        return replace(value)
    new = replace(value) if name in PEOPLE.get(model, ()) else value
    return new if is_whole(new) else value


def fields_of(model):
    """{label: name} of all that a form of the desk may change of this model."""
    if model is None:
        return {}
    fields = [*model._meta.concrete_fields, *model._meta.many_to_many]
    labels = {str(field.verbose_name): field.name for field in fields}
    if admin.site.is_registered(model):
        form = admin.site.get_model_admin(model).form
        labels |= {str(field.label): name for name, field in form.base_fields.items()}
    return labels


def change_message(text, replace):
    """Django's JSON of what a form changed; anything else is a text."""
    try:
        parts = json.loads(text) if text.startswith("[") else None
        new = parts and in_values(parts, replace)
    except (ValueError, RecursionError):
        parts = None
    if parts is None:
        return replace(text)
    return text if new == parts else json.dumps(new, ensure_ascii=False)


def in_values(value, replace):
    """The same lists and mappings, with what was typed replaced in their values."""
    if isinstance(value, list):
        return [in_values(item, replace) for item in value]
    if isinstance(value, dict):
        return {
            key: item if key in LABELS_OF_HISTORY else in_values(item, replace)
            for key, item in value.items()
        }
    return replace(value) if isinstance(value, str) and not PHOTO.fullmatch(value) else value
