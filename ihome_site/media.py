"""Do the rows that name pictures and the stored files agree?"""

from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import User
from accounts.views import AVATAR_FOLDER
from houses.models import HouseImage
from houses.views import PHOTO_FOLDER
from ihome_site.admin import BANNER_FOLDER
from ihome_site.images import PHOTO_WIDTHS, sizes
from ihome_site.models import Banner

# Files are stored before their row is written, so a young file without a row is at work.
IN_THE_MAKING = timedelta(hours=1)
CHUNK = 2000


def disagreements():
    """Yield a line for each stored name that is missing and each that belongs to no row.

    The names of one folder are held in memory at a time: about 100 MB for a million.
    """
    yield from compare(PHOTO_FOLDER, photos_of(HouseImage, "photo"))
    yield from compare(AVATAR_FOLDER, avatars())
    yield from compare(BANNER_FOLDER, photos_of(Banner, "banner"))


def photos_of(model, word):
    rows = model.objects.values_list("pk", "file", "width").order_by()
    for pk, file, width in rows.iterator(chunk_size=CHUNK):
        for name, _width in sizes(file, width, PHOTO_WIDTHS):
            yield f"{word} {pk}", name


def avatars():
    rows = User.objects.exclude(avatar="").values_list("pk", "avatar").order_by()
    for pk, name in rows.iterator(chunk_size=CHUNK):
        yield f"avatar of user {pk}", name


def compare(folder, rows):
    stored, wanted = names_in(folder), set()
    for owner, name in rows:
        wanted.add(name)
        if name not in stored:
            yield f"{owner}: {name} is missing"
    for name in sorted(stored - wanted):
        if not is_young(name):
            yield f"{name} belongs to no row"


def names_in(folder):
    try:
        _folders, names = default_storage.listdir(folder)
    except FileNotFoundError:  # nothing has been stored there yet
        return set()
    return {f"{folder}/{name}" for name in names}


def is_young(name):
    try:
        return default_storage.get_modified_time(name) > timezone.now() - IN_THE_MAKING
    except FileNotFoundError:  # it went while we looked
        return True
