"""Hostile files sent to a running server: what it reads and keeps, and how much memory it takes."""

import io
import socket
import threading
import zlib
from pathlib import Path

import pytest
from django.conf import settings
from PIL import Image

from houses.models import HouseImage
from ihome_site import images
from ihome_site.testing import house_of_wang, wang
from ihome_site.tests.serving import Visitor, serving

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
MEGABYTE = 1024 * 1024
MARK = b"planted-4711"


def jpeg(size=(800, 600), **options):
    file = io.BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(file, "JPEG", **options)
    return file.getvalue()


def huge_png(side):
    """A PNG of side × side pixels in a few kilobytes."""

    def chunk(kind, data):
        check = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + check

    header = side.to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    rows = zlib.compress(bytes(3 * side + 1) * side, 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def animated(frames):
    file = io.BytesIO()
    pictures = [Image.new("RGB", (400, 300), (n, 0, 0)) for n in range(frames)]
    pictures[0].save(file, "WEBP", save_all=True, append_images=pictures[1:])
    return file.getvalue()


def with_exif():
    exif = Image.Exif()
    exif[0x010E] = MARK.decode()
    exif.get_ifd(0x8825)[1] = "N"
    return jpeg(exif=exif, comment=MARK)


REFUSED = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "gif": b"GIF89a" + MARK,
    "empty": b"",
    "truncated": jpeg()[:3000],
    "14,000 pixels square": huge_png(14_000),
    "60 frames": animated(60),
    "php": b"\xff\xd8\xff\xe0<?php system($_GET[0]);",
    # Read to its end: where the server stops reading, it hangs up, and the answer may be lost.
    "just too large": jpeg() + b"x" * images.MAX_BYTES,
}
TAKEN = {
    "exif and comment": with_exif(),
    "zip behind": jpeg() + b"PK\x03\x04" + MARK,
    "html behind": jpeg() + b"<script>" + MARK,
    "50 Mpx": jpeg((8660, 5770), quality=20),
}
NAMES = ["../../x.jpg", "a.php.jpg", "x" * 300 + ".jpg", "照片.jpg", "a.svg"]


def peak_memory(server):
    """The largest resident set of any worker so far, in MB."""
    peaks = []
    for pid in server.worker_pids():
        status = Path(f"/proc/{pid}/status").read_text()
        peaks.append(int(status.split("VmHWM:")[1].split()[0]) // 1024)
    return max(peaks)


def send(visitor, path, content, name="a.jpg"):
    form = {"csrfmiddlewaretoken": visitor.CSRF}
    return visitor.ask("POST", path, data=form, files={"house_image": (name, content)})


def media_files():
    return {file for file in Path(settings.MEDIA_ROOT).rglob("*") if file.is_file()}


def test_hostile_files(collected_static, figure):
    house = house_of_wang()
    path = f"/houses/{house.pk}/images/"
    before = media_files()
    with serving(workers=2, threads=4) as server:
        visitor = Visitor(server, wang())
        for name, content in REFUSED.items():
            assert send(visitor, path, content).status_code in {400, 413}, name
        assert not HouseImage.objects.exists()
        for name, content in zip(NAMES, [*TAKEN.values(), jpeg()], strict=True):
            assert send(visitor, path, content, name).status_code == 302, name
        peak = peak_memory(server)
    stored = media_files() - before
    planted = [file.name for file in stored if MARK in file.read_bytes()]
    figure("files with planted bytes", len(planted), "0")
    figure("hostile uploads: a worker's peak MB", peak, "≤ 350")
    assert planted == []
    assert stored
    assert all(file.suffix == ".webp" for file in stored)
    assert peak <= 350


class Flood:
    """A body of any length, sent as fast as the server takes it."""

    def __init__(self, server, visitor, path, length, head, announced=True):
        address = ("127.0.0.1", int(server.url.rsplit(":", 1)[1]))
        self.socket = socket.create_connection(address, timeout=30)
        # The kernel's own buffer must not look like something the server has read.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * 1024)
        cookies = "; ".join(f"{name}={value}" for name, value in visitor.browser.cookies.items())
        size = f"Content-Length: {length}" if announced else "Transfer-Encoding: chunked"
        self.socket.sendall(
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\n"
            f"X-CSRFToken: {visitor.CSRF}\r\n{size}\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\n\r\n".encode()
        )
        self.announced, self.length, self.sent, self.answer = announced, length, 0, b""
        reader = threading.Thread(target=self.read, daemon=True)
        reader.start()
        self.send(head)
        reader.join(30)

    def read(self):
        try:
            while data := self.socket.recv(65536):
                self.answer += data
        except OSError:
            pass

    def send(self, head):
        piece = bytes(64 * 1024)
        try:
            self.push(head)
            while self.sent < self.length:
                self.push(piece)
        except OSError:  # the server has hung up
            return

    def push(self, data):
        chunk = data if self.announced else f"{len(data):x}\r\n".encode() + data + b"\r\n"
        self.socket.sendall(chunk)
        self.sent += len(data)

    @property
    def status(self):
        return int(self.answer.split(b" ", 2)[1]) if self.answer else None


HEAD = b'--b\r\nContent-Disposition: form-data; name="house_image"; filename="a.jpg"\r\n\r\n'


@pytest.mark.parametrize(
    ("name", "path", "length", "announced"),
    [
        ("200 MB of photos", "/houses/{}/images/", 200, True),
        ("100 MB in one photo", "/houses/{}/images/", 100, True),
        ("200 MB for an avatar", "/accounts/avatar/", 200, True),
        ("200 MB where no files go", "/accounts/name/", 200, True),
        ("200 MB of unknown length", "/houses/{}/images/", 200, False),
    ],
)
def test_a_stream_is_not_read_to_its_end(collected_static, figure, name, path, length, announced):
    house = house_of_wang()
    with serving(workers=1, threads=4) as server:
        visitor = Visitor(server, wang())
        flood = Flood(server, visitor, path.format(house.pk), length * MEGABYTE, HEAD, announced)
        peak = peak_memory(server)
        assert Visitor(server).get("/healthz").status_code == 200
    figure(f"{name}: MB sent, kernel buffers included", round(flood.sent / MEGABYTE, 1), "≤ 16")
    figure(f"{name}: the worker's peak MB", peak, "≤ 350")
    # A client that still sends may see the connection cut before it reads the answer.
    assert flood.status in {413, 400, None}
    # What the application reads is counted in test_odd_requests.
    assert flood.sent <= 16 * MEGABYTE
    assert peak <= 350
    assert not HouseImage.objects.exists()
