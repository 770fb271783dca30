"""How much of other people's calendars a guest may hold while nothing is agreed."""

from datetime import timedelta
from math import ceil

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.limits import is_newcomer
from ihome_site.parameters import WholeNumber
from ihome_site.refusals import TooMany

# A month at one home, or a choice of a fortnight at four; one longer stay alone may wait as well.
WAITING_NIGHTS = 60
NEWCOMERS_NIGHTS = 30  # nobody knows them yet: a month, and nothing longer
ASK_AGAIN_AFTER = timedelta(hours=1)  # of the same nights: the owner has just been told twice

waiting_nights = WholeNumber(
    "waiting_nights",
    gettext_lazy("一位房客待接单的订单合计最多几晚"),
    WAITING_NIGHTS,
    low=1,
    high=3650,
)


def most_nights(guest):
    """How many nights of `guest` may wait in all. May ask the cache."""
    most = waiting_nights()
    return min(most, NEWCOMERS_NIGHTS) if is_newcomer(guest) else most


def why_too_many_nights(guest, waiting, days, most):
    """The sentence that refuses `days` more nights beside the orders `waiting`, "" for none."""
    held = waiting.aggregate(sum=Sum("days"))["sum"] or 0
    if held + days <= most or not (held or is_newcomer(guest)):
        return ""
    if held:
        return _("您待接单的订单合计最多 %(n)s 晚，等房东答复或取消一个再订") % {"n": most}
    return _("新注册的账号一次最多订 %(n)s 晚，请少订几晚") % {"n": most}


def check_not_just_canceled(house, guest, begin, end):
    """Raise TooMany when the guest has taken back a request for one of these nights just now.

    Asking and taking back in turns would keep the nights from others for nothing, and tell the
    owner each time.
    """
    now = timezone.now()
    taken_back = guest.orders.filter(
        house=house,
        begin_date__lt=end,
        end_date__gt=begin,
        canceled_at__gt=now - ASK_AGAIN_AFTER,
        moves__action="cancel",
        moves__before="WAIT_ACCEPT",
    )
    last = taken_back.order_by("-canceled_at").values_list("canceled_at", flat=True).first()
    if last:
        wait = ceil((last + ASK_AGAIN_AFTER - now).total_seconds())
        sentence = _("您刚取消了这几晚的预订，%(n)s 分钟后可以再订，也可以换个日子")
        raise TooMany(sentence % {"n": ceil(wait / 60)}, wait)
