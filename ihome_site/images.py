"""The one way in for pictures: what a visitor uploads becomes WebP files of our own making.

Nothing of the uploaded bytes, their name or their metadata is kept: the pixels are decoded
within limits, painted on a fresh canvas and encoded again under random names. That happens in
ihome_site/pictures.py, for visitors in a process of its own.
"""

import json
import logging
import os
import secrets
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from time import monotonic

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from ihome_site import caching, pictures
from ihome_site.large_work import turns
from ihome_site.pictures import (
    AVATAR_MIN_SIDE,
    AVATAR_WIDTHS,
    PHOTO_MIN_SIDE,
    PHOTO_WIDTHS,
    Encoded,
    Refused,
    encode_all,
    widths_for,
)
from ihome_site.refusals import Busy

__all__ = ["AVATAR_MIN_SIDE", "AVATAR_WIDTHS", "PHOTO_WIDTHS", "Encoded", "encode_all"]
logger = logging.getLogger("ihome.images")
# The threads of a worker take turns, from opening an upload to the last encoded byte, or the
# memory of their decoders would be the sum of their pictures.
decoding = threading.Lock()
LONGEST_WAIT = 20  # seconds for a turn; three phone photos take three
# Threads of a process that have a picture or wait for their turn; the others answer other pages.
PLACES = 3
# One more, only for who had none lately: three people who never stop sending leave it to others.
KEPT_FREE, LATELY = 1, 600  # seconds
# The primary keys of who has one, and until when somebody had. A second request of the same
# person finds none, or one person had them all.
people, lately, counting = set(), {}, threading.Lock()

MAX_BYTES = 10 * 1024 * 1024
DECODER = ["-m", "ihome_site.pictures"]
# Seconds; the decoder bounds its time of a processor itself, this is for a machine that gives it
# none.
LONGEST_DECODING = 50
# Of the environment, what starts Python; the site's secrets are not the decoder's business.
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "SYSTEMROOT")


class ImageError(ValueError):
    """The upload is no picture we take; the text can be shown beside the field."""


class StoreError(ImageError):
    """There was no room for the upload or the picture; the text can be shown beside the field."""

    def __str__(self):
        return _("照片暂时存不上，请稍后再试")


class Crowded(Busy):
    """Enough pictures are being read already."""

    def __str__(self):
        return _("正在处理的照片有点多，请过几秒再传一次")


@dataclass(frozen=True)
class Stored:
    """The largest stored file: its name in the storage and its size in pixels."""

    name: str
    width: int
    height: int


@contextmanager
def place(person):
    """One of the few places in this process for a thread that reads pictures of `person`, a key.

    Raises Crowded when there is none: waiting for one would hold a thread that others need.
    """
    with counting:
        for somebody in [each for each, since in lately.items() if since < monotonic() - LATELY]:
            del lately[somebody]
        most = PLACES if person in lately else PLACES + KEPT_FREE
        if person in people or len(people) >= most:
            raise Crowded
        people.add(person)
    try:
        yield
    finally:
        with counting:
            people.remove(person)
            lately[person] = monotonic()


@contextmanager
def turn():
    """The turn of this thread. Raises Crowded when others take too long."""
    with waited_for(decoding), waited_for(turns):
        yield


@contextmanager
def waited_for(lock):
    if not lock.acquire(timeout=LONGEST_WAIT):
        raise Crowded
    try:
        yield
    finally:
        lock.release()


def take(upload, widths, min_side=PHOTO_MIN_SIDE, square=False):
    """The Encoded sizes of the picture in `upload` (a Django File), decoded in another process.

    Both sides must have `min_side` pixels. `square` keeps the square in the middle. Raises
    ImageError and Crowded.
    """
    try:
        with turn():
            return decode_apart(read_bytes(upload), widths, min_side, square)
    except Refused as refusal:
        sentence = sentence_for(refusal.reason, min_side)
    # Outside: the traceback of the first holds the upload's bytes, and forms hold their errors.
    raise ImageError(sentence)


def read(upload, min_side=PHOTO_MIN_SIDE, square=False):
    """The picture in `upload`, decoded in this process: for files of the site's own.

    What take() says of the arguments holds. Raises ImageError.
    """
    try:
        return pictures.read(read_bytes(upload), min_side, square)
    except Refused as refusal:
        raise ImageError(sentence_for(refusal.reason, min_side)) from refusal


def decode_apart(content, widths, min_side, square):
    """The Encoded sizes, by the program in ihome_site/pictures.py. Raises Refused."""
    order = json.dumps({"widths": widths, "min_side": min_side, "square": square})
    try:
        done = subprocess.run(
            [sys.executable, *DECODER, order],
            input=content,
            capture_output=True,
            timeout=LONGEST_DECODING,
            cwd=settings.BASE_DIR,
            env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
            check=False,
        )
    except subprocess.TimeoutExpired:
        logger.warning("a picture was not decoded in %s seconds", LONGEST_DECODING)
        raise Refused(Refused.BROKEN) from None
    if done.returncode:
        logger.warning("the decoder ended with %s: %s", done.returncode, done.stderr[-500:])
    return pictures.parsed(done.stdout)


def sentence_for(reason, min_side):
    """What visitors read when a picture was Refused."""
    sentences = {
        Refused.TOO_BIG: _("图片的尺寸太大，请缩小后再上传"),
        Refused.TOO_SMALL: _("图片太小了，宽和高都至少要 %(side)s 像素") % {"side": min_side},
        Refused.ANIMATED: _("不支持动图，请换一张静态图片"),
        Refused.OTHER_FORMAT: _("只能上传 JPG、PNG 或 WebP 格式的图片"),
    }
    return sentences.get(reason) or _("图片不完整或已损坏，请换一张")


def read_bytes(upload):
    too_large = ImageError(_("图片太大了，每张最多 10 MB"))
    if upload.size > MAX_BYTES:
        raise too_large
    try:
        upload.seek(0)
        content = upload.read(MAX_BYTES + 1)
    except OSError as error:  # ihome_site.uploads had nowhere to put it
        raise StoreError from error
    if len(content) > MAX_BYTES:
        raise too_large
    return content


def store(image, folder, widths):
    """Encode `image` and save every size under a new random name in `folder`."""
    return store_encoded(encode_all(image, widths), folder)


@contextmanager
def storing(encoded, folder):
    """Stored for the block, which writes the row; when it raises, the files go again."""
    stored = store_encoded(encoded, folder)
    try:
        yield stored
    except BaseException:
        delete(stored.name, stored.width, tuple(encoded.files))
        raise


def store_encoded(encoded, folder):
    """Save all sizes or none. Raises StoreError when the storage fails."""
    name = f"{folder}/{secrets.token_hex(8)}.webp"
    begun = []
    try:
        for width, content in encoded.files.items():
            # Before it is there: a storage without room may leave the half that it had room for.
            begun.append(sized(name, width, encoded.width))
            default_storage.save(begun[-1], ContentFile(content))
    except BaseException as error:
        remove(begun)
        if isinstance(error, OSError):  # a full disk, a dead network
            logger.exception("%s could not be stored", name)
            raise StoreError from error
        raise
    return Stored(name, encoded.width, encoded.height)


def sized(name, width, largest):
    return name if width == largest else f"{name.removesuffix('.webp')}-{width}.webp"


def sizes(name, width, widths):
    """[(name, width)] of every stored size of a picture, narrowest first.

    `name` and `width` are those of its Stored; nothing is looked up.
    """
    return [(sized(name, each, width), each) for each in widths_for(width, widths)]


def delete(name, width, widths):
    """Remove every size of a stored picture. Never raises: an orphan harms nobody."""
    remove(each for each, _width in sizes(name, width, widths))


def delete_on_commit(name, width, widths):
    """`delete`, as soon as the transaction that no longer names the picture is committed."""
    caching.on_commit(partial(delete, name, width, widths))


def remove(names):
    for name in names:
        try:
            default_storage.delete(name)
        except Exception:  # whatever the storage raises
            logger.exception("%s could not be removed", name)
