"""How an order's state is shown: its pill and its four steps."""

from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from ihome_site.dates import day_and_time, hours_left, month_day


class Pill(NamedTuple):
    kind: str  # wait, ok, closed, bad
    icon: str
    label: str


class Step(NamedTuple):
    label: str
    text: str
    kind: str  # done, current, next


def pill(order):
    """The word, icon and colour for what the order is now."""
    status = order.Status
    if order.can_review:
        return Pill("ok", "message-square", _("待评价"))
    kind, icon = {
        status.WAIT_ACCEPT: ("wait", "clock"),
        status.WAIT_COMMENT: ("ok", "check"),
        status.COMPLETE: ("closed", "circle-check"),
        status.REJECTED: ("bad", "x"),
        status.CANCELED: ("closed", "ban"),
    }[order.state]
    return Pill(kind, icon, str(order.state_label))


def steps(order):
    """提交 → 接单 → 入住 → 评价, with the one that is on; nothing for orders that are over."""
    placed = Step(_("提交"), day_and_time(order.created_at), "done")
    if order.state == order.Status.WAIT_ACCEPT:
        left = _("剩 %(n)s 小时") % {"n": hours_left(order.expires_at)}
        waiting = Step(_("等房东接单"), left, "current")
        return [placed, waiting, arrival(order, "next"), Step(_("评价"), "", "next")]
    if order.state != order.Status.WAIT_COMMENT or order.can_review:
        return []
    accepted = Step(_("已接单"), day_and_time(order.accepted_at), "done")
    return [placed, accepted, arrival(order, "current"), Step(_("评价"), "", "next")]


def arrival(order, kind):
    days = (order.begin_date - timezone.localdate()).days
    if kind == "next":
        return Step(_("入住"), month_day(order.begin_date), kind)
    if days > 0:
        return Step(_("入住"), _("还有 %(n)s 天") % {"n": days}, kind)
    return Step(_("入住"), _("今天") if days == 0 else _("住着呢"), kind)
