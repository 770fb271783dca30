"""The one way in for pictures: what a visitor uploads becomes WebP files of our own making.

Nothing of the uploaded bytes, their name or their metadata is kept: the pixels are decoded
within limits, painted on a fresh canvas and encoded again under random names.
"""

import io
import logging
import secrets
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

from ihome_site import caching
from ihome_site.picture_parts import parts_of
from ihome_site.refusals import Busy

logger = logging.getLogger("ihome.images")
# The threads of a worker take turns, from opening an upload to the last encoded byte, or its
# memory would be the sum of their pictures.
decoding = threading.RLock()
LONGEST_WAIT = 20  # seconds for a turn; three phone photos take three
# Threads of a process that have a picture or wait for their turn; the others answer other pages.
PLACES = 3
# The primary keys of who has one. A second request of the same person finds none, or one person
# had them all.
people, counting = set(), threading.Lock()

MAX_BYTES = 10 * 1024 * 1024
MAX_SIDE = 12_000
# Pixels a format may have. Behind each what its worst picture took above an idle process, from
# the first byte read to the last one encoded; test_upload_memory.py measures whole workers.
MAX_PIXELS = {
    "JPEG": 50_000_000,  # 114 MB: one pass, decoded at a fraction of its size or up to 24 million
    "PNG": 24_000_000,  # 144 MB: four bytes for each pixel, whatever its mode
    "WEBP": 16_000_000,  # 196 MB: three copies of four bytes while it is decoded
}
FORMATS = tuple(MAX_PIXELS)
# A JPEG in several passes (progressive) holds two bytes for every sample before the first pixel
# is there: 24 million pixels of three colours, 18 million of four; 203 MB with much metadata.
MAX_SAMPLES = 72_000_000
# A JPEG with more pixels than this is not decoded whole, even if it becomes narrower than wanted.
MAX_WHOLE, MAX_WHOLE_IN_PASSES = 24_000_000, 12_000_000
# Encoders write about 10. A scan of 50 bytes can cost a pass over all pixels: 2,000 of them,
# 220 KB, kept a processor busy for half a minute.
MAX_SCANS = 32

PHOTO_WIDTHS = (480, 960, 1600)
PHOTO_MIN_SIDE = 200
AVATAR_WIDTHS = (256,)
AVATAR_MIN_SIDE = 64
# A slim tower becomes narrower: 1,600 across it would be 12,000 high, and 80 MB when decoded.
MAX_HEIGHT = 4800
STRIP = 128  # rows that are converted and scaled at a time
# Measured on a 1024 × 768 photo, all its sizes: method 2 takes 70 ms; the default, 4,
# takes 130 ms to save 3 % of the bytes.
QUALITY, METHOD = 80, 2

TURNS = {  # by the number in EXIF
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
TURNS_BY_A_QUARTER = {5, 6, 7, 8}


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
class Encoded:
    """One picture as WebP: `files` maps each width in pixels to its bytes."""

    width: int
    height: int
    files: dict


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
        if person in people or len(people) >= PLACES:
            raise Crowded
        people.add(person)
    try:
        yield
    finally:
        people.remove(person)


@contextmanager
def turn():
    """The turn of this thread. Raises Crowded when others take too long."""
    if not decoding.acquire(timeout=LONGEST_WAIT):
        raise Crowded
    try:
        yield
    finally:
        decoding.release()


def take(upload, widths, min_side=PHOTO_MIN_SIDE, square=False):
    """The Encoded sizes of the picture in `upload`, made while no other thread has a picture.

    What read() says of the arguments holds. Raises ImageError and Crowded.
    """
    try:
        with turn():
            return encode_all(read(upload, min_side, square), widths)
    except ImageError as error:
        sentence = str(error)
    # A new one: the traceback of the first holds the upload's bytes, and forms hold their errors.
    raise ImageError(sentence)


def read(upload, min_side=PHOTO_MIN_SIDE, square=False):
    """The picture in `upload` (a Django File): upright, RGB, at most 1600 × 4800 pixels.

    Both sides must have `min_side` pixels. `square` keeps the square in the middle. Threads
    that answer requests use take(), which holds no pixels when it is done. Raises ImageError
    and Crowded.
    """
    with turn():
        try:
            parts = parts_of(read_bytes(upload))
            with Image.open(io.BytesIO(parts.content), formats=FORMATS) as image:
                passes = check(image, parts, min_side)
                return repaint(image, square, parts.orientation, passes)
        except ImageError:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise too_big() from error
        except UnidentifiedImageError as error:
            raise ImageError(_("只能上传 JPG、PNG 或 WebP 格式的图片")) from error
        except Exception as error:  # decoders of hostile bytes raise nearly everything
            raise ImageError(_("图片不完整或已损坏，请换一张")) from error


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


def too_big():
    return ImageError(_("图片的尺寸太大，请缩小后再上传"))


def check(image, parts, min_side):
    """Refuse by what the headers say, before a pixel is decoded.

    True if it is a JPEG whose pixels are there only after its last scan.
    """
    scans = parts.scans
    passes = bool(scans) and (image.info.get("progressive") or scans != [image.layers])
    if (
        max(image.size) > MAX_SIDE
        or image.width * image.height > most_pixels(image, passes)
        or len(scans) > MAX_SCANS
    ):
        raise too_big()
    if min(image.size) < min_side:
        raise ImageError(_("图片太小了，宽和高都至少要 %(side)s 像素") % {"side": min_side})
    if parts.animated or getattr(image, "n_frames", 1) != 1:
        raise ImageError(_("不支持动图，请换一张静态图片"))
    return bool(passes)


def most_pixels(image, passes):
    return MAX_SAMPLES // max(3, image.layers) if passes else MAX_PIXELS[image.format]


def repaint(image, square, orientation, passes):
    """The decoded picture on a fresh canvas: alpha on white, upright, not too large."""
    turned = orientation in TURNS_BY_A_QUARTER
    draft(image, square, turned, MAX_WHOLE_IN_PASSES if passes else MAX_WHOLE)
    image = decode_webp(image) if image.format == "WEBP" else image
    image = shrink(image, square, turned)
    return image.transpose(TURNS[orientation]) if orientation in TURNS else image


def decode_webp(image):
    """The pixels of an opened WebP, as image.load() has them, in three copies instead of four.

    Its decoder keeps two canvases as long as it lives: 186 MB instead of 248 at 16 million pixels.
    """
    pixels, _time, _duration = image._get_next()
    image._decoder = None
    return Image.frombuffer(image.rawmode, image.size, pixels, "raw", image.rawmode, 0, 1)


def draft(image, square, turned, most_whole):
    """Let a JPEG decode at 1/2, 1/4 or 1/8 if enough remains; other formats do not notice."""
    # One pixel less than wanted: half of an odd size may be rounded down.
    wanted = [max(1, side - 1) for side in kept_size(middle(image, square), turned)]
    whole = image.width < 2 * wanted[0] or image.height < 2 * wanted[1]
    if whole and image.width * image.height > most_whole:
        wanted = [max(1, side // 2) for side in wanted]
    image.draft(None, wanted)


def middle(image, square):
    """The part of the picture that is kept: (left, top, right, bottom)."""
    if not square:
        return (0, 0, *image.size)
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return left, top, left + side, top + side


def kept_size(box, turned):
    """How large `box` becomes: upright at most 1600 wide and 4800 high, and never larger."""
    across, down = box[2] - box[0], box[3] - box[1]
    widest, highest = PHOTO_WIDTHS[-1], MAX_HEIGHT
    if turned:
        widest, highest = highest, widest
    ratio = min(1, widest / across, highest / down)
    return max(1, round(across * ratio)), max(1, round(down * ratio))


def shrink(image, square, turned):
    """`image` as large as kept_size() says, RGB, on white.

    First across, in strips: a whole picture is never converted or copied at its full size.
    """
    box = left, top, right, bottom = middle(image, square)
    width, height = kept_size(box, turned)
    narrow = Image.new("RGB", (width, bottom - top))
    for row in range(top, bottom, STRIP):
        strip = on_white(image.crop((left, row, right, min(row + STRIP, bottom))))
        strip = strip.resize((width, strip.height), Image.Resampling.LANCZOS)
        narrow.paste(strip, (0, row - top))
    if height == narrow.height:
        return narrow
    return narrow.resize((width, height), Image.Resampling.LANCZOS)


def on_white(image):
    """`image` as RGB: palettes, transparency, CMYK and 16 bits resolved."""
    if image.mode.startswith("I"):  # 16-bit grey; a plain conversion would cut off at 255
        image = image.point(lambda grey: grey / 257).convert("L")
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    canvas = Image.new("RGB", image.size, "white")
    canvas.paste(image, mask=image)
    return canvas


def widths_for(width, widths):
    """The widths to make of a picture `width` pixels wide, ascending; none is larger."""
    largest = min(width, widths[-1])
    return [narrower for narrower in widths if narrower < largest] + [largest]


def encode(image, width):
    """WebP bytes of an RGB `image` scaled to `width` pixels."""
    if width != image.width:
        size = width, max(1, round(image.height * width / image.width))
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY, method=METHOD)
    return buffer.getvalue()


def encode_all(image, widths):
    """The Encoded sizes of `image`; they can be stored more than once by store_encoded."""
    files = {width: encode(image, width) for width in widths_for(image.width, widths)}
    largest = max(files)
    return Encoded(largest, max(1, round(image.height * largest / image.width)), files)


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
