"""Who may see a home. Whatever shows one, or finds one by its number, asks here.

A home its owner took off keeps its page: it cannot be booked, and is found nowhere. One that
operators hold, refused or have not looked at yet, and one of a disabled owner, is there for its
owner and for operators alone: a guest has what their order keeps. The home of somebody who was
erased is there for nobody.
"""

from django.db import models
from django.db.models import Q

from accounts.models import ERASED
from houses.listing import FIT

SHOWN = FIT & Q(owner__is_active=True)


class VisibleQuerySet(models.QuerySet):
    def shown(self):
        """Homes whose page is there for everybody, listed or not."""
        return self.filter(SHOWN)

    def hidden(self):
        return self.exclude(SHOWN)

    def visible_to(self, user):
        """Homes this user, signed in or not, may see."""
        if user.is_staff:
            return self.exclude(owner__mobile__startswith=ERASED)
        if user.is_authenticated:
            return self.filter(SHOWN | Q(owner=user.pk))
        return self.shown()


class Visible:
    """The same of one home in hand, whose owner was read along."""

    @property
    def is_shown(self):
        return self.can_be_listed and self.owner.is_active

    def is_visible_to(self, user):
        if user.is_staff:
            return not self.owner.is_erased
        return self.is_shown or user.pk == self.owner_id
