"""The owner's calendar of one home."""

import re
from datetime import date

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views import View

from accounts.limits import CALENDARS
from houses.calendar import (
    booking_calendar,
    month_table,
    next_month,
    previous_month,
    taken_dates,
)
from houses.forms import NightsForm
from houses.models import House, StayError
from houses.views import OwnHouseMixin
from ihome_site import dates
from ihome_site.refusals import TooMany

MONTH = re.compile("(20[0-9]{2})-(0[1-9]|1[0-2])")


class HouseCalendarView(OwnHouseMixin, View):
    """The owner's month: who comes when, and nights to block or free."""

    def get(self, request, pk):
        return self.page(NightsForm())

    def post(self, request, pk):
        form = NightsForm(request.POST)
        if not form.is_valid():
            return self.page(form, status=400)
        data = form.cleaned_data
        try:
            CALENDARS.take(request.user)
            self.change(data["action"], data["begin_date"], data["end_date"])
        except StayError as error:
            form.add_error(None, str(error))
            return self.page(form, status=409)
        except TooMany as refusal:
            form.add_error(None, str(refusal))
            response = self.page(form, status=429)
            response["Retry-After"] = str(refusal.wait)
            return response
        query = f"?month={data['begin_date']:%Y-%m}"
        return redirect(f"{request.path}{query}")

    def change(self, action, begin, end):
        if action == "block":
            House.block(self.house.pk, begin, end)
            messages.success(self.request, _("这几晚已设为不租"))
        else:
            freed = self.house.free(begin, end)
            messages.success(self.request, _("已重新开放 %(n)s 晚") % {"n": freed})

    def page(self, form, status=200):
        first = self.month()
        held = self.house.nights.held().filter(night__gte=first, night__lt=next_month(first))
        nights = {night.night: night for night in held}
        numbers = {night.holder for night in held if night.holder}
        orders = self.house.orders.filter(number__in=numbers).select_related("guest")
        context = {
            "house": self.house,
            "houses": self.request.user.houses.only("pk", "title").order_by("-pk"),
            "month": month_table(first, nights),
            "figures": self.house.orders.month_figures(first, houses=1),
            "orders": {order.number: order for order in orders},
            "previous": previous_month(first),
            "next": next_month(first),
            "waiting": self.house.orders.waiting().with_cards().newest_first(),
            "calendar": booking_calendar(self.house, taken_dates(self.house)),
            "form": form,
        }
        return render(self.request, "houses/house_calendar.html", context, status=status)

    def month(self):
        match = MONTH.fullmatch(self.request.GET.get("month", ""))
        if match:
            return date(int(match[1]), int(match[2]), 1)
        return dates.today().replace(day=1)
