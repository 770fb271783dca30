"""Figures for operators' monitoring, in Prometheus' text format, version 0.0.4.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import ipaddress

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.sms_limits import DAY, HOUR, purse
from houses.models import House
from ihome_site.views import cache_answers, database_answers
from orders.models import Order

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
KEPT = 15  # seconds: several monitors ask, and each count reads a whole index
KEY = "metrics"
SPANS = {HOUR: "hour", DAY: "day"}


@require_safe
@never_cache
def metrics(request):
    if not is_operators(request):
        raise Http404
    answers = {"database": database_answers(), "cache": cache_answers()}
    lines = gauge("ihome_up", "1 when this part answers.", by("part", answers))
    if answers["database"]:
        lines += counts()
    return HttpResponse("\n".join([*lines, ""]), content_type=CONTENT_TYPE)


def is_operators(request):
    """True when the visitor's address is in METRICS_NETWORKS.

    Behind a proxy that TRUSTED_PROXIES forgot, everybody would seem to come from its address.
    """
    if "X-Forwarded-For" in request.headers and not settings.TRUSTED_PROXIES:
        return False
    address = ipaddress.ip_address(request.address)
    return any(address in ipaddress.ip_network(text) for text in settings.METRICS_NETWORKS)


def counts():
    """The lines that cost queries, at most KEPT seconds old."""
    lines = cache.get(KEY)
    if lines is None:
        try:
            lines = count()
        except DatabaseError:
            return []
        cache.set(KEY, lines, KEPT)
    return lines


def count():
    orders = dict.fromkeys(Order.Status.values, 0)
    rows = Order.objects.order_by().values_list("status").annotate(n=Count("pk"))
    orders |= dict(rows)
    houses = {True: 0, False: 0}
    houses |= dict(House.objects.order_by().values_list("is_listed").annotate(n=Count("pk")))
    named = {str(listed).lower(): n for listed, n in houses.items()}
    texts = [(SPANS[seconds], sent, limit) for seconds, sent, limit in purse()]
    return [
        *gauge("ihome_orders", "Orders by status.", by("status", orders)),
        *gauge(
            "ihome_orders_waiting", "Requests to answer.", {"": Order.objects.waiting().count()}
        ),
        *gauge(
            "ihome_orders_expired",
            "Dead requests not tidied yet: expire_orders does not run when this grows.",
            {"": Order.objects.expired().count()},
        ),
        *gauge("ihome_users", "Accounts.", {"": User.objects.count()}),
        *gauge("ihome_houses", "Homes.", by("listed", named)),
        *gauge(
            "ihome_sms_sent",
            "Texts of the last hour and day; registering stops at 70 percent of the limit.",
            by("span", {span: sent for span, sent, _limit in texts}),
        ),
        *gauge(
            "ihome_sms_limit",
            "How many texts there may be.",
            by("span", {span: limit for span, _sent, limit in texts}),
        ),
    ]


def alone(rows):
    return {"": rows.count()}


def by(label, values):
    """{value of the label: figure} as {'{label="value"}': figure}."""
    return {f'{{{label}="{value}"}}': figure for value, figure in values.items()}


def gauge(name, text, values):
    lines = [f"# HELP {name} {text}", f"# TYPE {name} gauge"]
    return lines + [f"{name}{labels} {int(figure)}" for labels, figure in values.items()]
