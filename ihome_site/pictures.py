"""From the bytes of an upload to WebP files: decoded within limits, repainted, encoded.

As a program (python -m ihome_site.pictures) it does that for one picture, in a process that may
take only so much memory and time: a decoder that a hostile file leads astray is stopped, and the
site goes on. It knows nothing of Django, so that it starts quickly, and nothing of the site's
secrets.
"""

import io
import json
import sys
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from ihome_site.picture_parts import parts_of

MAX_SIDE = 12_000
# Pixels a format may have. Behind each what its worst picture took above an idle process, from
# the first byte read to the last one encoded; test_upload_memory.py measures whole workers.
MAX_PIXELS = {
    # 114 MB: one pass, decoded at a fraction of its size or up to 24 million. Phones of "50
    # megapixels" write 8192 × 6144.
    "JPEG": 8192 * 6144,
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

# What the process may take. The worst picture that is taken wants 210 to 220 MB and two seconds;
# a lossless WebP that promises 65,536 tables would have 600 MB.
LIMITS = {
    "RLIMIT_DATA": 230 * 1024 * 1024,  # bytes, without programs and libraries
    "RLIMIT_CPU": 20,  # seconds of a processor
    "RLIMIT_CORE": 0,
}

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


class Refused(ValueError):
    """The file is no picture we take. `reason` is one of those below, for the site's sentences."""

    TOO_BIG, TOO_SMALL, ANIMATED = "too big", "too small", "animated"
    OTHER_FORMAT, BROKEN = "other format", "broken"
    REASONS = (TOO_BIG, TOO_SMALL, ANIMATED, OTHER_FORMAT, BROKEN)

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Encoded:
    """One picture as WebP: `files` maps each width in pixels to its bytes."""

    width: int
    height: int
    files: dict


def read(content, min_side, square=False):
    """The picture in these bytes: upright, RGB, at most 1600 × 4800 pixels.

    Both sides must have `min_side` pixels. `square` keeps the square in the middle. Raises
    Refused.
    """
    try:
        parts = parts_of(content)
        with Image.open(io.BytesIO(parts.content), formats=FORMATS) as image:
            passes = check(image, parts, min_side)
            return repaint(image, square, parts.orientation, passes)
    except Refused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise Refused(Refused.TOO_BIG) from error
    except UnidentifiedImageError as error:
        raise Refused(Refused.OTHER_FORMAT) from error
    except Exception as error:  # decoders of hostile bytes raise nearly everything
        raise Refused(Refused.BROKEN) from error


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
        raise Refused(Refused.TOO_BIG)
    if min(image.size) < min_side:
        raise Refused(Refused.TOO_SMALL)
    if parts.animated or getattr(image, "n_frames", 1) != 1:
        raise Refused(Refused.ANIMATED)
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


def limit_this_process():
    """Let the system stop it where a decoder would take more than any picture needs."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for name, most in LIMITS.items():
        limit = getattr(resource, name)
        _now, allowed = resource.getrlimit(limit)  # nobody but root may raise it
        most = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
        resource.setrlimit(limit, (most, most))


def answer(order, content):
    """What the program writes: a line of JSON, and behind it the files it names, in order.

    `order` has the arguments of read() and the `widths` for encode_all().
    """
    try:
        encoded = encode_all(read(content, order["min_side"], order["square"]), order["widths"])
    except Refused as refusal:
        return head(refused=refusal.reason)
    lengths = [[width, len(file)] for width, file in encoded.files.items()]
    line = head(width=encoded.width, height=encoded.height, files=lengths)
    return b"".join([line, *encoded.files.values()])


def head(**fields):
    return json.dumps(fields).encode() + b"\n"


def parsed(answered):
    """The Encoded in the program's answer. Raises Refused, also for one that was cut off."""
    line, _newline, rest = answered.partition(b"\n")
    try:
        fields = json.loads(line)
    except ValueError:
        fields = {"refused": Refused.BROKEN}
    if "refused" in fields:
        raise Refused(fields["refused"])
    files, begin = {}, 0
    for width, length in fields["files"]:
        files[width] = rest[begin : begin + length]
        begin += length
    if begin != len(rest):
        raise Refused(Refused.BROKEN)
    return Encoded(fields["width"], fields["height"], files)


def main():
    limit_this_process()
    order = json.loads(sys.argv[1])
    sys.stdout.buffer.write(answer(order, sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
