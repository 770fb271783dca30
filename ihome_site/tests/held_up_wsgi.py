"""The site, guards and all, on a machine that is busy at the wrong moment: a booking is held up
between its look at the nights and taking them. Without guards this loses nights; see
unguarded_wsgi."""

import time

from ihome_site.wsgi import application  # isort: skip - sets Django up

from houses.models import OccupiedNightQuerySet

__all__ = ["application"]

HOLD_UP = 0.05  # seconds
delete = OccupiedNightQuerySet.delete


def late(nights):
    time.sleep(HOLD_UP)
    return delete(nights)


late.alters_data, late.queryset_only = True, True
OccupiedNightQuerySet.delete = late
