"""Stand-ins for the two SMS providers on a free local port.

They check signature, time stamp and parameters with code of their own, so that a mistake
in accounts/sms.py is not repeated here.
"""

import base64
import hashlib
import hmac
import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, urlsplit

ALIYUN_SECRET = "aliyun-secret-7Qx"
YUNTONGXUN_TOKEN = "yuntongxun-token-9Zk"
BEIJING = timezone(timedelta(hours=8))
MISCHIEF = {
    "500": (500, b"oops"),
    "500 that says OK": (500, b'{"Code": "OK", "statusCode": "000000"}'),
    "garbage": (200, b"<html>\xff\xfe not JSON"),
    "not an object": (200, b"[]"),
    "nested": (200, b"[" * 8000),
    "too long": (200, b'{"Code": "OK", "statusCode": "000000"}' + b" " * 20_000),
    "refuse": (200, b'{"Code": "isv.AMOUNT_NOT_ENOUGH", "statusCode": "160042"}'),
}


class FakeProvider(BaseHTTPRequestHandler):
    """The server object carries `mode`, `sent` (accepted messages), `hits` and the time
    by which its clock is `ahead`."""

    def do_POST(self):
        self.server.hits += 1
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        mode = self.server.mode
        if mode == "hang":
            self.server.closing.wait(5)
        elif mode == "trickle":
            self.trickle()
        elif mode == "hang up":
            self.close_connection = True
        elif mode == "redirect":
            self.answer(307, b"", Location=self.path)
        elif mode == "echo":
            self.answer(200, json.dumps({"Code": body[:60], "statusCode": body[:60]}).encode())
        elif mode in MISCHIEF:
            self.answer(*MISCHIEF[mode])
        else:
            self.check(body)

    def check(self, body):
        error, accepted = self.verdict(body)
        if accepted:
            self.server.sent.append(accepted)
        status, field = (400 if error else 200), self.code_field
        self.answer(status, json.dumps({field: error or self.ok, "Message": body}).encode())

    def is_recent(self, moment):
        now = datetime.now(UTC) + self.server.ahead
        return abs(now - moment) < timedelta(minutes=15)

    def trickle(self):
        self.send_response(200)
        self.send_header("Content-Length", "500")
        self.end_headers()
        while not self.server.closing.wait(0.05):
            try:
                self.wfile.write(b" ")
            except OSError:
                return

    def answer(self, status, content, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


class FakeAliyun(FakeProvider):
    code_field, ok = "Code", "OK"

    def verdict(self, body):
        """(error code or None, what was accepted or None)."""
        form = dict(parse_qsl(body, keep_blank_values=True))
        fixed = {
            "AccessKeyId": "aliyun-id",
            "Action": "SendSms",
            "Format": "JSON",
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignName": "爱家 租房*~+",
            "TemplateCode": "SMS_1",
            "Version": "2017-05-25",
        }
        if not fixed.items() <= form.items():
            return "InvalidParameter", None
        if form.pop("Signature", "") != self.signature(form):
            return "SignatureDoesNotMatch", None
        stamp = datetime.strptime(form["Timestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if not self.is_recent(stamp):
            return "InvalidTimeStamp.Expired", None
        if form["SignatureNonce"] in self.server.nonces:
            return "SignatureNonceUsed", None
        self.server.nonces.add(form["SignatureNonce"])
        return None, (form["PhoneNumbers"], json.loads(form["TemplateParam"]))

    def signature(self, form):
        def encoded(text):
            return quote(text, safe="").replace("+", "%20").replace("*", "%2A")

        pairs = sorted((encoded(name), encoded(value)) for name, value in form.items())
        query = encoded("&".join("=".join(pair) for pair in pairs))
        key = (ALIYUN_SECRET + "&").encode()
        mac = hmac.digest(key, f"{self.command}&{encoded('/')}&{query}".encode(), "sha1")
        return base64.b64encode(mac).decode()


class FakeYuntongxun(FakeProvider):
    code_field, ok = "statusCode", "000000"

    def verdict(self, body):
        """(error code or None, what was accepted or None)."""
        parts = urlsplit(self.path)
        sid, _, stamp = base64.b64decode(self.headers["Authorization"]).decode().partition(":")
        if parts.path != f"/2013-12-26/Accounts/{sid}/SMS/TemplateSMS" or sid != "yun-sid":
            return "160000", None
        signed = hashlib.new("md5", (sid + YUNTONGXUN_TOKEN + stamp).encode()).hexdigest()
        if parts.query != f"sig={signed.upper()}":
            return "111141", None
        sent_at = datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=BEIJING)
        if not self.is_recent(sent_at):
            return "111142", None
        message = json.loads(body)
        if (message["appId"], message["templateId"]) != ("yun-app", "1"):
            return "160038", None
        return None, (message["to"], message["datas"])


@contextmanager
def serving(handler):
    """A running fake; `server.url` is its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads, server.block_on_close = True, False
    server.mode, server.hits, server.sent, server.nonces = "accept", 0, [], set()
    server.ahead = timedelta(0)
    server.closing = threading.Event()
    server.url = f"http://127.0.0.1:{server.server_port}"
    # The default poll of half a second would be half a second a test.
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
