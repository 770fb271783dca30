"""What of an uploaded file a decoder gets to see: the parts that make its pixels.

Pillow keeps an object for each part, joins parts of a kind one by one, and unpacks each colour
profile: 10 MB of empty segments took 430 MB, 2 MB of small Exif parts half a minute. So metadata is
left out before Pillow opens the file. The one thing the site wants of it, how the picture is
turned, is read here.
"""

import re
import struct
from dataclasses import dataclass, field

# Parts that a file may have; one with more is Malformed. Phones and programs write up to a few
# hundred: 160 segments of 64 KB are 10 MB of metadata, and 32 scans bring some tables each.
MAX_SEGMENTS = 1000
# A PNG is read in chunks of its pixels, often of 8 KB each, and animated WebPs in frames.
MAX_CHUNKS = 20_000
# Tables before a JPEG's first scan; 64 KB of that may be a small preview of old cameras.
MAX_TABLES = 256 * 1024

JPEG, PNG, RIFF = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF"
# Of a marker's two bytes. Without those that have no length behind them: stuffing, TEM,
# restarts, fill bytes, a second start, and the ones no decoder knows.
MARKER = re.compile(rb"\xff([^\x00\x01\xc8\xd0-\xd8\xf0-\xfd\xff])")
# No marker below it has a segment. Decoders search behind one byte by byte, where a walk that took
# it for a segment would step over whatever the segment claimed: scans that nobody counted.
FIRST = 0xC0
END, SCAN, APP0, APP1, APP14 = 0xD9, 0xDA, 0xE0, 0xE1, 0xEE
IN_EXIF, IN_XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
PIXELS_OF_PNG = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
XMP_OF_PNG = b"XML:com.adobe.xmp\0"

ORIENTATION, SHORT = 0x0112, 3  # a tag and a type of EXIF
TURNED = re.compile(rb"""tiff:Orientation(?:=["']|>)([0-9])""")


class Malformed(ValueError):
    """The file has parts that no camera and no program makes."""


@dataclass
class Parts:
    """A file's bytes for the decoder, and what is known of it before it is decoded."""

    content: bytes
    scans: list = field(default_factory=list)  # colour components of each scan of a JPEG
    exif: bytes = b""  # from its TIFF header on
    xmp: bytes = b""
    animated: bool = False  # a PNG; of WebPs the decoder knows

    @property
    def orientation(self):
        """As EXIF counts: 2 to 8 are turned or mirrored, all else is upright. EXIF precedes XMP."""
        return exif_orientation(self.exif) or xmp_orientation(self.xmp)


def parts_of(content):
    """The Parts of a file. Raises Malformed; what is no picture stays as it is."""
    if content.startswith(JPEG):
        return jpeg_parts(content)
    if content.startswith(PNG):
        return png_parts(content)
    if content.startswith(RIFF):
        return webp_parts(content)
    return Parts(content)


def jpeg_parts(content):
    """A JPEG without metadata before its first scan; from there on it is as it was."""
    parts, kept, size = Parts(b""), [content[:2]], 0
    view = memoryview(content)
    for code, start, end in segments(content):
        if code == SCAN:
            if not parts.scans:
                kept.append(view[start - 2 :])
            parts.scans.append(content[start + 2])
        elif not parts.scans and is_table(code, content, start):
            kept.append(view[start - 2 : end])
            size += end - start
        elif code == APP1 and not parts.scans:
            note_app1(parts, content[start + 2 : end])
        if size > MAX_TABLES:
            raise Malformed
    parts.content = b"".join(kept)
    return parts


def segments(content):
    """(marker, start, end) of each segment of a JPEG up to the end of the picture.

    Walks as ITU T.81, B.1.1 lays it out; `start` is where the two bytes of the length are.
    An end before the first scan ends nothing for Pillow, so it does not here.
    """
    place, scanned = 2, False
    for _n in range(MAX_SEGMENTS):
        found = MARKER.search(content, place)
        if not found:
            return
        code, start = found[1][0], found.end()
        if code < FIRST:
            raise Malformed
        if code == END:
            if scanned:
                return
            place = start
            continue
        if start + 2 >= len(content):  # cut off
            return
        place = start + max(2, int.from_bytes(content[start : start + 2]))
        scanned = scanned or code == SCAN
        yield code, start, place
    raise Malformed


def is_table(code, content, start):
    """Whether a decoder needs the segment: tables, the frame, and how colours are stored."""
    if code == APP0:
        return content.startswith(b"JFIF", start + 2)
    if code == APP14:
        return content.startswith(b"Adobe", start + 2)
    return code < APP0


def note_app1(parts, body):
    if body.startswith(IN_EXIF):
        parts.exif = parts.exif or body.removeprefix(IN_EXIF)
    elif body.startswith(IN_XMP):
        parts.xmp = parts.xmp or body.removeprefix(IN_XMP)


def png_parts(content):
    """A PNG of nothing but its header, palette, transparency and pixels."""
    parts, kept = Parts(b""), [content[:8]]
    view = memoryview(content)
    for name, start, end in png_chunks(content):
        if name in PIXELS_OF_PNG:
            kept.append(view[start - 8 : end + 4])
        elif name == b"eXIf":
            parts.exif = parts.exif or content[start:end]
        elif name == b"iTXt" and content.startswith(XMP_OF_PNG, start):
            parts.xmp = parts.xmp or content[start:end]
        elif name == b"acTL" and int.from_bytes(content[start : start + 4]) > 1:
            parts.animated = True
        if name == b"IEND":
            break
    parts.content = b"".join(kept)
    return parts


def png_chunks(content):
    """(name, start, end) of each chunk of a PNG; its bytes are from `start` up to `end`."""
    place = len(PNG)
    for _n in range(MAX_CHUNKS):
        start = place + 8
        if start > len(content):
            return
        end = start + int.from_bytes(content[place : place + 4])
        yield content[place + 4 : start], start, end
        place = end + 4  # behind its checksum
    raise Malformed


def webp_parts(content):
    """A WebP as it is: its decoder steps over what it does not need."""
    parts = Parts(content)
    for name, start, end in riff_chunks(content):
        if name == b"EXIF":
            parts.exif = parts.exif or content[start:end].removeprefix(IN_EXIF)
        elif name == b"XMP ":
            parts.xmp = parts.xmp or content[start:end]
    return parts


def riff_chunks(content):
    """(name, start, end) of each chunk of a WebP; its bytes are from `start` up to `end`."""
    place = 12
    last = min(len(content), 8 + int.from_bytes(content[4:8], "little"))
    for _n in range(MAX_CHUNKS):
        start = place + 8
        if start > last:
            return
        end = start + int.from_bytes(content[place + 4 : start], "little")
        yield content[place : place + 4], start, end
        place = end + end % 2  # to an even length
    raise Malformed


def exif_orientation(exif):
    """The number in the first directory of `exif`, from its TIFF header on; 0 if there is none."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if not order or len(exif) < 8:
        return 0
    place = struct.unpack_from(order + "L", exif, 4)[0]
    count = struct.unpack(order + "H", exif[place : place + 2].rjust(2, b"\0"))[0]
    rows = exif[place + 2 : place + 2 + 12 * count]
    whole = rows[: len(rows) // 12 * 12]
    for tag, kind, values, value in struct.iter_unpack(order + "HHLH2x", whole):
        if (tag, kind, values) == (ORIENTATION, SHORT, 1):
            return value
    return 0


def xmp_orientation(xmp):
    found = TURNED.search(xmp)
    return int(found[1]) if found else 0
