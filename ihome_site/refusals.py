"""Exceptions that mean "not now"; ihome_site.middleware.Refusals answers them."""

from django.utils.translation import gettext as _


class Busy(Exception):
    """The database was too contended to finish the work. Nothing was changed."""

    wait = 2  # seconds until trying again makes sense

    def __str__(self):
        return _("现在人有点多，请过几秒再试一次。刚才的操作没有生效。")


class TooMany(Exception):
    """A limit was reached; `wait` is the number of seconds until it opens again."""

    def __init__(self, sentence, wait):
        super().__init__(sentence)
        self.wait = wait
