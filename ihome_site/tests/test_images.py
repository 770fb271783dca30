import io
import re
import struct
import zipfile
import zlib
from contextlib import suppress
from types import SimpleNamespace

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.storage.filesystem import FileSystemStorage
from PIL import Image, ImageFile

from ihome_site import images, pictures
from ihome_site.images import PHOTO_WIDTHS, ImageError, Stored, read
from ihome_site.picture_parts import parts_of

PLANTED = b"PLANTED-7Qx"
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    }
    return tmp_path


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def saved(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def picture(size=(300, 240), color=RED, mode="RGB"):
    return Image.new(mode, size, color)


def uploaded(content, name="photo.jpg"):
    return ContentFile(content, name)


def refusal(content, **options):
    with pytest.raises(ImageError) as caught:
        read(uploaded(content), **options)
    return str(caught.value)


def scans_of(jpeg):
    return parts_of(jpeg).scans


def near(pixel, expected, margin=6):
    return all(abs(a - b) <= margin for a, b in zip(pixel, expected, strict=True))


def png(width, height, rows=b""):
    """A 1-bit grey PNG with the header and the rows given, cheap to make at any size."""

    def chunk(kind, content):
        crc = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + crc

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def with_everything_planted():
    """A JPEG that is also HTML and a zip, with a secret wherever one fits."""
    exif = Image.Exif()
    exif[0x010E] = PLANTED.decode()
    exif.get_ifd(0x8825)[29] = PLANTED.decode()  # GPSDateStamp
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("x.php", PLANTED)
    comment = b"<html><script>alert('" + PLANTED + b"')</script>"
    jpeg = saved(picture((1700, 1300)), "JPEG", exif=exif, comment=comment, icc_profile=PLANTED * 9)
    return jpeg + comment + archive.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_three_formats_are_taken(kind):
    image = read(uploaded(saved(picture(), kind)))
    assert (image.mode, image.size) == ("RGB", (300, 240))
    assert near(image.getpixel((150, 120)), RED)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO", "PDF", "PPM", "JPEG2000"])
def test_other_formats_are_refused(kind):
    assert "只能上传" in refusal(saved(picture(), kind))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<html><script>alert(1)</script></html>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 300 300\n",
        b"\xff\xd8\xff",
        b"RIFF\x10\x00\x00\x00WEBPVP8 ",
    ],
)
def test_what_is_no_picture_is_refused(content):
    assert refusal(content)


def test_nothing_planted_in_the_upload_is_stored(media):
    content = with_everything_planted()
    assert content.count(PLANTED) >= 5
    image = read(uploaded(content))
    assert (image.info, dict(image.getexif())) == ({}, {})
    images.store(image, "houses", PHOTO_WIDTHS)
    assert len(files(media)) == 3
    for name in files(media):
        stored = (media / name).read_bytes()
        assert PLANTED not in stored
        assert re.findall(rb"EXIF|XMP |ICCP|script|PK\x03\x04", stored) == []


def test_text_in_a_png_is_not_stored(media):
    exif = Image.Exif()
    exif[0x010E] = PLANTED.decode()
    content = saved(picture(), exif=exif, icc_profile=PLANTED * 9)
    images.store(read(uploaded(content)), "houses", PHOTO_WIDTHS)
    [name] = files(media)
    assert PLANTED not in (media / name).read_bytes()


def test_the_name_of_the_upload_is_not_used(media):
    upload = uploaded(saved(picture()))
    upload.name = "../x.php"
    images.store(read(upload), "houses", PHOTO_WIDTHS)
    assert re.fullmatch(r"houses/[0-9a-f]{16}\.webp", files(media)[0])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_truncated_file_is_refused(kind):
    content = saved(Image.effect_noise((300, 300), 90), kind)
    assert "已损坏" in refusal(content[: len(content) // 2])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_damaged_file_is_read_or_refused_and_nothing_else(kind):
    content = saved(Image.effect_noise((200, 200), 90), kind)
    for place in range(0, len(content), max(1, len(content) // 80)):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        with suppress(ImageError):
            read(uploaded(bytes(damaged)))


def test_a_file_of_more_than_ten_megabytes_is_not_read():
    unreadable = SimpleNamespace(size=images.MAX_BYTES + 1)
    with pytest.raises(ImageError, match="10 MB"):
        read(unreadable)


def test_a_file_that_lies_about_its_size_is_read_up_to_ten_megabytes():
    content = saved(picture()) + bytes(images.MAX_BYTES)
    upload = uploaded(content)
    upload.size = 1000
    with pytest.raises(ImageError, match="10 MB"):
        read(upload)
    assert upload.tell() == images.MAX_BYTES + 1


@pytest.fixture
def decoding_forbidden(monkeypatch):
    # An error here would come out as «damaged», not as «too large».
    monkeypatch.setattr(ImageFile.ImageFile, "load", None)


@pytest.mark.usefixtures("decoding_forbidden")
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    "size", [(20_000, 20_000), (13_310, 13_310), (12_001, 200), (200, 12_001), (4900, 4899)]
)
def test_a_png_that_is_too_large_is_refused_before_decoding(size):
    assert "尺寸太大" in refusal(png(*size))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_real_bomb_of_177_megapixels_is_refused():
    width = 13_310
    bomb = png(width, width, bytes((width // 8 + 2) * width))
    assert len(bomb) < 50_000
    assert "尺寸太大" in refusal(bomb)


@pytest.mark.filterwarnings("error::PIL.Image.DecompressionBombWarning")
def test_a_bomb_is_called_too_large_where_warnings_are_errors():
    assert "尺寸太大" in refusal(png(13_310, 13_310))


@pytest.mark.parametrize("size", [(12_000, 200), (4898, 4898)])
def test_a_png_within_the_limits_is_taken(size):
    width, height = size
    image = read(uploaded(png(width, height, bytes(((width + 7) // 8 + 1) * height))))
    assert image.size == (1600, round(height * 1600 / width))


def test_a_webp_is_limited_to_16_megapixels():
    assert "尺寸太大" in refusal(saved(picture((4001, 4000)), "WEBP", method=0))


def jpeg_claiming(width, height, **options):
    """A small JPEG whose frame header claims another size."""
    content = saved(picture((304, 240)), "JPEG", **options)
    true = struct.pack(">HH", 240, 304)
    assert content.count(true) == 1
    return content.replace(true, struct.pack(">HH", height, width))


@pytest.mark.usefixtures("decoding_forbidden")
@pytest.mark.parametrize(
    ("size", "options", "too_large"),
    [
        ((8192, 6144), {}, False),  # as phones write it
        ((8193, 6144), {}, True),
        ((4898, 4898), {"progressive": True}, False),
        ((4900, 4900), {"progressive": True}, True),
    ],
)
def test_a_one_pass_jpeg_may_have_50_megapixels_a_progressive_one_24(size, options, too_large):
    assert ("尺寸太大" in refusal(jpeg_claiming(*size, **options))) == too_large


def test_a_progressive_jpeg_of_one_scan_does_not_pass_for_one_pass():
    content = jpeg_claiming(7000, 7000, progressive=True)
    second = content.index(b"\xff\xda", content.index(b"\xff\xda") + 2)
    one_scan = content[:second] + b"\xff\xd9"
    assert scans_of(one_scan) == [3]
    assert "尺寸太大" in refusal(one_scan)


@pytest.mark.parametrize(
    ("size", "orientation", "square", "decoded"),
    [
        ((6400, 3000), 1, False, (1600, 750)),
        ((3000, 6400), 6, False, (750, 1600)),
        ((6400, 3200), 1, True, (3200, 1600)),
        ((2500, 9700), 1, False, (1250, 4850)),  # a slim tower of more than 24 megapixels
    ],
)
def test_a_large_jpeg_is_decoded_small(monkeypatch, size, orientation, square, decoded):
    sizes = []
    monkeypatch.setattr(pictures, "shrink", lambda image, *_: sizes.append(image.size) or image)
    exif = Image.Exif()
    exif[0x0112] = orientation
    read(uploaded(saved(picture(size), "JPEG", exif=exif)), square=square)
    assert sizes == [decoded]


def test_a_jpeg_of_countless_scans_is_refused():
    content = saved(picture(), "JPEG", progressive=True)
    last_scan = content[content.rindex(b"\xff\xda") : -2]
    bomb = content[:-2] + last_scan * 40 + content[-2:]
    assert len(scans_of(content)) < pictures.MAX_SCANS
    assert read(uploaded(content)).size == (300, 240)
    assert "尺寸太大" in refusal(bomb)


def test_a_second_picture_does_not_hide_countless_scans():
    options = {"save_all": True, "append_images": [picture(color=BLUE)], "progressive": True}
    content = saved(picture(), "MPO", **options)
    end = content.index(b"\xff\xd9")
    last_scan = content[content.rindex(b"\xff\xda", 0, end) : end]
    assert "尺寸太大" in refusal(content[:end] + last_scan * 40 + content[end:])


@pytest.mark.parametrize("filler", [b"\xff\x01", b"\xff\xd0", b"\xff\xff"])
def test_scans_cannot_hide_behind_markers_without_length(filler):
    content = saved(picture(), "JPEG", progressive=True)
    first = content.index(b"\xff\xda")
    disguised = content[:first] + filler + content[first:]
    assert scans_of(disguised) == scans_of(content)


def test_a_baseline_jpeg_in_several_scans_does_not_pass_for_one_pass():
    content = bytearray(jpeg_claiming(7000, 7000))
    content[content.index(b"\xff\xda") + 4] = 1  # of three components
    assert "尺寸太大" in refusal(bytes(content))


def test_a_webp_of_60_frames_is_refused():
    frames = [picture((200, 200), (n, n, n)) for n in range(60)]
    content = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    assert "动图" in refusal(content)


def test_an_animated_png_is_refused():
    content = saved(picture(), save_all=True, append_images=[picture(color=BLUE)])
    assert "动图" in refusal(content)


def test_a_phones_jpeg_with_a_second_picture_gives_the_first():
    content = saved(picture(), "MPO", save_all=True, append_images=[picture(color=BLUE)])
    assert near(read(uploaded(content)).getpixel((9, 9)), RED)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_picture_is_turned_upright(orientation, kind):
    upright = picture((300, 360), GREEN)
    upright.paste(RED, (0, 0, 144, 176))
    lying = upright if orientation == 1 else upright.transpose(INVERSE[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = read(uploaded(saved(lying, kind, exif=exif)))
    assert image.size == (300, 360)
    corners = [image.getpixel(at) for at in [(9, 9), (290, 9), (9, 350), (290, 350)]]
    assert all(map(near, corners, [RED, GREEN, GREEN, GREEN]))


INVERSE = pictures.TURNS | {6: pictures.TURNS[8], 8: pictures.TURNS[6]}


def test_a_picture_turned_by_a_quarter_is_made_1600_wide_when_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    content = saved(picture((2400, 2000)), "JPEG", exif=exif)
    assert read(uploaded(content)).size == (1600, 1920)


def test_a_cmyk_jpeg_becomes_rgb():
    content = saved(picture(color=(0, 255, 255, 0), mode="CMYK"), "JPEG", quality=95)
    assert near(read(uploaded(content)).getpixel((9, 9)), RED)


def test_transparency_becomes_white():
    image = picture(mode="RGBA", color=(255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 150, 240))
    seen = read(uploaded(saved(image)))
    assert (seen.getpixel((9, 9)), seen.getpixel((290, 9))) == (BLUE, WHITE)


def test_a_palette_with_transparency_becomes_rgb_on_white():
    image = picture(mode="P", color=1)
    image.putpalette([*BLUE, *RED])
    image.paste(0, (0, 0, 150, 240))
    seen = read(uploaded(saved(image, transparency=1)))
    assert (seen.getpixel((9, 9)), seen.getpixel((290, 9))) == (BLUE, WHITE)


def test_16_bit_grey_keeps_its_shades():
    seen = read(uploaded(saved(picture(color=0x8080, mode="I;16"))))
    assert near(seen.getpixel((9, 9)), (0x80,) * 3, margin=1)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P"])
def test_the_other_modes_become_rgb(mode):
    assert read(uploaded(saved(picture().convert(mode)))).mode == "RGB"


@pytest.mark.parametrize("size", [(1, 1), (199, 900), (900, 199)])
def test_a_tiny_picture_is_refused(size):
    assert "至少要 200 像素" in refusal(saved(picture(size)))


def test_the_least_side_can_be_chosen():
    assert read(uploaded(saved(picture((64, 70)))), min_side=64).size == (64, 70)
    assert "至少要 64 像素" in refusal(saved(picture((63, 70))), min_side=64)


def test_a_square_is_cut_from_the_middle():
    image = picture((900, 300), BLUE)
    image.paste(RED, (300, 0, 600, 300))
    seen = read(uploaded(saved(image)), square=True)
    assert seen.size == (300, 300)
    assert {seen.getpixel(at) for at in [(1, 1), (298, 1), (1, 298), (298, 298)]} == {RED}


def test_a_wide_square_picture_is_cut_before_it_is_made_smaller():
    assert read(uploaded(saved(picture((8000, 400), BLUE))), square=True).size == (400, 400)


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (200, [200]),
        (480, [480]),
        (481, [480, 481]),
        (1024, [480, 960, 1024]),
        (1600, [480, 960, 1600]),
        (5000, [480, 960, 1600]),
    ],
)
def test_no_size_is_larger_than_the_picture(width, expected):
    assert images.widths_for(width, PHOTO_WIDTHS) == expected


def test_every_size_is_stored_under_the_names_that_sizes_tells(media):
    stored = images.store(picture((1024, 768)), "houses", PHOTO_WIDTHS)
    stem = stored.name.removesuffix(".webp")
    assert stored == Stored(stored.name, 1024, 768)
    assert images.sizes(stored.name, stored.width, PHOTO_WIDTHS) == [
        (f"{stem}-480.webp", 480),
        (f"{stem}-960.webp", 960),
        (stored.name, 1024),
    ]
    for name, width in images.sizes(stored.name, stored.width, PHOTO_WIDTHS):
        with Image.open(media / name) as image:
            assert (image.format, image.size) == ("WEBP", (width, width * 3 // 4))
    assert len(files(media)) == 3


def test_an_avatar_is_stored_in_one_size(media):
    image = read(uploaded(saved(picture((900, 300)))), square=True)
    stored = images.store(image, "avatars", images.AVATAR_WIDTHS)
    assert stored == Stored(stored.name, 256, 256)
    assert files(media) == [stored.name]


def test_what_was_encoded_once_is_stored_twice_under_different_names(media):
    encoded = images.encode_all(picture((500, 400)), PHOTO_WIDTHS)
    one, two = (images.store_encoded(encoded, "houses") for _ in range(2))
    assert one.name != two.name
    assert (media / one.name).read_bytes() == (media / two.name).read_bytes()


def test_deleting_removes_every_size(media):
    stored = images.store(picture((1024, 768)), "houses", PHOTO_WIDTHS)
    images.delete(stored.name, stored.width, PHOTO_WIDTHS)
    assert files(media) == []
    images.delete(stored.name, stored.width, PHOTO_WIDTHS)


class Full(Exception):
    pass


def test_a_storage_that_fails_keeps_nothing(media, monkeypatch):
    save, calls = FileSystemStorage.save, []

    def save_two(storage, name, content):
        calls.append(name)
        if len(calls) > 2:
            raise Full
        return save(storage, name, content)

    monkeypatch.setattr(FileSystemStorage, "save", save_two)
    with pytest.raises(Full):
        images.store(picture((1024, 768)), "houses", PHOTO_WIDTHS)
    assert (len(calls), files(media)) == (3, [])


def test_deleting_never_raises_and_goes_on(media, monkeypatch):
    stored = images.store(picture((1024, 768)), "houses", PHOTO_WIDTHS)
    delete, calls = FileSystemStorage.delete, []

    def fail_first(storage, name):
        calls.append(name)
        if len(calls) == 1:
            raise Full
        delete(storage, name)

    monkeypatch.setattr(FileSystemStorage, "delete", fail_first)
    images.delete(stored.name, stored.width, PHOTO_WIDTHS)
    assert (len(calls), files(media)) == (3, [calls[0]])
    assert default_storage.exists(calls[0])
