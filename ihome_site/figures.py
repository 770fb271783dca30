"""How the shop does: what the operators' first page shows, each figure with its list.

Days are spans between two midnights in Shanghai: a fresh MySQL knows no time zones, and grouping
by date there would find nothing.
"""

import logging
from collections import Counter
from datetime import datetime, time, timedelta
from typing import NamedTuple

from django.core.cache import cache
from django.db import OperationalError, connection
from django.db.models import Count, Q, Sum
from django.db.models.functions import Mod
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.models import SmsCode, User
from accounts.sms_limits import DAY, HOUR, low_purse
from houses.listing import Check
from houses.models import Area, House, OccupiedNight
from ihome_site.jinja2 import yuan
from orders.models import Order

logger = logging.getLogger("ihome.site")

DAYS = 30
KEPT = 60  # seconds: several operators have the page open
SAMPLE = 2000  # homes whose nights are counted: a district's share is right to a few percent
HEIGHT, STEP = 96, 20  # of a chart, in its own units


class Bar(NamedTuple):
    """One day of a chart, ready to be drawn."""

    day: object
    count: int
    x: int
    y: int
    height: int
    url: str


class Chart(NamedTuple):
    title: str
    label: str  # of the app, and the model's name
    model: str
    total: int
    url: str
    bars: list

    @property
    def width(self):
        return DAYS * STEP

    def unlinked(self):
        return self._replace(url="", bars=[bar._replace(url="") for bar in self.bars])


class Share(NamedTuple):
    """So many of so many, as a percentage; None of nothing."""

    part: int
    whole: int

    @property
    def percent(self):
        return round(100 * self.part / self.whole) if self.whole else None


def figures():
    """Everything that costs more than a look at an index, at most KEPT seconds old.

    None when the database gave up on it: the rest of the page is needed all the more then.
    """
    key = f"figures:{timezone.localdate()}"
    found = cache.get(key)
    if found is None:
        try:
            found = compute()
        except OperationalError:
            logger.exception("figures")
            connection.close()  # what a time-out leaves is of no use
            return None
        cache.set(key, found, KEPT)
    return found


def figures_for(user):
    """The figures, with links only to lists that this user may see."""
    shop = figures()
    if shop is None:
        return None
    allowed = [
        chart if user.has_perm(f"{chart.label}.view_{chart.model}") else chart.unlinked()
        for chart in shop["charts"]
    ]
    return shop | {"charts": allowed}


def compute():
    return {
        "charts": [
            chart(_("订单"), Order, daily(Order)),
            chart(_("新用户"), User, daily(User)),
            chart(_("新房源"), House, daily(House)),
        ],
        **outcomes(),
        "occupancy": occupancy(),
    }


def days():
    """The last DAYS days, today last."""
    today = timezone.localdate()
    return [today - timedelta(days=n) for n in reversed(range(DAYS))]


def midnight(day):
    return timezone.make_aware(datetime.combine(day, time.min))


def daily(model):
    """How many rows each of the days brought; one query on the index of created_at."""
    first = days()[0]
    spans = {
        f"on_{place}": Count("pk", filter=Q(created_at__gte=begin, created_at__lt=end))
        for place, (begin, end) in enumerate(bounds())
    }
    rows = model.objects.filter(created_at__gte=midnight(first)).order_by()
    return list(rows.aggregate(**spans).values())


def bounds():
    return [(midnight(day), midnight(day + timedelta(days=1))) for day in days()]


def chart(title, model, counts):
    most = max([*counts, 1])
    bars = []
    for place, (day, count, span) in enumerate(zip(days(), counts, bounds(), strict=True)):
        height = max(2, round(count / most * HEIGHT)) if count else 0
        url = list_url(model, created_at__gte=span[0], created_at__lt=span[1])
        bars.append(Bar(day, count, place * STEP, HEIGHT - height, height, url))
    url = list_url(model, created_at__gte=bounds()[0][0])
    label, name = model._meta.app_label, model._meta.model_name
    return Chart(title, label, name, sum(counts), url, bars)


def outcomes():
    """What became of the orders of these days: money booked, and who said no or nothing."""
    status = Order.Status
    begin = bounds()[0][0]
    kept = Q(status__in=[status.WAIT_COMMENT, status.COMPLETE])
    refused = Q(status=status.REJECTED)
    recent = Order.objects.filter(created_at__gte=begin)
    row = recent.aggregate(  # the index of created_at holds all of this
        money=Sum("amount", filter=kept),
        kept=Count("pk", filter=kept),
        refused=Count("pk", filter=refused),
    )
    silent = recent.unanswered().count()
    answered = row["kept"] + row["refused"] + silent
    since = {"created_at__gte": begin}
    return {
        "money": yuan(row["money"] or 0),
        "money_url": list_url(Order, status__in="WAIT_COMMENT,COMPLETE", **since),
        "refused": Share(row["refused"], answered),
        "refused_url": list_url(Order, status__exact=status.REJECTED.value, **since),
        "silent": Share(silent, answered),
        "silent_url": list_url(Order, waiting="never", **since),
    }


def occupancy():
    """[(district, Share of the coming nights that are booked, its list)]

    Of more than SAMPLE listed homes, every so manieth stands for the rest: all nights of 200,000
    homes are 8 million rows, and reading them took 17 seconds.
    """
    today = timezone.localdate()
    homes = dict(sample())
    coming = Q(night__gte=today, night__lt=today + timedelta(days=DAYS))
    booked = OccupiedNight.objects.filter(coming, kind=OccupiedNight.Kind.BOOKED, house__in=homes)
    taken, seen = Counter(), Counter(homes.values())
    for house, nights in booked.order_by().values_list("house").annotate(n=Count("pk")):
        taken[homes[house]] += nights
    return [
        (
            area.name,
            Share(taken[area.pk], seen[area.pk] * DAYS),
            list_url(House, area__id__exact=area.pk, is_listed__exact=1),
        )
        for area in Area.objects.all()
        if seen[area.pk]
    ]


def sample():
    """(id, district's id) of at most about SAMPLE listed homes, evenly from all of them."""
    listed = House.objects.listed().order_by()
    step = max(1, listed.count() // SAMPLE)
    evenly = listed.annotate(rest=Mod("pk", step)).filter(rest=0) if step > 1 else listed
    return evenly.values_list("pk", "area")


def waiting_work(user):
    """[(what, how many, list)] of what waits for this operator, by what they may do."""
    work = []
    if user.has_perm("houses.check_house"):
        waiting = House.objects.filter(check_state=Check.WAITING)
        changed = House.objects.filter(changed_since_check=True, check_state=Check.APPROVED)
        work += [
            (_("待审核的房源"), waiting, list_url(House, check_state__exact=Check.WAITING.value)),
            (_("审核后改过的房源"), changed, list_url(House, changed_since_check__exact=1)),
        ]
    if user.has_perm("orders.stop_order"):
        waiting, long = Order.objects.waiting(), Order.objects.waiting_long()
        work += [
            (_("待接单的订单"), waiting, list_url(Order, waiting="all")),
            (_("等了很久的订单"), long, list_url(Order, waiting="long")),
        ]
    tiles = [(what, rows.count(), url) for what, rows, url in work]
    return tiles + (low_texts() if user.has_perm("accounts.view_smscode") else [])


def low_texts():
    """The same for texts that run low: somebody may be emptying the purse."""
    since = {
        HOUR: _("条短信在最近一小时里，上限 %(n)s"),
        DAY: _("条短信在最近一天里，上限 %(n)s"),
    }
    return [
        (since[span] % {"n": limit}, sent, list_url(SmsCode)) for span, sent, limit in low_purse()
    ]


def list_url(model, **filters):
    """The list of a model in the admin, with these filters."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    return f"{reverse(name)}?{urlencode(filters)}"
