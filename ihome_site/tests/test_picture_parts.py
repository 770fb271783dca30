"""What of a file a decoder gets to see: enough of every real picture, and nothing that costs."""

import io
import time
from contextlib import contextmanager, suppress

import pytest
from PIL import Image, PngImagePlugin

from ihome_site import images, picture_parts, pictures
from ihome_site.images import ImageError, read
from ihome_site.picture_parts import parts_of
from ihome_site.tests.test_images import (
    PLANTED,
    near,
    picture,
    refusal,
    saved,
    uploaded,
    with_everything_planted,
)
from ihome_site.tests.worst_pictures import COUNTLESS, LABORIOUS, chunk, png_with, segment

QUICK = 2  # seconds of a processor; without the guard most take three to thirty
XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


def noise(size=(320, 240), mode="RGB"):
    return Image.merge(mode, [Image.effect_noise(size, 60) for _band in mode])


@contextmanager
def at_once():
    """The block takes little of a processor, however many share it."""
    begun = time.process_time()
    yield
    assert time.process_time() - begun < QUICK


@pytest.mark.parametrize("name", COUNTLESS)
def test_a_picture_of_countless_parts_is_refused_at_once(name):
    content = COUNTLESS[name]()
    assert len(content) <= images.MAX_BYTES
    with at_once():
        assert "已损坏" in refusal(content)


@pytest.mark.parametrize("name", LABORIOUS)
def test_metadata_that_would_be_much_work_is_not_looked_into(name):
    content = LABORIOUS[name]()
    assert len(content) <= images.MAX_BYTES
    with at_once():
        assert read(uploaded(content)).size == (300, 300)


def from_a_phone(plain):
    """`plain`, a JPEG, with what phones and programs write before the picture and behind it."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Phone"
    exif.get_ifd(0x8769)[0x927C] = bytes(30_000)  # MakerNote
    parts = segment(0xE1, exif.tobytes()) + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)
    extended = b"http://ns.adobe.com/xmp/extension/\0".ljust(65_500, b"A")  # a depth map
    parts += segment(0xE1, extended) * 60
    for n in range(1, 49):  # a colour profile of 3 MB
        parts += segment(0xE2, b"ICC_PROFILE\0" + bytes([n, 48]) + bytes(65_000))
    parts += segment(0xE2, b"MPF\0" + bytes(80)) + segment(0xED, b"Photoshop 3.0\0" + bytes(9000))
    parts += segment(0xEB, b"JP" + bytes(40_000)) + segment(0xFE, b"written by hand")
    parts += segment(0xE4, b"QDEBUG") * 200
    return plain[:20] + parts + plain[20:] + plain + bytes(5000)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"progressive": True, "restart_marker_blocks": 1, "quality": 95},
        {"restart_marker_rows": 1, "optimize": True, "subsampling": 0},
    ],
)
def test_a_phones_jpeg_is_the_same_picture_without_its_metadata(options):
    plain = saved(noise(), "JPEG", **options)
    full = from_a_phone(plain)
    assert len(full) <= images.MAX_BYTES
    turned = read(uploaded(plain)).transpose(pictures.TURNS[6])
    assert read(uploaded(full)).tobytes() == turned.tobytes()
    bare = parts_of(full).content
    assert bare.startswith(plain)  # from the first scan on nothing is left out


def test_a_progressive_jpeg_has_ten_scans_and_far_fewer_segments_than_allowed():
    content = saved(noise(), "JPEG", progressive=True, restart_marker_blocks=1)
    assert len(parts_of(content).scans) == 10
    assert len(list(picture_parts.segments(content))) < picture_parts.MAX_SEGMENTS / 10


def test_a_png_with_all_kinds_of_chunks_is_the_same_picture():
    drawn, info, exif = noise((900, 700)), PngImagePlugin.PngInfo(), Image.Exif()
    exif[0x0112] = 6
    for n in range(20):
        info.add_text(f"Key {n}", "text" * 100, zip=n % 2)
    info.add_itxt("XML:com.adobe.xmp", XMP.replace(b"6", b"8").decode())
    full = saved(drawn, pnginfo=info, exif=exif, icc_profile=bytes(500_000), dpi=(72, 72))
    assert read(uploaded(full)).tobytes() == drawn.transpose(pictures.TURNS[6]).tobytes()
    kinds = {name for name, _start, _end in picture_parts.png_chunks(parts_of(full).content)}
    assert kinds == {b"IHDR", b"IDAT", b"IEND"}


def test_ten_megabytes_of_pixels_may_come_in_chunks_of_8_kb():
    drawn = noise((1600, 1900))
    whole = saved(drawn)
    [header, pixels, end] = split(whole)
    pieces = [pixels[n : n + 8192] for n in range(0, len(pixels), 8192)]
    assert len(pieces) > 1000
    content = whole[:8] + chunk(b"IHDR", header)
    content += b"".join(chunk(b"IDAT", each) for each in pieces) + chunk(b"IEND", end)
    assert read(uploaded(content)).tobytes() == drawn.tobytes()


def split(png):
    """The bytes of a PNG's header, of all its pixels, and of its end."""
    found = {}
    for name, start, end in picture_parts.png_chunks(png):
        found[name] = found.get(name, b"") + png[start:end]
    return [found[b"IHDR"], found[b"IDAT"], found[b"IEND"]]


def test_a_png_of_a_palette_keeps_its_transparency():
    drawn = picture(mode="P", color=1)
    drawn.putpalette([0, 0, 255, 255, 0, 0])
    drawn.paste(0, (0, 0, 150, 240))
    seen = read(uploaded(saved(drawn, transparency=b"\xff\x00")))
    assert (seen.getpixel((9, 9)), seen.getpixel((290, 9))) == ((0, 0, 255), (255, 255, 255))


def test_a_webp_with_metadata_is_the_same_picture():
    plain, exif = noise(), Image.Exif()
    exif[0x0112] = 6
    options = {"icc_profile": bytes(5001), "xmp": XMP}
    full = saved(plain, "WEBP", lossless=True, exif=exif, **options)
    assert read(uploaded(full)).tobytes() == plain.transpose(pictures.TURNS[6]).tobytes()


def test_how_a_picture_is_turned_may_be_told_by_xmp_alone():
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    contents = [
        saved(picture((300, 240)), "JPEG", xmp=XMP),
        saved(picture((300, 240)), "PNG", pnginfo=info),
        saved(picture((300, 240)), "WEBP", xmp=XMP),
    ]
    assert [parts_of(content).orientation for content in contents] == [6, 6, 6]
    assert {read(uploaded(content)).size for content in contents} == {(240, 300)}


@pytest.mark.parametrize("order", ["II", "MM"])
def test_exif_is_read_in_both_byte_orders_and_goes_before_xmp(order):
    exif = Image.Exif()
    exif.endian = "<" if order == "II" else ">"
    exif[0x0112] = 3
    content = saved(picture(), "JPEG", exif=exif.tobytes(), xmp=XMP)
    assert parts_of(content).exif.startswith(order.encode())
    assert parts_of(content).orientation == 3


GOOD_EXIF = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"


@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"II",
        b"nonsense" * 9,
        b"II*\0\xff\xff\xff\xff",
        b"II*\0\x08\0\0\0",
        GOOD_EXIF[:9],
        GOOD_EXIF[:15],
        GOOD_EXIF.replace(b"\x03\0\x01", b"\x02\0\x01"),  # the number as a text
        GOOD_EXIF.replace(b"\x06", b"\x09"),
        b"II*\0\x08\0\0\0\xff\xff" + b"x" * 50_000,
    ],
)
def test_a_picture_with_broken_exif_is_upright(exif):
    plain = saved(picture(), "JPEG")
    content = plain[:2] + segment(0xE1, b"Exif\0\0" + exif) + plain[2:]
    assert read(uploaded(content)).size == (300, 240)


def test_the_exif_that_was_broken_is_read_when_it_is_whole():
    assert picture_parts.exif_orientation(GOOD_EXIF) == 6


def test_the_decoder_sees_nothing_of_a_jpegs_metadata():
    content = with_everything_planted()
    bare = parts_of(content).content
    head = bare[: bare.index(b"\xff\xda")]
    assert content.count(PLANTED) > bare.count(PLANTED)  # what is left is behind the picture
    assert PLANTED not in head
    with Image.open(io.BytesIO(bare)) as image:
        assert image.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}


def test_a_checksum_of_metadata_does_not_matter():
    content = png_with(b"tEXt", b"key\0text", 1)
    broken = content.replace(b"key\0text", b"key\0next")
    assert read(uploaded(broken)).size == (300, 300)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_file_cut_off_anywhere_is_read_or_refused_and_nothing_else(kind):
    exif = Image.Exif()
    exif[0x0112] = 6
    content = saved(picture((64, 64)), kind, exif=exif)
    for length in range(len(content)):
        with suppress(ImageError):
            read(uploaded(content[:length]), min_side=1)


def test_an_end_before_the_first_scan_hides_nothing():
    plain = saved(picture(), "JPEG")
    hidden = plain[:20] + b"\xff\xd9" + segment(0xE5) * 2000 + plain[20:]
    with pytest.raises(picture_parts.Malformed):
        parts_of(hidden)


def test_a_picture_of_another_colour_order_stays_so():
    red = saved(picture(color=(255, 0, 0)), "JPEG", keep_rgb=True)
    assert near(read(uploaded(red)).getpixel((9, 9)), (255, 0, 0))


@pytest.mark.parametrize("code", [0x02, 0x4F, 0xBF])
def test_a_marker_that_has_no_segment_hides_no_scans(code):
    """A decoder drops it between restarts and meets the scans behind it."""
    whole = saved(noise(), "JPEG")
    hidden = bytes([0xFF, code, 0xFF, 0xFF]) + segment(0xDA, bytes(10)) * 4000
    jpeg = whole.removesuffix(b"\xff\xd9") + hidden + b"\xff\xd9"
    with pytest.raises(picture_parts.Malformed):
        parts_of(jpeg)
    assert refusal(jpeg)
