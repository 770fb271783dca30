"""What operators put round every page: notices on top, help and the telephone at the bottom."""

from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from ihome_site import dates
from ihome_site.caching import remember
from ihome_site.models import HelpArticle, SiteNotice
from ihome_site.parameters import Text

LIFE = 24 * 3600  # seconds; who saves one says so, and the day is part of the key
NOTICES = 3  # at once; more than that nobody reads

support_phone = Text(
    "support_phone",
    _("客服电话"),
    "",
    r"([0-9][0-9-]{4,18}[0-9])?",
    _("数字和短横线，如 400-800-1234；不填就不显示"),
)


class Frame(NamedTuple):
    notices: list  # (text, link or "")
    articles: list  # (title, link)
    phone: str


def frame():
    return remember(f"frame:{dates.today()}", ["site"], LIFE, read)


def read():
    articles = HelpArticle.objects.filter(is_published=True, in_footer=True)
    return Frame(
        list(SiteNotice.objects.current().values_list("text", "link")[:NOTICES]),
        [(article.title, article.get_absolute_url()) for article in articles],
        support_phone(),
    )
