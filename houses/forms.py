from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.limits import UPLOADS
from houses import choices
from houses.models import HORIZON, House
from ihome_site import dates, images
from ihome_site.fields import IsoDateField, MoneyField, RowsField, WholeNumberField
from ihome_site.forms import PartialModelForm, Sentences, ShownTexts

ONE_NIGHT = timedelta(days=1)
MOST_COUNTED = 1000  # more than anybody looks through


class HouseSearchForm(ShownTexts, forms.Form):
    """Search by query string. What cannot be used is left out, and `notes` say so."""

    SORTS = [
        ("new", gettext_lazy("最新上架")),
        ("booking", gettext_lazy("入住最多")),
        ("price-inc", gettext_lazy("价格低到高")),
        ("price-des", gettext_lazy("价格高到低")),
    ]

    aid = forms.ChoiceField(label=gettext_lazy("城区"), required=False)
    sd = IsoDateField(label=gettext_lazy("入住"), required=False)
    ed = IsoDateField(label=gettext_lazy("离开"), required=False)
    guests = WholeNumberField(
        label=gettext_lazy("入住人数"), required=False, min_value=1, max_value=99
    )
    price_min = MoneyField(label=gettext_lazy("最低价"), required=False, min_value=Decimal(0))
    price_max = MoneyField(label=gettext_lazy("最高价"), required=False, min_value=Decimal(0))
    facility = forms.MultipleChoiceField(
        label=gettext_lazy("配套设施"), required=False, widget=forms.CheckboxSelectMultiple
    )
    q = forms.CharField(label=gettext_lazy("关键词"), required=False, max_length=64)
    sk = forms.ChoiceField(
        label=gettext_lazy("排序"), required=False, choices=SORTS, widget=forms.RadioSelect
    )

    def __init__(self, data):
        super().__init__(data)
        areas, facilities = choices.read()
        self.areas = {str(area.pk): area for area in areas}
        self.all_facilities = {str(item.pk): item for item in facilities}
        names = [(key, area.name) for key, area in self.areas.items()]
        self.fields["aid"].choices = [("", _("全部城区")), *names]
        self.fields["facility"].choices = [
            (key, item.name) for key, item in self.all_facilities.items()
        ]
        self.notes = []
        self.values = self.usable_values()

    def usable_values(self):
        """The cleaned values, None for what was not given or could not be used."""
        for name in self.errors:
            self.notes.append(
                _("「%(label)s」看不懂，没有用上") % {"label": self.fields[name].label}
            )
        values = {name: self.cleaned_data.get(name) or None for name in self.fields}
        values["sk"] = values["sk"] or "new"
        self.settle_dates(values)
        self.settle_prices(values)
        return values

    def settle_dates(self, values):
        """Turn sd and ed into a whole stay, or into nothing."""
        begin, end = values["sd"], values["ed"]
        try:
            if begin and not end:
                end = begin + ONE_NIGHT
            if end and not begin:
                begin = end - ONE_NIGHT
        except OverflowError:
            begin, end = None, None
            self.notes.append(_("日期太远了，没有用上"))
        if begin:
            today = dates.today()
            if end <= begin:
                self.notes.append(_("离开日期要晚于入住日期，日期没有用上"))
            elif begin < today:
                self.notes.append(_("入住日期已经过去了，日期没有用上"))
            elif end > today + HORIZON:
                self.notes.append(_("最远只能订到一年以内，日期没有用上"))
            else:
                values["sd"], values["ed"] = begin, end
                return
        values["sd"] = values["ed"] = None

    def settle_prices(self, values):
        low, high = values["price_min"], values["price_max"]
        if low and high and low > high:
            self.notes.append(_("最低价高于最高价，价格没有用上"))
            values["price_min"] = values["price_max"] = None

    @cached_property
    def query(self):
        """The search as a query string asks for it. Links are made of this, not of what the
        visitor sent: a page kept for all who ask the same holds nothing only one of them wrote.
        """
        query = QueryDict(mutable=True)
        for name, value in self.values.items():
            if name == "facility":
                query.setlist(name, sorted(set(value or [])))
            elif value and (name, value) != ("sk", "new"):
                query[name] = f"{value:f}" if isinstance(value, Decimal) else str(value)
        return query

    @property
    def plain_query(self):
        """The query string with the place and the stay alone."""
        kept = {name: value for name, value in self.query.items() if name in {"aid", "sd", "ed"}}
        return f"?{urlencode(kept)}"

    @property
    def carried_query(self):
        """What a card's link takes along to the house's page."""
        kept = {name: value for name, value in self.query.items() if name in {"sd", "ed", "guests"}}
        return f"?{urlencode(kept)}" if kept else ""

    @property
    def area(self):
        return self.areas.get(self.values["aid"])

    @property
    def facilities(self):
        """Each once, however often it was asked for: every one costs a subquery."""
        return [self.all_facilities[key] for key in dict.fromkeys(self.values["facility"] or [])]

    @property
    def days(self):
        """How many nights are asked for, 0 without dates."""
        values = self.values
        return (values["ed"] - values["sd"]).days if values["sd"] else 0

    @property
    def has_price(self):
        return bool(self.values["price_min"] or self.values["price_max"])

    def in_order(self, houses):
        """A few houses within narrow prices are found by price, whatever the order asked for."""
        if self.has_price and not self.values["sk"].startswith("price"):
            return houses.sorted_by(self.values["sk"], in_area=bool(self.area))
        return houses.walked(self.values["sk"], in_area=bool(self.area))

    def results(self):
        """Listed houses that fit everything that was asked for, in the order asked for."""
        return self.fitting(self.in_order(House.objects.listed().with_cards()))

    def count(self):
        """How many results there are; MOST_COUNTED + 1 stands for all numbers above it."""
        sort = "price-inc" if self.has_price else "new"
        houses = House.objects.listed().walked(sort, in_area=bool(self.area))
        return self.fitting(houses)[: MOST_COUNTED + 1].count()

    def fitting(self, houses):
        values = self.values
        if self.area:
            houses = houses.filter(area=self.area.pk)
        if values["guests"]:
            houses = houses.filter(capacity__gte=values["guests"])
        if values["price_min"]:
            houses = houses.filter(price__gte=values["price_min"])
        if values["price_max"]:
            houses = houses.filter(price__lte=values["price_max"])
        if values["q"]:
            houses = houses.matching(values["q"])
        if self.days:
            houses = houses.stays_allowed(self.days)
        # What has to look into other tables comes last: databases take them in this order.
        houses = houses.having_all(facility.pk for facility in self.facilities)
        return houses.free_between(values["sd"], values["ed"]) if self.days else houses

    def chips(self):
        """The filters in use as (label, query keys to drop, facility key or None)."""
        values, chips = self.values, []
        low, high = values["price_min"], values["price_max"]
        if low or high:
            chips.append((price_label(low, high), ["price_min", "price_max"], None))
        if values["guests"]:
            chips.append((_("%(n)s 人") % {"n": values["guests"]}, ["guests"], None))
        if values["q"]:
            chips.append((f"“{values['q']}”", ["q"], None))
        return chips + [(item.name, ["facility"], str(item.pk)) for item in self.facilities]


def price_label(low, high):
    """￥300–600, ￥300 以上 or ￥600 以下."""
    if low and high:
        return f"￥{low:g}–{high:g}"
    if low:
        return _("￥%(price)s 以上") % {"price": f"{low:g}"}
    return _("￥%(price)s 以下") % {"price": f"{high:g}"}


class HouseForm(Sentences, PartialModelForm):
    class Meta:
        model = House
        fields = [
            "title",
            "price",
            "area",
            "address",
            "room_count",
            "acreage",
            "unit",
            "capacity",
            "beds",
            "deposit",
            "min_days",
            "max_days",
            "facilities",
        ]
        field_classes = {
            "facilities": RowsField,
            "price": MoneyField,
            "deposit": MoneyField,
            "room_count": WholeNumberField,
            "acreage": WholeNumberField,
            "capacity": WholeNumberField,
            "min_days": WholeNumberField,
            "max_days": WholeNumberField,
        }
        widgets = {"facilities": forms.CheckboxSelectMultiple}
        error_messages = {
            "area": {"invalid_choice": gettext_lazy("没有这个城区，请再选")},
            "facilities": {"invalid_choice": gettext_lazy("有个设施已经没有了，请再选")},
        }

    OPTIONAL = ("deposit", "min_days", "max_days")  # left empty, they take the model's default

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "area" not in self.fields:
            return  # an operator who may only look
        self.fields["area"].empty_label = _("请选择")
        for name in self.OPTIONAL:
            self.fields[name].required = False

    def clean(self):
        data = super().clean()
        for name in self.OPTIONAL:
            if data.get(name, 0) is None:
                data[name] = House._meta.get_field(name).default
        longest, shortest = data.get("max_days"), data.get("min_days")
        if longest and shortest and longest < shortest:
            self.add_error("max_days", ValidationError(_("不能少于最少住的晚数，0 表示无限制")))
        return data


class HouseImagesForm(forms.Form):
    """Several photos at once; each is judged by itself."""

    def __init__(self, files, user):
        super().__init__()
        self.uploads = files.getlist("house_image")
        self.user = user

    def pictures(self):
        """(name, Encoded or None, sentence or None) for each uploaded file, one at a time.

        Raises ihome_site.refusals.TooMany at the user's daily limit. Whoever asks for them
        has a place, see images.place.
        """
        for upload in self.uploads:
            UPLOADS.take(self.user)
            try:
                yield upload.name, images.take(upload, images.PHOTO_WIDTHS), None
            except images.ImageError as error:
                yield upload.name, None, str(error)


class NightsForm(Sentences, forms.Form):
    """The owner blocks or frees the nights [begin_date, end_date)."""

    begin_date = IsoDateField(label=gettext_lazy("从"))
    end_date = IsoDateField(label=gettext_lazy("到"))
    action = forms.ChoiceField(
        choices=[("block", gettext_lazy("设为不租")), ("free", gettext_lazy("重新开放"))]
    )


class StayForm(Sentences, forms.Form):
    """The nights of a stay, and how many come."""

    begin_date = IsoDateField(label=gettext_lazy("入住"))
    end_date = IsoDateField(label=gettext_lazy("离开"))
    guests = WholeNumberField(
        label=gettext_lazy("入住人数"), required=False, min_value=1, max_value=99
    )

    def clean_guests(self):
        return self.cleaned_data["guests"] or 1

    @classmethod
    def asked(cls, begin, end):
        """The stay two texts ask for as (begin, end, nights); (None, None, 0) if they make none."""
        form = cls({"begin_date": begin, "end_date": end})
        if form.is_valid():
            begin, end = form.cleaned_data["begin_date"], form.cleaned_data["end_date"]
            if begin < end:
                return begin, end, (end - begin).days
        return None, None, 0
