"""Sending one SMS code through the backend named in the settings.

Rules of the providers come from
- Aliyun: 短信服务 API 2017-05-25 «SendSms» and «V2版本RPC风格请求体&签名机制» (help.aliyun.com);
- Yuntongxun: «模板短信接口» REST 2013-12-26 (doc.yuntongxun.com).
"""

import base64
import hashlib
import hmac
import json
import logging
import os
import re
import sys
import threading
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

import requests
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from urllib3.exceptions import NewConnectionError

logger = logging.getLogger("ihome.sms")
# Its DEBUG lines carry Yuntongxun's signature, which is good for 24 hours.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

CONNECT_SECONDS, READ_SECONDS = 2, 5
LINE_SECONDS = 0.2  # to wait for a line; longer would hold up the pages that follow
# Messages under way at once in one server process; a slow provider holds no more threads.
LINES = threading.BoundedSemaphore(3)
ANSWER_BYTES = 8192  # real answers have a few hundred
UNREADABLE = "unreadable"
MINUTES_VALID = "5"  # the second placeholder of Yuntongxun's template
ALIYUN_ENDPOINT = "https://dysmsapi.aliyuncs.com"
YUNTONGXUN_ENDPOINT = "https://app.cloopen.com:8883"


class SmsError(Exception):
    """The message was not sent; the text can be shown to the visitor."""


class NotTaken(SmsError):
    """… and it cannot arrive either: the provider was not reached, or said no."""


class AnswerError(ValueError):
    """What a provider answered cannot be used."""


class PlainHttpError(AnswerError):
    """The endpoint in the settings would carry the code in clear."""


def send(mobile, code, purpose):
    """Send `code` to `mobile` (11 digits) by settings.SMS_BACKEND.

    `purpose` is written by the console and file backends; the providers' one template
    serves every purpose. Raises SmsError when the message cannot be sent; NotTaken when it
    is certain besides that it does not arrive.
    """
    BACKENDS[settings.SMS_BACKEND](mobile, code, purpose)


def to_console(mobile, code, purpose):
    sys.stdout.write(f"SMS {mobile} {purpose} {code}\n")
    sys.stdout.flush()


def to_file(mobile, code, purpose):
    """Append one JSON line to settings.SMS_FILE."""
    now = timezone.localtime().isoformat()
    line = json.dumps({"mobile": mobile, "code": code, "purpose": purpose, "time": now}) + "\n"
    path = Path(settings.SMS_FILE)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # One write to a file opened for appending: lines of several processes do not mix.
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)
    except OSError as error:
        reason = type(error).__name__
    else:
        return
    raise failure("file", mobile, reason, NotTaken)


def to_aliyun(mobile, code, purpose):
    """Aliyun SendSms. By POST, so that neither mobile nor code stands in a URL."""
    form = {
        "AccessKeyId": settings.ALIYUN_ACCESS_KEY_ID,
        "Action": "SendSms",
        "Format": "JSON",
        "PhoneNumbers": mobile,
        "RegionId": "cn-hangzhou",
        "SignName": settings.ALIYUN_SMS_SIGN,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": uuid.uuid4().hex,
        "SignatureVersion": "1.0",
        "TemplateCode": settings.ALIYUN_SMS_TEMPLATE,
        "TemplateParam": json.dumps({"code": code}),
        "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Version": "2017-05-25",
    }
    form["Signature"] = aliyun_signature("POST", form, settings.ALIYUN_ACCESS_KEY_SECRET)
    endpoint = getattr(settings, "ALIYUN_SMS_ENDPOINT", "") or ALIYUN_ENDPOINT
    status, answer = ask("aliyun", mobile, endpoint, data=form)
    if (status, answer.get("Code")) != (200, "OK"):
        raise refusal("aliyun", mobile, code, status, answer.get("Code"))


def aliyun_signature(method, parameters, secret):
    """Base64 of HMAC-SHA1 over the sorted, percent-encoded parameters (Aliyun's RPC style).

    `parameters` are strings, without Signature. Percent-encoding is RFC 3986's: only
    letters, digits and -_.~ stay, a space is %20.
    """
    query = "&".join(
        f"{quote(name, safe='~')}={quote(value, safe='~')}"
        for name, value in sorted(parameters.items())
    )
    to_sign = f"{method}&%2F&{quote(query, safe='~')}"
    digest = hmac.new(f"{secret}&".encode(), to_sign.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def to_yuntongxun(mobile, code, purpose):
    """Yuntongxun TemplateSMS; its time stamp is Beijing time, whatever this machine's zone."""
    sid = settings.YUNTONGXUN_ACCOUNT_SID
    stamp = datetime.now(ZoneInfo("Asia/Shanghai")).strftime("%Y%m%d%H%M%S")
    signature = yuntongxun_signature(sid, settings.YUNTONGXUN_AUTH_TOKEN, stamp)
    endpoint = getattr(settings, "YUNTONGXUN_ENDPOINT", "") or YUNTONGXUN_ENDPOINT
    status, answer = ask(
        "yuntongxun",
        mobile,
        f"{endpoint}/2013-12-26/Accounts/{sid}/SMS/TemplateSMS?sig={signature}",
        json={
            "to": mobile,
            "appId": settings.YUNTONGXUN_APP_ID,
            "templateId": settings.YUNTONGXUN_TEMPLATE,
            "datas": [code, MINUTES_VALID],
        },
        headers={
            "Authorization": base64.b64encode(f"{sid}:{stamp}".encode()).decode(),
            "Content-Type": "application/json;charset=utf-8",
        },
    )
    if (status, answer.get("statusCode")) != (200, "000000"):
        raise refusal("yuntongxun", mobile, code, status, answer.get("statusCode"))


def yuntongxun_signature(sid, token, stamp):
    """MD5 of account, token and time stamp, in capitals: prescribed, and not our choice."""
    return hashlib.md5(f"{sid}{token}{stamp}".encode(), usedforsecurity=False).hexdigest().upper()


def ask(provider, mobile, url, headers=None, **body):
    """POST to a provider: (HTTP status, the JSON object it answered). Raises SmsError."""
    if not LINES.acquire(timeout=LINE_SECONDS):
        raise failure(provider, mobile, "all lines are taken", NotTaken)
    try:
        return ask_now(provider, mobile, url, headers, **body)
    finally:
        LINES.release()


def ask_now(provider, mobile, url, headers, **body):
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})}
    try:
        refuse_plain_http(url)
        with requests.post(
            url,
            headers=headers,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            stream=True,
            **body,
        ) as response:
            return response.status_code, read_answer(response)
    except (OSError, ValueError, RecursionError) as error:
        # The text of these errors can hold the URL or the answer: only their kind is kept.
        reason, kind = type(error).__name__, NotTaken if never_left(error) else SmsError
    raise failure(provider, mobile, reason, kind)


def never_left(error):
    """True when no connection came about, so that the message is still here for certain."""
    if isinstance(error, PlainHttpError | requests.ConnectTimeout):
        return True
    retries = error.args[0] if isinstance(error, requests.ConnectionError) and error.args else None
    # Refused, unreachable, or a name that DNS does not know.
    return isinstance(getattr(retries, "reason", None), NewConnectionError)


def refuse_plain_http(url):
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
        raise PlainHttpError("the endpoint must be https")


def read_answer(response):
    """The JSON object in `response`, within ANSWER_BYTES and READ_SECONDS in all."""
    deadline = time.monotonic() + READ_SECONDS
    content = bytearray()
    # Byte by byte, because a larger read waits until it is full.
    for byte in response.iter_content(1):
        content += byte
        if len(content) > ANSWER_BYTES or time.monotonic() > deadline:
            raise AnswerError("the answer is too long")
    answer = json.loads(content)
    if not isinstance(answer, dict):
        raise AnswerError("the answer is not an object")
    return answer


def provider_code(value, mobile, code):
    """The provider's own error code, unless it is odd or repeats what we sent."""
    text = str(value)
    odd = re.fullmatch(r"[A-Za-z0-9._-]{1,64}", text) is None
    return UNREADABLE if odd or mobile in text or code in text else text


def refusal(provider, mobile, code, status, said):
    """The SmsError for an answer that is no yes. `said` is the provider's own error code.

    An error of the provider's machines (5xx), or an answer without a code that can be read,
    leaves it open whether the message arrives.
    """
    reason = provider_code(said, mobile, code)
    plain_no = status < 500 and said is not None and reason not in {"OK", "000000", UNREADABLE}
    return failure(provider, mobile, reason, NotTaken if plain_no else SmsError)


def failure(provider, mobile, reason, kind=SmsError):
    """Log `reason` for the operators; the SmsError to raise for the visitor."""
    logger.error("%s did not send to the mobile ending in %s: %s", provider, mobile[-4:], reason)
    return kind(_("短信暂时发不出去，请稍后再试"))


BACKENDS = {
    "console": to_console,
    "file": to_file,
    "aliyun": to_aliyun,
    "yuntongxun": to_yuntongxun,
}
