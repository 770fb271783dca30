"""A page of search results, put together from pieces that change at different times."""

from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from houses import caching
from houses.cards import draw_all, rows
from houses.models import HORIZON
from houses.newness import NewestPage
from ihome_site import dates
from ihome_site.caching import remember
from ihome_site.pages import cut, fill
from ihome_site.paging import Page
from ihome_site.parameters import WholeNumber

PAGE = 24  # divides into rows of 2, 3 and 4
page_size = WholeNumber("page_size", _("搜索每页几套"), PAGE, low=6, high=60)
WHOLE_PAGE = "houses/house_list.html"


def search_context(form, number):
    """What the templates of a search need. Nothing is counted that is not on the page."""
    size = page_size()
    kind = NewestPage if form.values["sk"] == "new" else Page
    page = kind(rows(form.results()), number, size)
    seen = number * size
    eager = page.number == 1
    return {
        "form": form,
        "page": page,
        "drawn": list(draw_all(page.items, form.areas, form.days, form.carried_query, eager)),
        "count": seen + 1 if page.count is None else page.count,
        "many": seen,
        "horizon": dates.today() + HORIZON,
    }


def search_pieces(form, number, template):
    """The pieces (ihome_site/pages.py) of a search that is worth keeping."""
    context = search_context(form, number)
    if template != WHOLE_PAGE:
        return cut(template, context)
    key = caching.frame_key(form)
    frame = remember(
        key, ["site"], caching.PAGE_LIFE, lambda: cut(template, {**context, "is_frame": True})
    )
    return fill(frame, frame_parts(context))


def frame_parts(context):
    """What fills the holes of the page's frame, by their names."""
    templates = {
        "results": "houses/_house_results.html",
        "stay": "houses/_list_stay.html",
        "found": "houses/_list_found.html",
    }
    parts = {name: render_to_string(file, context).encode() for name, file in templates.items()}
    return {**parts, "plain": context["form"].plain_query.replace("&", "&amp;").encode()}
