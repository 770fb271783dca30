"""What search engines and browsers ask for beside the pages: sitemaps, robots, installing.

https://www.sitemaps.org/protocol.html · https://www.w3.org/TR/appmanifest/
"""

from xml.sax.saxutils import escape

from django.db.models import Max
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from houses.models import Area, House

A_DAY = 24 * 3600  # seconds
HOUSES = 10_000  # ids in one sitemap; the protocol allows 50,000
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
PRIVATE = ["/accounts/", "/orders/", "/admin/", "/houses/*/book/", "/houses/*/quote/", "/captcha/"]


@require_safe
@cache_control(max_age=A_DAY)
def robots(request):
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE)]
    lines += ["", f"Sitemap: {request.build_absolute_uri(reverse('sitemap'))}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain")


@require_safe
@cache_control(max_age=A_DAY)
def sitemap(request):
    """The index: the pages that always are, and the houses by ranges of their ids."""
    last = House.objects.aggregate(last=Max("pk"))["last"] or 0
    paths = [reverse("sitemap_pages")]
    paths += [reverse("sitemap_houses", args=[part]) for part in range(last // HOUSES + 1)]
    return xml(request, "sitemapindex", "sitemap", [(path, None) for path in paths])


@require_safe
@cache_control(max_age=A_DAY)
def sitemap_pages(request):
    search = reverse("houses:list")
    areas = [f"{search}?aid={pk}" for pk in Area.objects.values_list("pk", flat=True)]
    return xml(request, "urlset", "url", [(path, None) for path in ["/", search, *areas]])


@require_safe
@cache_control(max_age=A_DAY)
def sitemap_houses(request, part):
    first = part * HOUSES
    houses = House.objects.listed().filter(pk__gte=first, pk__lt=first + HOUSES).order_by("pk")
    rows = houses.values_list("pk", "updated_at")
    entries = [(reverse("houses:detail", args=[pk]), changed) for pk, changed in rows]
    if not entries and part:
        raise Http404
    return xml(request, "urlset", "url", entries)


def xml(request, root, item, entries):
    """A sitemap of (path, moment of the last change or None)."""
    site = request.build_absolute_uri("/").rstrip("/")
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<{root} xmlns="{NAMESPACE}">']
    for path, changed in entries:
        when = f"<lastmod>{changed:%Y-%m-%d}</lastmod>" if changed else ""
        lines.append(f"<{item}><loc>{escape(site + path)}</loc>{when}</{item}>")
    lines.append(f"</{root}>")
    return HttpResponse("\n".join(lines), content_type="application/xml")


@require_safe
@cache_control(max_age=A_DAY)
def manifest(request):
    """What a phone needs to put the site beside its apps."""
    body = {
        "name": _("爱家租房"),
        "short_name": _("爱家租房"),
        "description": _("在北京，住进一个家。按晚预订，价格写在明处。"),
        "lang": "zh-Hans",
        "start_url": reverse("home"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#faf8f5",
        "theme_color": "#ffffff",
        "icons": [
            app_icon("img/icon-192.png", "192x192", "any"),
            app_icon("img/icon-512.png", "512x512", "any"),
            app_icon("img/icon-maskable-512.png", "512x512", "maskable"),
        ],
    }
    return JsonResponse(body, content_type="application/manifest+json")


def app_icon(name, sizes, purpose):
    return {"src": static(name), "sizes": sizes, "type": "image/png", "purpose": purpose}


@require_safe
@cache_control(no_cache=True)
def service_worker(request):
    """At the root, because a worker only serves what lies below its own address."""
    return render(request, "sw.js", content_type="text/javascript")


@require_safe
def offline(request):
    """Shown by the service worker when there is no network. Knows nobody."""
    return render(request, "offline.html")
