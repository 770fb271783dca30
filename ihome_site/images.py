"""The one way in for pictures: what a visitor uploads becomes WebP files of our own making.

Nothing of the uploaded bytes, their name or their metadata is kept: the pixels are decoded
within limits, painted on a fresh canvas and encoded again under random names.
"""

import io
import logging
import re
import secrets
import threading
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

logger = logging.getLogger("ihome.images")
# The threads of a worker take turns, or its memory would be the sum of their pictures.
decoding = threading.Lock()

MAX_BYTES = 10 * 1024 * 1024
FORMATS = ("JPEG", "PNG", "WEBP")
MAX_SIDE = 12_000
# A one-pass JPEG is decoded at a fraction of its size; everything else needs memory for
# every pixel (a progressive JPEG for every coefficient) before it can be made smaller.
# Measured above an empty worker: PNG 250 MB at its limit; WebP decodes into four copies,
# 370 MB at 24 million pixels and 250 MB at 16.
MAX_ONE_PASS_PIXELS = 50_000_000
MAX_PIXELS = 24_000_000
MAX_WEBP_PIXELS = 16_000_000
# Encoders write about 10. A scan of 50 bytes can cost a pass over all pixels: 2,000 of them,
# 220 KB, kept a processor busy for half a minute.
MAX_SCANS = 32
PHOTO_WIDTHS = (480, 960, 1600)
PHOTO_MIN_SIDE = 200
AVATAR_WIDTHS = (256,)
AVATAR_MIN_SIDE = 64
# Measured on a 1024 × 768 photo, all its sizes: method 2 takes 70 ms; the default, 4,
# takes 130 ms to save 3 % of the bytes.
QUALITY, METHOD = 80, 2

ORIENTATION = 0x0112  # the EXIF tag
TURNS = {
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


class StoreError(Exception):
    """The storage did not take the picture; the text can be shown beside the field."""

    def __str__(self):
        return _("照片暂时存不上，请稍后再试")


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


def read(upload, min_side=PHOTO_MIN_SIDE, square=False):
    """The picture in `upload` (a Django File), upright, RGB, at most 1600 pixels wide.

    Both sides must have `min_side` pixels. `square` keeps the square in the middle.
    Raises ImageError.
    """
    content = read_bytes(upload)
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            check(image, content, min_side)
            with decoding:
                return repaint(image, square)
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
    upload.seek(0)
    content = upload.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise too_large
    return content


def too_big():
    return ImageError(_("图片的尺寸太大，请缩小后再上传"))


def check(image, content, min_side):
    """Refuse by what the headers say, before a pixel is decoded."""
    scans = components_by_scan(content) if image.format in {"JPEG", "MPO"} else []
    if (
        max(image.size) > MAX_SIDE
        or image.width * image.height > most_pixels(image, scans)
        or len(scans) > MAX_SCANS
    ):
        raise too_big()
    if min(image.size) < min_side:
        raise ImageError(_("图片太小了，宽和高都至少要 %(side)s 像素") % {"side": min_side})
    # MPO: a phone's JPEG with a depth or brightness map behind the photo; the photo is first.
    if image.format != "MPO" and getattr(image, "n_frames", 1) != 1:
        raise ImageError(_("不支持动图，请换一张静态图片"))


def most_pixels(image, scans):
    if image.format == "WEBP":
        return MAX_WEBP_PIXELS
    one_pass = scans and scans == [image.layers] and not image.info.get("progressive")
    return MAX_ONE_PASS_PIXELS if one_pass else MAX_PIXELS


def components_by_scan(content):
    """How many colour components each scan of a JPEG carries, up to the end of the picture.

    Walks markers and segments as ITU T.81, B.1.1 lays them out.
    """
    scans, place = [], 2
    # Not stuffing, TEM, fill bytes or a restart: those have no length behind them.
    marker = re.compile(rb"\xff([^\x00\x01\xff\xd0-\xd7])")
    while (found := marker.search(content, place)) and found[1] != b"\xd9":
        start = found.end()
        if found[1] == b"\xda":
            scans += content[start + 2 : start + 3]
        place = start + int.from_bytes(content[start : start + 2])
    return scans


def repaint(image, square):
    """The decoded picture on a fresh canvas: alpha on white, upright, not too wide."""
    orientation = image.getexif().get(ORIENTATION, 1)
    turned = orientation in TURNS_BY_A_QUARTER
    draft(image, square, turned)
    image.load()
    image = shrink(with_plain_mode(image), square, turned)
    if orientation in TURNS:
        image = image.transpose(TURNS[orientation])
    canvas = Image.new("RGB", image.size, "white")
    if image.mode == "RGBA":
        canvas.paste(image, mask=image)
    else:
        canvas.paste(image.convert("RGB"))
    return canvas


def draft(image, square, turned):
    """Let a JPEG decode at 1/2, 1/4 or 1/8 if enough remains; other formats do not notice."""
    across = min(image.size) if square else image.height if turned else image.width
    wanted = PHOTO_WIDTHS[-1]
    if across < 2 * wanted and image.width * image.height > MAX_PIXELS:
        wanted //= 2  # a slim tower: it would be decoded whole
    image.draft(None, (wanted, wanted) if square else (1, wanted) if turned else (wanted, 1))


def with_plain_mode(image):
    """`image` in a mode that can be scaled: palettes, transparency and 16 bits resolved."""
    if image.mode.startswith("I"):  # 16-bit grey; a plain conversion would cut off at 255
        return image.point(lambda grey: grey / 257).convert("L")
    if image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    # CMYK waits until it is small: converting now would hold two full-size copies.
    return image if image.mode in {"L", "RGB", "CMYK"} else image.convert("RGB")


def shrink(image, square, turned):
    """Scale down so that the upright picture is at most 1600 wide; `square` crops first."""
    left = top = 0
    across, down = image.size
    if square:
        side = min(image.size)
        left, top = (across - side) / 2, (down - side) / 2
        across = down = side
    ratio = min(1, PHOTO_WIDTHS[-1] / (down if turned else across))
    size = max(1, round(across * ratio)), max(1, round(down * ratio))
    box = left, top, left + across, top + down
    return image.resize(size, Image.Resampling.LANCZOS, box=box)


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


def store_encoded(encoded, folder):
    """Save all sizes or none. Raises StoreError when the storage fails."""
    name = f"{folder}/{secrets.token_hex(8)}.webp"
    saved = []
    try:
        for width, content in encoded.files.items():
            saved.append(
                default_storage.save(sized(name, width, encoded.width), ContentFile(content))
            )
    except BaseException as error:
        remove(saved)
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


def remove(names):
    for name in names:
        try:
            default_storage.delete(name)
        except Exception:  # whatever the storage raises
            logger.exception("%s could not be removed", name)
