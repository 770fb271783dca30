"""A stand-in for Qiniu on a free local port: upload, management, listing and download.

It checks tokens and signatures with code of its own, after Qiniu's documents 上传凭证 and
管理凭证, and refuses wrong ones.
"""

import base64
import hmac
import json
import time
import zlib
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote, urlsplit

ACCESS_KEY, SECRET_KEY, BUCKET = "qiniu-access", "qiniu-secret-5Tm", "rooms"
PUT_TIME = 16_000_000_001_234_567


def signature(text):
    return base64.urlsafe_b64encode(hmac.digest(SECRET_KEY.encode(), text, "sha1")).decode()


def looks_like_an_image(content):
    return content[:4] in {b"RIFF", b"\x89PNG"} or content[:3] == b"\xff\xd8\xff"


class FakeQiniu(BaseHTTPRequestHandler):
    """The server object carries `objects` ({key: bytes}), `policies` and `mode`."""

    def handle_one(self):
        self.server.hits += 1
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length)
        mode = self.server.mode
        if mode == "hang":
            self.server.closing.wait(5)
        elif mode == "garbage":
            self.answer(200, b"<html>")
        elif mode == "not Qiniu":
            self.answer(200, b"{}", request_id=None)
        elif isinstance(mode, int):
            self.answer(mode, b'{"error": "mode"}')
        else:
            self.route()

    do_GET = do_POST = handle_one

    def route(self):
        path = urlsplit(self.path).path
        if self.command == "POST" and path == "/":
            self.upload()
        elif path == "/v4/query":
            self.region()
        elif path == "/list" or path.startswith(("/stat/", "/delete/")):
            self.manage(path)
        else:
            content = self.server.objects.get(unquote(path[1:]))
            self.answer(404 if content is None else 200, content or b"")

    def answer(self, status, content, request_id="request-1"):
        content = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        if request_id:
            self.send_header("X-Reqid", request_id)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def upload(self):
        form = self.form()
        status = self.upload_status(form)
        if status == 200:
            self.server.objects[form["key"].decode()] = form["file"]
        key = form["key"].decode()
        self.answer(status, {"key": key, "hash": "x"} if status == 200 else {"error": status})

    def form(self):
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        message = message_from_bytes(head + self.body, policy=policy.HTTP)
        return {
            part.get_param("name", header="Content-Disposition"): part.get_payload(decode=True)
            for part in message.iter_parts()
        }

    def upload_status(self, form):
        access_key, sign, encoded = form["token"].decode().split(":")
        if access_key != ACCESS_KEY or sign != signature(encoded.encode()):
            return 401
        rules = json.loads(base64.urlsafe_b64decode(encoded))
        self.server.policies.append(rules)
        key, content = form["key"].decode(), form["file"]
        if not 0 < rules["deadline"] - time.time() - self.server.ahead.total_seconds() <= 600:
            return 401
        if int(form.get("crc32", 0)) != zlib.crc32(content):
            return 406
        if rules["scope"] != f"{BUCKET}:{key}" or len(content) > rules["fsizeLimit"]:
            return 403
        # detectMime: what the content is counts, not what the sender says it is.
        by_content = rules["mimeLimit"] == "image/*" and rules["detectMime"] == 1
        if by_content and not looks_like_an_image(content):
            return 403
        return 614 if rules.get("insertOnly") == 1 and key in self.server.objects else 200

    def is_signed(self):
        date, kind = self.headers["X-Qiniu-Date"], self.headers["Content-Type"]
        sent_at = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if abs(datetime.now(UTC) + self.server.ahead - sent_at) > timedelta(minutes=15):
            return False
        text = (
            f"{self.command} {self.path}\nHost: {self.headers['Host']}\n"
            f"Content-Type: {kind}\nX-Qiniu-Date: {date}\n\n"
        )
        expected = f"Qiniu {ACCESS_KEY}:{signature(text.encode() + self.body)}"
        return self.headers["Authorization"] == expected

    def manage(self, path):
        if not self.is_signed():
            self.answer(401, {"error": "bad token"})
        elif path == "/list":
            self.listing(parse_qs(urlsplit(self.path).query))
        else:
            self.manage_object(*path.strip("/").split("/"))

    def manage_object(self, action, entry):
        bucket, _, key = base64.urlsafe_b64decode(entry).decode().partition(":")
        if bucket != BUCKET or key not in self.server.objects:
            self.answer(612, {"error": "no such file or directory"})
        elif action == "delete":
            del self.server.objects[key]
            self.answer(200, b"")
        else:
            size = len(self.server.objects[key])
            self.answer(200, {"fsize": size, "putTime": PUT_TIME, "mimeType": "image/webp"})

    def listing(self, query):
        """Two keys a page; the marker is the number of keys already told."""
        prefix, begin = query.get("prefix", [""])[0], int(query.get("marker", ["0"])[0])
        below = sorted(key for key in self.server.objects if key.startswith(prefix))
        files = [key for key in below if "/" not in key[len(prefix) :]]
        folders = {prefix + key[len(prefix) :].split("/")[0] + "/" for key in below} - {
            f"{key}/" for key in files
        }
        page = {"items": [{"key": key} for key in files[begin : begin + 2]]}
        if begin == 0 and folders:
            page["commonPrefixes"] = sorted(folders)
        if begin + 2 < len(files):
            page["marker"] = str(begin + 2)
        self.answer(200, page)

    def region(self):
        query = parse_qs(urlsplit(self.path).query)
        if query != {"ak": [ACCESS_KEY], "bucket": [BUCKET]}:
            self.answer(631, {"error": "no such bucket"})
            return
        services = {
            name: {"domains": [f"{name}.example", f"{name}-2.example"]}
            for name in ("up", "rs", "rsf", "io", "api", "uc")
        }
        self.answer(200, {"hosts": [{"region": "z0", "ttl": 86400, **services}]})

    def log_message(self, *arguments):
        pass
