"""Photos of a home that operators took off move to new names, so that their addresses die.

A photo's name is random and known only to whoever saw the page; the owner and operators go on
seeing it under the new one. Files cannot be rolled back and may lie behind a network, so none of
this happens in the operators' transaction: new files first, then the rows, the old files last.
What fails, or takes too long, is done again by `manage.py hide_photos`.
"""

import logging
import secrets
import time
from contextlib import suppress

from django.core.files.storage import default_storage

from houses.caching import cover_changed, house_changed
from houses.models import House, HouseImage
from ihome_site import images
from ihome_site.images import PHOTO_WIDTHS
from ihome_site.locking import durable

logger = logging.getLogger("ihome.images")


def hide_photos(houses, seconds=None):
    """Rename the photos of those of `houses` (a queryset) whose addresses still are known.

    Begins no other home after so many `seconds`. Returns how many homes were done; those whose
    storage failed are left for later. Raises Busy when other transactions stay in the way.
    """
    began, done = time.monotonic(), 0
    note_shown(houses)
    waiting = houses.hidden().filter(photos_hidden=False).order_by("pk")
    for pk in list(waiting.values_list("pk", flat=True)):
        if seconds is not None and time.monotonic() - began > seconds:
            break
        done += rename_photos_of(pk)
    return done


@durable
def note_shown(houses):
    """What is shown is known, however it came to be: it has to move when it is hidden again."""
    houses.shown().filter(photos_hidden=True).update(photos_hidden=False)


def rename_photos_of(pk):
    """True when every photo of the home has a name nobody knows."""
    photos = list(HouseImage.objects.filter(house=pk))
    copies = {}
    try:
        for photo in photos:
            copies[photo] = copy(photo)
    except OSError:
        logger.exception("photos of house %s could not be renamed", pk)
        moved = set()
    else:
        moved = take_names(pk, copies)
    for photo, name in copies.items():
        images.delete(photo.file if photo in moved else name, photo.width, PHOTO_WIDTHS)
    return len(moved) == len(photos)


def copy(photo):
    """Store every size of the photo once more under a new name, which is returned."""
    folder = photo.file.rpartition("/")[0]
    name = f"{folder}/{secrets.token_hex(8)}.webp"
    old, new = (images.sizes(each, photo.width, PHOTO_WIDTHS) for each in (photo.file, name))
    try:
        for (source, _width), (target, _same) in zip(old, new, strict=True):
            with suppress(FileNotFoundError):  # check_media names it; there is nothing to hide
                with default_storage.open(source) as file:
                    default_storage.save(target, file)
    except BaseException:
        images.delete(name, photo.width, PHOTO_WIDTHS)
        raise
    return name


@durable
def take_names(pk, copies):
    """Write the new names down; the photos that have them now. One deleted meanwhile has not."""
    house = House.objects.select_for_update().filter(pk=pk).first()
    if house is None:
        return set()
    moved = {
        photo
        for photo, name in copies.items()
        if house.images.filter(pk=photo.pk, file=photo.file).update(file=name)
    }
    House.objects.hidden().filter(pk=pk).update(photos_hidden=True)
    house_changed(pk, house.area_id)
    cover_changed()
    return moved
