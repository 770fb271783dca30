import re
from contextlib import suppress
from functools import partial
from operator import attrgetter

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import IntegrityError, transaction
from django.http import Http404, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from django.views.decorators.vary import vary_on_headers
from django.views.generic import CreateView, TemplateView, UpdateView

from accounts.limits import ARRANGEMENTS, EDITS, HOMES, LISTINGS
from accounts.views import VerifiedRequiredMixin
from houses import caching, choices
from houses.forms import (
    MOST_COUNTED,
    HouseForm,
    HouseImagesForm,
    HouseSearchForm,
)
from houses.house_page import context_of, house_parts, life_of, picked
from houses.listing import ListingError
from houses.models import HORIZON, MAX_IMAGES, House, HouseImage, StayError
from houses.newness import TOGETHER, spread
from houses.search_page import PAGE, WHOLE_PAGE, search_context, search_pieces
from ihome_site import dates, images
from ihome_site.caching import remember
from ihome_site.forms import FormPage
from ihome_site.locking import durable, retried
from ihome_site.models import Banner
from ihome_site.pages import complete, cut, has_messages
from ihome_site.paging import clamped, page_number, page_of
from ihome_site.parameters import WholeNumber
from ihome_site.refusals import TooMany

CAROUSEL = 5  # a thumb tires of swiping after that
carousel_size = WholeNumber("carousel_size", gettext_lazy("首页轮播几套"), CAROUSEL, low=1, high=12)
NEWEST = 8  # two rows of four on a desktop
DAY = 24 * 3600  # seconds
PLACE = re.compile("[0-9]{1,2}")
PHOTO_FOLDER = "houses"
WORDS = {"title", "area", "address", "unit", "beds"}  # what operators read when they check a home
SLACK = 1024 * 1024  # bytes of a form around its files


class HomeView(View):
    template = "home.html"

    def get(self, request):
        if has_messages(request):
            return TemplateResponse(request, self.template, self.context())
        key, subjects = caching.home()
        pieces = remember(key, subjects, caching.PAGE_LIFE, self.pieces)
        return complete(request, pieces, tab="home")

    def pieces(self):
        return cut(self.template, self.context())

    def context(self):
        return {
            "areas": choices.districts(),
            "area_photos": choices.district_photos(),
            "banners": remember(f"banners:{caching.today()}", ["site"], DAY, banners),
            "popular": House.objects.popular()[: carousel_size()],
            "newest": newest(),
            "horizon": dates.today() + HORIZON,
        }


def newest():
    homes = House.objects.listed().walked("new").with_cards()
    return spread(homes[: NEWEST + TOGETHER], attrgetter("owner_id"))[:NEWEST]


def banners():
    return list(Banner.objects.current())


@method_decorator(vary_on_headers("HX-Request"), name="dispatch")
class HouseListView(View):
    """Search. An htmx request gets the results alone, or one more page of cards."""

    def get(self, request):
        form = HouseSearchForm(request.GET)
        number = clamped(page_number(request.GET.get("p")))
        template = self.template(number)
        key, subjects = caching.search(form, number, template)
        if key is None or has_messages(request):
            return TemplateResponse(request, template, search_context(form, number))
        make = partial(search_pieces, form, number, template)
        return complete(request, remember(key, subjects, caching.SEARCH_LIFE, make), tab="search")

    def template(self, number):
        if self.request.htmx and not self.request.htmx.history_restore_request:
            return f"houses/_house_{'cards' if number > 1 else 'results'}.html"
        return WHOLE_PAGE


class HouseCountView(View):
    """How many homes a search finds. Its page, where counting would take longer than finding,
    says only that there are more than it shows, and then fetches this."""

    def get(self, request):
        form = HouseSearchForm(request.GET)
        key, subjects = caching.search(form, 1, "count")
        count = remember(key, subjects, caching.SEARCH_LIFE, form.count) if key else form.count()
        return render(request, "houses/_list_count.html", {"count": count, "many": MOST_COUNTED})


class HouseDetailView(View):
    """The page with nothing picked is kept whole; with a stay, or for the owner, its parts are."""

    template = "houses/house_detail.html"

    def get(self, request, pk):
        asked = picked(request.GET)
        if asked or has_messages(request):
            return self.page(house_parts(pk), asked)
        key, subjects = f"house:{pk}:{caching.today()}", caching.house_subjects(pk)
        page = remember(key, subjects, life_of, partial(self.whole_page, pk))
        if page["hidden"] or is_visitor(request, page["owner"]):
            return self.page(house_parts(pk), asked)
        return complete(request, page["pieces"], tab="search")

    def whole_page(self, pk):
        parts = house_parts(pk)
        pieces = cut(self.template, context_of(parts, QueryDict()))
        house = parts["house"]
        return {
            "owner": house.owner_id,
            "hidden": not house.is_shown,
            "until": parts["until"],
            "pieces": pieces,
        }

    def page(self, parts, asked):
        house = parts["house"]
        is_owner = is_visitor(self.request, house.owner_id)
        if not (house.is_shown or house.is_visible_to(self.request.user)):
            raise Http404
        context = context_of(parts, asked, is_owner)
        return TemplateResponse(self.request, self.template, context)


def is_visitor(request, user_id):
    return bool(request.COOKIES) and request.user.pk == user_id


class MyHousesView(VerifiedRequiredMixin, TemplateView):
    template_name = "houses/house_mine.html"

    def get_context_data(self, **kwargs):
        """The month's figures come through the user's orders, which are not imported here."""
        user = self.request.user
        houses = user.houses.with_cards().order_by("-created_at", "-pk")
        received = user.orders.model.objects.filter(house__owner=user)
        first = dates.today().replace(day=1)
        return super().get_context_data(
            page=page_of(houses, self.request, PAGE),
            figures=received.month_figures(first, user.houses.listed().count()),
            **kwargs,
        )


class HouseFormPage(VerifiedRequiredMixin, FormPage):
    """A form about a home. What it saves counts against `limit`.

    `saved` writes it, `done` is the answer.
    """

    model = House
    form_class = HouseForm
    template_name = "houses/house_form.html"

    def get_queryset(self):
        return self.request.user.houses.all()

    def post(self, *args, **kwargs):
        """Once more when operators deleted the district or a facility between judging the form
        and saving it: judged again, it says which, and nothing typed is lost."""
        try:
            return self.answer(*args, **kwargs)
        except IntegrityError:
            return self.answer(*args, **kwargs)

    def answer(self, *args, **kwargs):
        return super().post(*args, **kwargs)

    def form_valid(self, form):
        try:
            self.count()
        except TooMany as refusal:
            return self.refused(form, refusal)
        with transaction.atomic():
            self.request.user.lock_to_change()  # after the home, as everywhere
            house = self.saved(form)
        return self.done(house)

    def count(self):
        self.limit.take(self.request.user)


class HouseCreateView(HouseFormPage, CreateView):
    """The first step of publishing; photos are the next."""

    limit = HOMES
    is_counted = False

    def count(self):
        """Once, even if it is judged again."""
        if not self.is_counted:
            super().count()
            self.is_counted = True

    def saved(self, form):
        form.instance.owner = self.request.user
        form.instance.begin_check()
        house = form.save()
        caching.house_changed(house.pk, house.area_id)
        return house

    def done(self, house):
        if house.is_listed:
            messages.success(self.request, _("房源已发布并上架，再放几张照片吧"))
        else:
            messages.success(self.request, _("房源已提交，审核通过后上架。现在放几张照片吧"))
        return redirect("houses:images", house.pk)


class HouseEditView(HouseFormPage, UpdateView):
    limit = EDITS

    def get_queryset(self):
        """The row is locked from reading it to saving; see PartialModelForm."""
        houses = super().get_queryset()
        return houses.select_for_update() if self.request.method == "POST" else houses

    def answer(self, *args, **kwargs):
        response = self.save(*args, **kwargs)
        if response.status_code == 302:
            messages.success(self.request, _("修改已保存"))
        return response

    @durable
    def save(self, *args, **kwargs):
        return super().answer(*args, **kwargs)

    def saved(self, form):
        house = form.save()
        caching.house_changed(house.pk, house.area_id)  # its facilities came after its row
        if WORDS & set(form.changed_data):
            house.content_changed()
        elif form.changed_data:
            house.ask_again()
        if "area" in form.changed_data:
            House.renumber(house.owner_id)
        return house

    def done(self, house):
        return redirect("houses:mine")


class OwnHouseMixin(LoginRequiredMixin):
    """A page about one house of the signed-in owner."""

    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        self.house = None
        if request.user.is_authenticated:
            houses = House.objects.select_related("cover", "area")
            self.house = get_object_or_404(houses, pk=kwargs["pk"], owner=request.user)


class HouseImagesView(OwnHouseMixin, View):
    largest_body = MAX_IMAGES * images.MAX_BYTES + SLACK

    def get(self, request, pk):
        return self.page()

    def post(self, request, pk):
        saved, errors, wait, status = [], [], 0, 400
        try:
            with images.place(request.user.pk):
                self.take(HouseImagesForm(request.FILES, request.user), saved, errors)
        except (TooMany, images.Crowded) as refusal:
            errors.append(("", str(refusal)))
            wait = refusal.wait
            status = 429 if isinstance(refusal, TooMany) else 503  # the script tries again
        if not saved and not errors:
            errors.append(("", _("请选择照片")))
        response = self.answer(saved, errors, status)
        if wait:
            response["Retry-After"] = str(wait)
        return response

    def take(self, form, saved, errors):
        """Add each picture of the form to `saved`, or what is wrong with it to `errors`."""
        for name, picture, sentence in form.pictures():
            if sentence:
                errors.append((name, sentence))
                continue
            try:
                saved.append(self.add(picture))
            except (StayError, ListingError, images.StoreError) as error:
                errors.append((name, str(error)))
                break  # the house is full or gone, or the storage down: the rest would fail as well

    def answer(self, saved, errors, status):
        if not self.request.accepts("text/html"):
            return json_answer(saved, errors, status)
        if errors:
            return self.page(errors, status)
        messages.success(self.request, _("已添加 %(n)s 张照片") % {"n": len(saved)})
        return redirect("houses:images", self.house.pk)

    def add(self, picture):
        """The new HouseImage of an Encoded picture."""
        with images.storing(picture, PHOTO_FOLDER) as stored:
            return House.add_image(self.house.pk, stored)

    def page(self, errors=(), status=200):
        context = {
            "house": self.house,
            "images": self.house.images.all(),
            "max_images": MAX_IMAGES,
            "errors": errors,
        }
        return render(self.request, "houses/house_images.html", context, status=status)


def json_answer(saved, errors, status):
    body = {
        "ok": not errors,
        "images": [{"id": image.pk, "url": image.small_url} for image in saved],
    }
    if errors:
        body["errors"] = {"house_image": [f"{name} {text}".strip() for name, text in errors]}
    return JsonResponse(body, status=status if errors else 200)


class HouseImageAction(LoginRequiredMixin, View):
    """A change to one photo of the signed-in owner's house."""

    http_method_names = ["post"]

    def post(self, request, pk):
        image = get_object_or_404(
            HouseImage.objects.select_related("house"), pk=pk, house__owner=request.user
        )
        ARRANGEMENTS.take(request.user)
        try:
            self.act(image)
        except (StayError, ListingError) as error:  # the home is gone
            raise Http404 from error
        return redirect("houses:images", image.house_id)


class HouseImageDeleteView(HouseImageAction):
    def act(self, image):
        House.remove_image(image)
        messages.success(self.request, _("照片已删除"))


class HouseImageCoverView(HouseImageAction):
    def act(self, image):
        House.choose_cover(image)
        messages.success(self.request, _("封面已换好"))


class HouseImageMoveView(HouseImageAction):
    def act(self, image):
        """`to` is the new 0-based place; anything else leaves the photo where it is."""
        to = self.request.POST.get("to", "")
        if PLACE.fullmatch(to):
            House.move_image(image, int(to))


class HouseListingView(LoginRequiredMixin, View):
    """上架 and 下架."""

    http_method_names = ["post"]
    is_listed = True

    def post(self, request, pk):
        house = get_object_or_404(House, pk=pk, owner=request.user)
        LISTINGS.take(request.user)
        try:
            messages.success(request, retried(partial(self.act, house)))
        except ListingError as refusal:
            messages.error(request, str(refusal))
        return redirect("houses:mine")

    def act(self, house):
        """Do it, and return what the owner reads then."""
        if house.awaits_check:
            return self.wish(house)
        if self.is_listed:
            house.put_on()
            return _("已上架")
        house.take_off()
        return _("已下架，不再接受新订单")

    def wish(self, house):
        """What is to be done once operators have approved the home."""
        if not self.is_listed:
            house.take_off()
            return _("好的，通过审核后先不上架")
        with suppress(ListingError):  # approved this moment, or else
            house.put_on()
        return _("好的，通过审核后自动上架")
