from contextlib import suppress

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db.models import Q
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views import View
from django.views.generic import DetailView, FormView, TemplateView

from houses.calendar import booking_calendar, taken_dates, two_months
from houses.forms import StayForm
from houses.models import House, StayError
from ihome_site.forms import FormPage
from ihome_site.paging import page_of
from ihome_site.refusals import TooMany
from orders.forms import AnswerForm, BookForm, RejectForm, ReviewForm
from orders.models import Order, OrderError, answer_hours
from orders.tokens import new_token, shown_price

PAGE = 10  # an order card is nearly a screen high on a phone


class BookView(LoginRequiredMixin, FormPage, FormView):
    template_name = "orders/book.html"
    form_class = BookForm

    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        houses = House.objects.visible_to(request.user).select_related("area", "cover", "owner")
        self.house = get_object_or_404(houses, pk=kwargs["pk"])

    def get_initial(self):
        """The dates and guests carried over from search or the house page."""
        query = self.request.GET
        return {
            "begin_date": query.get("begin_date") or query.get("sd"),
            "end_date": query.get("end_date") or query.get("ed"),
            "guests": query.get("guests") or 1,
            "token": new_token(self.house.price),
        }

    def form_valid(self, form):
        data = form.cleaned_data
        try:
            Order.place(
                self.house.pk,
                self.request.user,
                data["begin_date"],
                data["end_date"],
                data["guests"],
                data["token"],
                shown_price(data["token"]),
            )
        except (StayError, OrderError, TooMany) as error:
            return self.refuse(form, error)
        messages.success(
            self.request, _("订单已提交，房东会在 %(n)s 小时内答复") % {"n": answer_hours()}
        )
        return redirect("orders:trips")

    def refuse(self, form, error):
        """Show the form again with the price of now; its token books nothing twice."""
        with suppress(House.DoesNotExist):  # then `error` says so
            self.house.refresh_from_db(fields=["price"])
        form.data = form.data.copy()
        form.data["token"] = new_token(self.house.price)
        return self.refused(form, error)

    def get_context_data(self, **kwargs):
        taken = taken_dates(self.house)
        context = super().get_context_data(
            house=self.house,
            months=two_months(taken),
            calendar=booking_calendar(self.house, taken),
            refusal=self.refusal(),
            **kwargs,
        )
        dates = [context["form"][name].value() for name in ("begin_date", "end_date")]
        return context | {"stay": StayForm.asked(*dates)}

    def refusal(self):
        """Why nobody should even start to fill in the form; None when there is no reason."""
        if self.request.user == self.house.owner:
            return _("这是您自己的房源，不能预定")
        if not self.house.is_listed:
            return _("这套房源已下架，看看别的吧")
        return None


class QuoteView(View):
    """Nights, price and amount of a stay, while the guest is still picking."""

    http_method_names = ["get"]

    def get(self, request, pk):
        house = get_object_or_404(House.objects.visible_to(request.user), pk=pk)
        form = StayForm(request.GET)
        if not form.is_valid():
            return JsonResponse({"ok": False, "errors": form.errors}, status=400)
        begin, end = form.cleaned_data["begin_date"], form.cleaned_data["end_date"]
        count = max(0, (end - begin).days)
        quote = {
            "ok": True,
            "nights": count,
            "price": str(house.price),
            "amount": str(house.price * count),
            "available": True,
        }
        try:
            house.check_stay(begin, end, form.cleaned_data["guests"], guest=None)
            if house.nights.dates(begin, end):
                raise StayError(_("这些日期里有的晚上已被预订，请换个日期"))
        except StayError as error:
            quote |= {"available": False, "reason": str(error)}
        return JsonResponse(quote)


class TripListView(LoginRequiredMixin, TemplateView):
    """The orders I placed as a guest."""

    template_name = "orders/trip_list.html"

    def get_context_data(self, **kwargs):
        orders = self.request.user.orders.with_cards().newest_first()
        return super().get_context_data(page=page_of(orders, self.request, PAGE), **kwargs)


class ReceivedListView(LoginRequiredMixin, TemplateView):
    """The orders for my houses."""

    template_name = "orders/received_list.html"

    def get_context_data(self, **kwargs):
        mine = Order.objects.filter(house__owner=self.request.user)
        orders = mine.with_cards().newest_first()
        page = page_of(orders, self.request, PAGE)
        return super().get_context_data(page=page, reject_form=RejectForm(), **kwargs)


class OrderDetailView(LoginRequiredMixin, DetailView):
    """One order with its history, for its guest and its owner."""

    template_name = "orders/order_detail.html"
    slug_field = slug_url_kwarg = "number"

    def get_queryset(self):
        user = self.request.user
        mine = Order.objects.filter(Q(guest=user) | Q(house__owner=user))
        return mine.with_cards().prefetch_related("moves__actor")

    def get_context_data(self, **kwargs):
        role = "guest" if self.object.guest == self.request.user else "owner"
        return super().get_context_data(role=role, reject_form=RejectForm(), **kwargs)


class OrderMovePage(LoginRequiredMixin):
    """One action on one of my orders; a refusal comes back with its sentence and 409."""

    role = "guest"

    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        self.order = None
        if request.user.is_authenticated:
            mine = {"guest": "guest", "owner": "house__owner"}[self.role]
            orders = Order.objects.with_cards()
            self.order = get_object_or_404(orders, number=kwargs["number"], **{mine: request.user})

    def done(self, sentence):
        messages.success(self.request, sentence)
        return redirect("orders:trips" if self.role == "guest" else "orders:received")


class OrderActionView(OrderMovePage, View):
    """An action that needs nothing but the click."""

    http_method_names = ["post"]

    def post(self, request, number):
        try:
            sentence = self.act()
        except OrderError as error:
            return self.page(error, 409)
        except TooMany as error:
            response = self.page(error, 429)
            response["Retry-After"] = str(error.wait)
            return response
        return self.done(sentence)

    def page(self, error, status):
        context = {"order": self.order, "role": self.role, "refusal": str(error)}
        context |= {"reject_form": RejectForm()}
        return render(self.request, "orders/order_detail.html", context, status=status)


class AcceptView(OrderActionView):
    role = "owner"

    def act(self):
        self.order.accept(self.request.user)
        return _("已接单，等房客来吧")


class CancelView(OrderActionView):
    def act(self):
        self.order.cancel(self.request.user)
        return _("订单已取消，这几晚重新开放")


class OrderFormView(OrderMovePage, FormPage, FormView):
    """An action that needs some words; the form has a page of its own."""

    def get_context_data(self, **kwargs):
        return super().get_context_data(order=self.order, **kwargs)

    def form_valid(self, form):
        try:
            sentence = self.act(form.cleaned_data)
        except (OrderError, TooMany) as error:
            return self.refused(form, error)
        return self.done(sentence)


class RejectView(OrderFormView):
    role = "owner"
    form_class = RejectForm
    template_name = "orders/reject.html"

    def act(self, data):
        self.order.reject(self.request.user, data["reason"])
        return _("已拒单，这几晚重新开放")


class ReviewView(OrderFormView):
    form_class = ReviewForm
    template_name = "orders/review.html"

    def act(self, data):
        self.order.write_review(self.request.user, data["stars"], data["text"])
        return _("谢谢您的评价")


class AnswerView(OrderFormView):
    role = "owner"
    form_class = AnswerForm
    template_name = "orders/answer.html"

    def act(self, data):
        if not self.order.has_review:
            raise OrderError(_("房客还没有评价"))
        self.order.review.give_answer(data["text"])
        return _("已回复")
