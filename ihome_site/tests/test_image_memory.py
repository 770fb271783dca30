"""What keeps the memory of a picture down, and that nobody sees it in the picture."""

import io
import struct

import pytest
from PIL import Image, ImageFile

from ihome_site import images, pictures
from ihome_site.images import PHOTO_WIDTHS, ImageError, read
from ihome_site.tests.test_images import picture, refusal, saved, uploaded


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("lossless", [True, False])
def test_a_webp_decoded_in_three_copies_is_the_same_picture(mode, lossless):
    drawn = Image.merge(mode, [Image.effect_noise((300, 240), 90) for _band in mode])
    content = io.BytesIO(saved(drawn, "WEBP", lossless=lossless))
    with Image.open(content) as plain, Image.open(content) as spared:
        plain.load()
        assert pictures.decode_webp(spared).convert(plain.mode).tobytes() == plain.tobytes()


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_slim_tower_becomes_4800_high(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    size = (1000, 6000) if orientation == 1 else (6000, 1000)
    for kind in ("JPEG", "PNG"):
        assert read(uploaded(saved(picture(size), kind, exif=exif))).size == (800, 4800)


def test_scaling_in_strips_leaves_no_seams():
    drawn = Image.linear_gradient("L").resize((1900, 1300), Image.Resampling.BICUBIC)
    whole = drawn.convert("RGB").resize((1600, 1095), Image.Resampling.LANCZOS)
    assert read(uploaded(saved(drawn))).tobytes() == whole.tobytes()


def test_a_refusal_does_not_hold_the_uploads_bytes():
    with pytest.raises(ImageError, match="已损坏") as caught:
        images.take(uploaded(saved(picture())[:-40]), PHOTO_WIDTHS)
    frames = [frame.name for frame in caught.traceback]
    assert (frames[-1], caught.value.__context__) == ("take", None)


@pytest.mark.parametrize(("side", "too_large"), [(4240, False), (4244, True)])
def test_a_progressive_cmyk_jpeg_may_have_18_megapixels(monkeypatch, side, too_large):
    monkeypatch.setattr(ImageFile.ImageFile, "load", None)
    content = saved(picture((304, 240), (9,) * 4, "CMYK"), "JPEG", progressive=True)
    claiming = content.replace(struct.pack(">HH", 240, 304), struct.pack(">HH", side, side))
    assert ("尺寸太大" in refusal(claiming)) == too_large
