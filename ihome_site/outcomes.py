"""What became of the rows an operator chose: done, refused, or gone meanwhile."""

from functools import partial

from django.contrib import messages
from django.contrib.admin import actions
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.forms import BaseModelFormSet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from ihome_site.locking import retried
from ihome_site.refusals import Busy


class RowGone(Exception):
    """Somebody deleted the row meanwhile; the text is fit to show."""

    def __str__(self):
        return _("这里有一条刚被别人删除了，这一次没有存上，请核对后再试")


class Unseen(Exception):
    """The operator acts on a row they have not looked at; the text is fit to show."""

    def __str__(self):
        return _("不在您看的这一页上，请看过再操作")


def lock(model, pk):
    """The row as it is now, locked until the transaction ends. Raises RowGone."""
    row = model._base_manager.select_for_update().filter(pk=pk).first()
    if row is None:
        raise RowGone
    return row


def lock_actor(request):
    """Lock the operator's account, and judge by it as it is now from here on.

    Two operators may act on each other; who lost their powers a moment ago does nothing more.
    Rows come first, here as everywhere; UserAdmin locks both accounts in order.
    """
    if getattr(request, "actor_is_locked", False):
        return
    actor = User.objects.select_for_update().filter(pk=request.user.pk).first()
    if actor is None or not (actor.is_active and actor.is_staff):
        raise PermissionDenied
    request.user, request.actor_is_locked = actor, True


class RowsFormSet(BaseModelFormSet):
    """The rows of a list that is edited in place. Raises RowGone when one is no longer there:
    Django would show its form beside the next row, and not say what is wrong with it."""

    def is_valid(self):
        valid = super().is_valid()
        if any(self.model._meta.pk.name in form.errors for form in self.forms):
            raise RowGone
        return valid


def delete_selected(modeladmin, request, rows):
    """Django's page asks first. What was agreed to goes row by row, each locked and logged in one
    transaction: who books a home meanwhile finds it gone, or was quicker and protects it."""
    if not request.POST.get("post"):
        return actions.delete_selected(modeladmin, request, rows)
    *_page, perms_needed, protected = modeladmin.get_deleted_objects(rows, request)
    if perms_needed or protected:
        return actions.delete_selected(modeladmin, request, rows)  # says so
    done, refusals = 0, []
    for row in rows:
        try:
            retried(partial(delete, modeladmin, request, row))
            done += 1
        except Busy as refusal:
            refusals.append(f"{row}：{refusal}")
        except RowGone:
            refusals.append(_("%(row)s：已经不在了") % {"row": row})
        except IntegrityError:
            refusals.append(f"{row}：{in_use()}")
        except PermissionDenied:  # lost meanwhile; those before it are deleted
            refusals.append(f"{row}：{not_allowed()}")
    tell_outcome(modeladmin, request, _("删除"), done, refusals)
    return None


@transaction.atomic
def delete(modeladmin, request, row):
    modeladmin.lock_first(request, row)
    now = lock(modeladmin.model, row.pk)
    request.actor_is_locked = False
    lock_actor(request)
    if not modeladmin.has_delete_permission(request, now):
        raise PermissionDenied
    modeladmin.log_deletions(request, [now])
    modeladmin.delete_model(request, now)


def in_use():
    return _("刚有别的内容用上了它，没有删除")


def not_allowed():
    return _("您现在没有权限这样操作了")


def tell_outcome(modeladmin, request, label, done, refusals):
    if done:
        text = ngettext("%(label)s：完成 %(n)s 个", "%(label)s：完成 %(n)s 个", done)
        modeladmin.message_user(request, text % {"label": label, "n": done}, messages.SUCCESS)
    for sentence in refusals[:5]:
        modeladmin.message_user(request, sentence, messages.ERROR)
    if len(refusals) > 5:
        rest = _("还有 %(n)s 个没有完成") % {"n": len(refusals) - 5}
        modeladmin.message_user(request, rest, messages.ERROR)
