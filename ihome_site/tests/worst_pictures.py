"""Small files that cost the most memory: the largest picture of each kind that images.py takes."""

import io
import zlib

from PIL import Image

from ihome_site.pictures import MAX_PIXELS, MAX_SAMPLES

GREY = 9
PNG_SIDE = int(MAX_PIXELS["PNG"] ** 0.5)
WEBP_SIDE = int(MAX_PIXELS["WEBP"] ** 0.5)
ONE_PASS = (8700, 5780)
THREE_COLOURS = int((MAX_SAMPLES / 3) ** 0.5)
FOUR_COLOURS = int((MAX_SAMPLES / 4) ** 0.5)
# Narrower than twice what is kept, so a half is no longer enough.
SLIM, TOWER = (3199, 7500), (2000, 12_000)


def png(size, depth, colour_type, interlaced=0, chunks=()):
    """A black PNG; `chunks` are (name, bytes) before its pixels."""
    width, height = size
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour_type]
    rows = adam7(width, height) if interlaced else [(width, height)]
    length = sum((across * channels * depth + 7) // 8 * down + down for across, down in rows)
    header = width.to_bytes(4) + height.to_bytes(4) + bytes([depth, colour_type, 0, 0, interlaced])
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(bytes(length), 1)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, content) for name, content in parts)


def chunk(name, content):
    return len(content).to_bytes(4) + name + content + zlib.crc32(name + content).to_bytes(4)


def adam7(width, height):
    """The width and height of each of the seven passes of an interlaced PNG."""
    starts = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2)]
    for left, top, right, down in [*starts, (0, 1, 1, 2)]:
        yield (width - left + right - 1) // right, (height - top + down - 1) // down


def texts(megabytes):
    return [(b"zTXt", b"k%d\0\0" % n + zlib.compress(bytes(1000 * 1000))) for n in range(megabytes)]


def encoded(mode, size, kind, **options):
    file = io.BytesIO()
    Image.new(mode, size, (GREY,) * len(mode)).save(file, kind, **options)
    return file.getvalue()


def noise(size, **options):
    file = io.BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(file, "JPEG", **options)
    return file.getvalue()


def metadata(jpeg, megabytes):
    """`jpeg` with a segment of metadata for each 64 KB, which Pillow keeps."""
    segment = b"\xff\xe1" + (65535).to_bytes(2) + b"Exif\0\0".ljust(65533, b"x")
    return jpeg[:2] + segment * (megabytes * 16 - 1) + jpeg[2:]


def segment(code, body=b""):
    return b"\xff" + bytes([code]) + (len(body) + 2).to_bytes(2) + body


def jpeg_with(parts, size=(300, 300), **options):
    """A JPEG with `parts` before its tables."""
    content = encoded("RGB", size, "JPEG", **options)
    return content[:2] + parts + content[2:]


def exif(size):
    return segment(0xE1, b"Exif\0\0".ljust(size, b"x"))


def jpeg_with_between(parts):
    """A progressive JPEG with `parts` before its second scan's tables."""
    content = encoded("RGB", (300, 300), "JPEG", progressive=True)
    place = content.index(b"\xff\xc4", content.index(b"\xff\xda"))
    return content[:place] + parts + content[place:]


def png_with(name, body, times, size=(300, 300)):
    """A PNG with the same chunk again and again before its pixels."""
    content = png(size, 8, 2)
    return content[:33] + chunk(name, body) * times + content[33:]


def profile():
    return zlib.compress(bytes(900_000), 9)


def webp_with(name, times):
    """A WebP with empty chunks behind its pixels."""
    body = encoded("RGB", (300, 300), "WEBP", exif=b"II*\0")[8:] + (name + bytes(4)) * times
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def webp_of_countless_tables(side=1024):
    """A lossless WebP of one colour, 270 KB, with a set of Huffman tables for each 4 × 4 pixels.

    The bits in their order: https://developers.google.com/speed/webp/docs/webp_lossless_bitstream_specification
    """
    tiles = (side // 4) ** 2

    def number(value, length):
        return f"{value:0{length}b}"[::-1]

    one_symbol = "1000"
    # 256 symbols of 8 bits each: the only length there is (the twelfth of their order) has a code
    # of no bits.
    all_symbols = "0" + number(12 - 4, 4) + "000" * 11 + number(1, 3) + "1" + number(3, 3)
    all_symbols += number(256 - 2, 8)
    which_table = "0" + all_symbols * 2 + one_symbol * 3
    which_table += "".join(number(tile % 65_536, 16) for tile in range(tiles))
    size = number(side - 1, 14) * 2
    bits = size + "0" + "000" + "0" + "0" + "1" + "000" + which_table
    bits += one_symbol * 5 * min(tiles, 65_536)
    data = b"\x2f" + int(bits[::-1], 2).to_bytes(len(bits) // 8 + 1, "little")
    data += bytes(len(data) % 2)
    body = b"WEBPVP8L" + len(data).to_bytes(4, "little") + data
    return b"RIFF" + len(body).to_bytes(4, "little") + body


FULL = {"subsampling": 0}
PASSES = {"subsampling": 0, "progressive": True}
SECOND = {"save_all": True, "append_images": [Image.new("RGB", (400, 300))]}
SQUARE = (PNG_SIDE, PNG_SIDE)
# The one of each format that its memory was found to be largest with.
OF_EACH_FORMAT = {
    "PNG": lambda: png(SQUARE, 8, 6),
    "WEBP": lambda: encoded("RGBA", (WEBP_SIDE, WEBP_SIDE), "WEBP", method=0),
    "JPEG": lambda: encoded("CMYK", (FOUR_COLOURS,) * 2, "JPEG", **PASSES),
    "MPO": lambda: encoded("RGB", (THREE_COLOURS,) * 2, "MPO", **PASSES, **SECOND),
}
KINDS = {
    "PNG, 16 bits": lambda: png(SQUARE, 16, 6),
    "PNG, interlaced": lambda: png(SQUARE, 8, 6, interlaced=1),
    "PNG, grey with alpha": lambda: png(SQUARE, 8, 4),
    "PNG, 16-bit grey": lambda: png(SQUARE, 16, 0),
    "PNG, palette with alpha": lambda: png(
        SQUARE, 8, 3, chunks=[(b"PLTE", bytes(768)), (b"tRNS", bytes(200))]
    ),
    "PNG, one colour transparent": lambda: png(SQUARE, 8, 2, chunks=[(b"tRNS", bytes(6))]),
    "PNG, tower": lambda: png(TOWER, 8, 6),
    "PNG, not scaled": lambda: png((1600, 12_000), 8, 6),
    "PNG, 60 MB of text": lambda: png(SQUARE, 8, 6, chunks=texts(60)),
    "PNG, cut off": lambda: OF_EACH_FORMAT["PNG"]()[:-20_000],
    "WebP, lossless": lambda: encoded("RGBA", (WEBP_SIDE,) * 2, "WEBP", lossless=True, method=0),
    "WebP, no alpha": lambda: encoded("RGB", (WEBP_SIDE,) * 2, "WEBP", method=0),
    "WebP, 10 MB": lambda: OF_EACH_FORMAT["WEBP"]().ljust(10_000_000, b"x"),
    "JPEG, 50 Mpx": lambda: encoded("RGB", ONE_PASS, "JPEG", **FULL),
    "JPEG, slim": lambda: encoded("RGB", SLIM, "JPEG", **FULL),
    "JPEG, tower": lambda: encoded("RGB", (4160, 12_000), "JPEG", **FULL),
    "JPEG, CMYK": lambda: encoded("CMYK", ONE_PASS, "JPEG", **FULL),
    "JPEG, progressive": lambda: encoded("RGB", (THREE_COLOURS,) * 2, "JPEG", **PASSES),
    "JPEG, progressive and slim": lambda: encoded("RGB", SLIM, "JPEG", **PASSES),
    "JPEG, progressive tower": lambda: encoded("RGB", TOWER, "JPEG", **PASSES),
    "JPEG, progressive, 9 MB of metadata": lambda: metadata(
        encoded("RGB", (THREE_COLOURS,) * 2, "JPEG", **PASSES), 9
    ),
    "JPEG, noise": lambda: noise((4000, 6000), quality=45),
    "JPEG, noise, high": lambda: noise((1600, 12_000), quality=50),
    "MPO, 50 Mpx": lambda: encoded("RGB", ONE_PASS, "MPO", **SECOND),
}
# Parts no camera makes. Pillow took seconds for most of them, or hundreds of megabytes.
LARGE = (6000, 4000)
COUNTLESS = {
    "JPEG, APP5": lambda: jpeg_with(segment(0xE5) * 2_500_000, LARGE, progressive=True),
    "JPEG, MPF": lambda: jpeg_with(segment(0xE2, b"MPF\0") * 1_200_000),
    "JPEG, comments": lambda: jpeg_with(segment(0xFE) * 2_500_000),
    "JPEG, Exif": lambda: jpeg_with(exif(16) * 100_000),
    "JPEG, frames": lambda: jpeg_with(segment(0xC0, bytes(65_000)) * 150),
    "JPEG, tables": lambda: jpeg_with(segment(0xDB, bytes(65 * 1000)) * 150),
    "JPEG, APP5 between scans": lambda: jpeg_with_between(segment(0xE5) * 2_500_000),
    "PNG, iTXt": lambda: png_with(b"iTXt", b"k\0\0\0\0\0", 490_000, LARGE),
    "PNG, tEXt": lambda: png_with(b"tEXt", b"key\0text", 490_000),
    "PNG, private": lambda: png_with(b"prVt", b"x", 700_000),
    "PNG, IDAT": lambda: png_with(b"IDAT", b"", 800_000),
    "WebP, unknown": lambda: webp_with(b"abcd", 1_200_000),
}
# Not too many, but much work for whoever looks into them.
LABORIOUS = {
    "JPEG, fill bytes": lambda: jpeg_with(b"\xff" * 10_000_000),
    "JPEG, Exif": lambda: jpeg_with(exif(65_000) * 120 + exif(16) * 860),
    "PNG, profiles": lambda: png_with(b"iCCP", b"k\0\0" + profile(), 10_000),
    "PNG, texts": lambda: png((300, 300), 8, 2, chunks=texts(1000)),
}
