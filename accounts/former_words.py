"""What people called themselves and their homes before.

Others wrote about them under those words: erasing them asks for it, and nobody else does.
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ihome_site.models import Timestamped

MOST = 50  # of one person, the newest; each is looked for in every text of the site


class FormerWordManager(models.Manager):
    def keep(self, user_id, kind, *texts):
        """Write down what somebody, or a home of theirs, is no longer called.

        In the transaction that changes it, with the row that is changed locked. What is known
        already is not written again.
        """
        rows = self.filter(user_id=user_id, kind=kind)
        known = set(rows.values_list("text", flat=True))
        new = dict.fromkeys(text for text in texts if text and text not in known)
        if not new:
            return
        self.bulk_create(FormerWord(user_id=user_id, kind=kind, text=text) for text in new)
        theirs = self.filter(user_id=user_id).order_by("-pk").values_list("pk", flat=True)
        if oldest := list(theirs)[MOST:]:
            self.filter(pk__in=oldest).delete()


class FormerWord(Timestamped):
    """A name somebody had, or a title or an address that a home had while it was theirs."""

    class Kind(models.TextChoices):
        NAME = "name", _("名字")
        PLACE = "place", _("房源的标题或地址")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="former_words",
        verbose_name=_("用户"),
    )
    kind = models.CharField(_("种类"), max_length=8, choices=Kind.choices)
    text = models.CharField(_("内容"), max_length=512)

    objects = FormerWordManager()

    class Meta:
        verbose_name = verbose_name_plural = _("曾用的名字、标题和地址")

    def __str__(self):
        return f"{self.user_id} {self.kind}"
