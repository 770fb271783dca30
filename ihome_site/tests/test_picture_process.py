"""A visitor's picture is decoded in a process that may take only so much, and knows nothing."""

import json
import resource
import sys
from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from ihome_site import images, pictures
from ihome_site.images import AVATAR_WIDTHS, PHOTO_WIDTHS, ImageError
from ihome_site.pictures import Encoded, Refused
from ihome_site.tests.test_images import picture, saved, uploaded
from ihome_site.tests.worst_pictures import webp_of_countless_tables

BROKEN = "不完整或已损坏"


@pytest.fixture
def decoder(monkeypatch):
    """Lets a test put another program in the place of the decoder."""

    def put(code):
        monkeypatch.setattr(images, "DECODER", ["-c", code])

    return put


def test_it_makes_what_this_process_would():
    content = saved(picture((2000, 1500)), "JPEG")
    encoded = images.take(uploaded(content), PHOTO_WIDTHS)
    assert encoded == images.encode_all(images.read(uploaded(content)), PHOTO_WIDTHS)
    square = images.take(uploaded(content), AVATAR_WIDTHS, 64, square=True)
    assert (square.width, square.height) == (256, 256)


@pytest.mark.parametrize("reason", Refused.REASONS)
def test_each_refusal_has_a_sentence_of_its_own(reason):
    sentences = [images.sentence_for(each, 200) for each in Refused.REASONS]
    assert sentences.count(images.sentence_for(reason, 200)) == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (saved(picture((100, 240))), "宽和高都至少要 200 像素"),
        (saved(picture(), "GIF"), "只能上传"),
        (saved(picture(), save_all=True, append_images=[picture(color=(0, 0, 9))]), "不支持动图"),
        (saved(picture())[:-40], BROKEN),
    ],
)
def test_it_tells_why_it_refuses(content, sentence):
    with pytest.raises(ImageError, match=sentence):
        images.take(uploaded(content), PHOTO_WIDTHS)


def test_a_picture_that_wants_too_much_memory_is_refused():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ImageError):
        images.take(ContentFile(webp_of_countless_tables()), PHOTO_WIDTHS)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KB


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import os; os.abort()",
        "raise MemoryError",
        "print('{')",
        "print()",
        'import os; os.write(1, b\'{"width": 9, "height": 9, "files": [[9, 5]]}\\nfour\')',
    ],
    ids=["never ends", "is killed", "fails", "no JSON", "says nothing", "is cut off"],
)
def test_a_decoder_that_was_led_astray_is_a_sentence(decoder, code, caplog):
    start = "import sys; from ihome_site import pictures; "
    start += "pictures.LIMITS['RLIMIT_CPU'] = 1; pictures.limit_this_process()\n"
    decoder(start + code)
    with pytest.raises(ImageError, match=BROKEN):
        images.take(uploaded(saved(picture())), PHOTO_WIDTHS)


def test_a_decoder_that_is_given_no_processor_is_not_waited_for(decoder, monkeypatch, caplog):
    monkeypatch.setattr(images, "LONGEST_DECODING", 0.5)
    decoder("import time; time.sleep(60)")
    with pytest.raises(ImageError, match=BROKEN):
        images.take(uploaded(saved(picture())), PHOTO_WIDTHS)
    assert "a picture was not decoded in 0.5 seconds" in caplog.text


def test_a_limit_that_is_lower_already_stays(decoder, tmp_path):
    seen = tmp_path / "limits"
    decoder(
        "import resource as r; from ihome_site import pictures; r.setrlimit(r.RLIMIT_CPU, (9, 9));"
        f"pictures.limit_this_process(); open({str(seen)!r}, 'w').write("
        "repr([r.getrlimit(r.RLIMIT_CPU), r.getrlimit(r.RLIMIT_CORE)]))"
    )
    with pytest.raises(ImageError):
        images.take(uploaded(saved(picture())), PHOTO_WIDTHS)
    assert seen.read_text() == "[(9, 9), (0, 0)]"


def test_it_sees_none_of_the_sites_secrets(decoder, monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_KEY", "a secret")
    monkeypatch.setenv("DATABASE_URL", "mysql://somebody:secret@127.0.0.1/ihome")
    seen = tmp_path / "environment"
    decoder(f"import os; open({str(seen)!r}, 'w').write(repr(dict(os.environ)))")
    with pytest.raises(ImageError):
        images.take(uploaded(saved(picture())), PHOTO_WIDTHS)
    assert "PATH" in seen.read_text()
    assert "ecret" not in seen.read_text()


def test_it_starts_without_the_site(decoder, tmp_path):
    """Django would take it a second and 40 MB."""
    seen = tmp_path / "modules"
    decoder(
        f"import sys; from ihome_site import pictures; open({str(seen)!r}, 'w').write("
        "' '.join(sys.modules))"
    )
    with pytest.raises(ImageError):
        images.take(uploaded(saved(picture())), PHOTO_WIDTHS)
    assert {"PIL.Image", "ihome_site.pictures"} <= set(seen.read_text().split())
    assert "django" not in seen.read_text().split()


def test_the_answer_is_read_as_it_was_written():
    content = saved(picture((300, 240)))
    order = {"widths": [128, 256], "min_side": 64, "square": True}
    encoded = pictures.parsed(pictures.answer(order, content))
    assert isinstance(encoded, Encoded)
    assert (encoded.width, encoded.height, list(encoded.files)) == (240, 240, [128, 240])
    with pytest.raises(Refused, match="too small"):
        pictures.parsed(pictures.answer(order | {"min_side": 999}, content))


def test_the_program_answers_on_its_standard_output(monkeypatch, capfdbinary, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(saved(picture()))
    order = json.dumps({"widths": [200], "min_side": 64, "square": False})
    monkeypatch.setattr(sys, "argv", ["pictures", order])
    monkeypatch.setattr(pictures, "LIMITS", {})
    with Path(path).open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        pictures.main()
    sys.stdout.flush()
    assert pictures.parsed(capfdbinary.readouterr().out).width == 200
