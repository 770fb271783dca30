"""The environment of the site's Jinja2 templates."""

from decimal import Decimal
from functools import lru_cache
from urllib.parse import urlencode

import jinja2
from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation.trans_real import translation
from lucide.jinja import lucide

from ihome_site import dates
from ihome_site.parameters import registry


def environment(**options):
    options |= {"undefined": jinja2.StrictUndefined, "extensions": ["jinja2.ext.i18n"]}
    env = jinja2.Environment(**options)  # noqa: S701 - Django passes autoescape=True
    env.install_gettext_callables(gettext, ngettext, newstyle=True)
    env.globals |= {
        "static": static,
        "url": url,
        "icon": icon,
        "querystring": querystring,
        "today": dates.today,
        "has_news": lazy_has_news,
        "frame": lazy_frame,
        "answer_hours": lambda: registry["answer_hours"](),
        "absolute": absolute,
        "day_range": dates.day_range,
        "hours_left": dates.hours_left,
        "days_until": dates.days_until,
    }
    env.filters |= {
        "static": static,
        "yuan": yuan,
        "money": money,
        "month_day": dates.month_day,
        "weekday": dates.weekday,
        "local_time": dates.local_time,
        "iso": lambda day: day.isoformat(),
    }
    return env


# Django's own gettext asks each time which language the thread speaks, and reverse which URLs it
# uses; asgiref answers under a lock. At hundreds of words a page and eight threads they spent
# their time handing that lock to each other: a search took ten times as long as with one thread.
# Every page of this site is in LANGUAGE_CODE, and its URLs are the same in every thread.


@lru_cache(maxsize=1)
def catalog():
    return translation(settings.LANGUAGE_CODE)


def gettext(text):
    return catalog().gettext(text)


def ngettext(singular, plural, number):
    return catalog().ngettext(singular, plural, number)


@lru_cache(maxsize=4096)
def url(name, *args, **kwargs):
    return reverse(name, args=args, kwargs=kwargs)


def absolute(path):
    """`path` with the site's address before it, where SITE_URL says it; pages kept for
    everybody cannot ask the request."""
    return f"{settings.SITE_URL}{path}" if path.startswith("/") else path


def lazy_has_news(user):
    """accounts.notices.has_news; models cannot be imported before the apps are ready."""
    from accounts.notices import has_news

    return has_news(user)


def lazy_frame():
    from ihome_site.frame import frame

    return frame()


@lru_cache(maxsize=512)
def icon(name, classes="i"):
    """An inline Lucide icon that screen readers pass over."""
    return lucide(name, size=None, **{"class": classes, "aria-hidden": "true"})


def money(amount):
    """1,376.00"""
    return f"{Decimal(amount):,.2f}"


def yuan(amount):
    """1,376 or 398.50: fen only where there are some."""
    return money(amount).removesuffix(".00")


def querystring(asked, **changes):
    """A request's query, or a QueryDict, with `changes` as "?a=b"; None takes a key away."""
    query = dict(getattr(asked, "GET", asked).lists())  # QueryDict.copy is ten times as slow
    for key, value in changes.items():
        if value is None:
            query.pop(key, None)
        else:
            query[key] = value
    return f"?{urlencode(query, doseq=True)}"
