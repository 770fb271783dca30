"""Pictures in Qiniu's object storage (Kodo), served from the bucket's public domain.

Rules come from Qiniu's developer documents: «上传策略» (put-policy) for the upload,
«错误响应» (error-responses) for the status codes. The SDK signs and sends; what it is given
here is the hosts, https and limits in time, which it lacks by default.
"""

import io
from datetime import UTC, datetime

import qiniu
import requests
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.utils import timezone
from django.utils.encoding import filepath_to_uri
from django.utils.functional import cached_property
from qiniu.http.endpoint import Endpoint
from qiniu.http.region import Region, ServiceName
from qiniu.http.regions_provider import QueryRegionsProvider
from qiniu.services.storage.uploaders import FormUploader
from storages.base import BaseStorage
from storages.utils import setting
from urllib3 import Retry

from ihome_site.images import MAX_BYTES

# (connect, read) in seconds: below the 8 within which a visitor hears that it failed.
TIMEOUT = (2, 5)
TOKEN_SECONDS = 300
REGION_URL = "https://uc.qiniuapi.com"
MISSING = 612

# The SDK waits 30 seconds, and connects four times over plain HTTP. It keeps this per process.
qiniu.set_default(connection_timeout=TIMEOUT, connection_retries=Retry(0, read=False))


class QiniuError(OSError):
    """Qiniu refused or did not answer. An OSError, as a full disk would be."""


class QiniuStorage(BaseStorage):
    """Django's storage interface over one bucket; an object, once saved, is never changed."""

    def __init__(self, **options):
        super().__init__(**options)
        for name in ("access_key", "secret_key", "bucket", "domain"):
            if not getattr(self, name):
                raise ImproperlyConfigured(f"QINIU_{name.upper()} must be set")
        self.auth = qiniu.Auth(self.access_key, self.secret_key)

    def get_default_settings(self):
        return {
            "access_key": setting("QINIU_ACCESS_KEY"),
            "secret_key": setting("QINIU_SECRET_KEY"),
            "bucket": setting("QINIU_BUCKET"),
            "domain": setting("QINIU_DOMAIN"),
            "upload_url": setting("QINIU_UPLOAD_URL"),
            "rs_url": setting("QINIU_RS_URL"),
            "rsf_url": setting("QINIU_RSF_URL"),
        }

    @cached_property
    def region(self):
        """One host for each service: with a second one the SDK would wait twice as long."""
        chosen = {
            ServiceName.UP: self.upload_url,
            ServiceName.RS: self.rs_url,
            ServiceName.RSF: self.rsf_url,
        }
        services = {
            service: [Endpoint.from_host(url.rstrip("/"))] for service, url in chosen.items() if url
        }
        for service in chosen.keys() - services.keys():
            services[service] = self.bucket_region.services[service][:1]
        return Region(services=services)

    @cached_property
    def bucket_region(self):
        """Where Qiniu keeps the bucket: asked once in a process, unless the asking fails."""
        hosts = [Endpoint.from_host(REGION_URL)]
        query = QueryRegionsProvider(self.access_key, self.bucket, hosts, preferred_scheme="https")
        try:
            return next(iter(query))
        except Exception as error:  # the SDK lets out whatever it meets
            raise QiniuError(f"Qiniu region: {type(error).__name__}") from error

    @property
    def manager(self):
        # No preferred scheme: that of each host counts, which is https unless set otherwise.
        return qiniu.BucketManager(self.auth, regions=[self.region], preferred_scheme=None)

    def get_available_name(self, name, max_length=None):
        # Asking Qiniu would cost a request a file; the upload itself refuses a taken name.
        return name

    def _save(self, name, content):
        policy = {
            "insertOnly": 1,
            "detectMime": 1,
            "mimeLimit": "image/*",
            "fsizeLimit": MAX_BYTES,
        }
        token = self.auth.upload_token(self.bucket, name, TOKEN_SECONDS, policy)
        uploader = FormUploader(self.bucket, regions=[self.region], preferred_scheme=None)
        content.seek(0)
        body = io.BytesIO(content.read())
        answer, response = uploader.upload(key=name, data=body, up_token=token)
        return succeeded("upload", answer, response, "key")["key"]

    def _open(self, name, mode="rb"):
        if mode != "rb":
            raise ValueError("objects are opened for reading only")
        try:
            with requests.get(self.url(name), timeout=TIMEOUT, stream=True) as response:
                status, content = response.status_code, read_limited(response)
        except requests.RequestException as error:
            raise QiniuError(f"Qiniu download: {type(error).__name__}") from error
        if status == 404:
            raise FileNotFoundError(name)
        if status != 200:
            raise QiniuError(f"Qiniu download: status {status}")
        return ContentFile(content, name=name)

    def stat(self, name):
        """What Qiniu knows of an object: fsize in bytes, putTime in 100 ns since 1970, …"""
        answer, response = self.manager.stat(self.bucket, name)
        if response.status_code == MISSING:
            raise FileNotFoundError(name)
        return succeeded("stat", answer, response, "fsize", "putTime")

    def exists(self, name):
        try:
            self.stat(name)
        except FileNotFoundError:
            return False
        return True

    def size(self, name):
        return self.stat(name)["fsize"]

    def get_modified_time(self, name):
        moment = datetime.fromtimestamp(self.stat(name)["putTime"] // 10**7, UTC)
        return moment if setting("USE_TZ") else timezone.make_naive(moment)

    get_created_time = get_modified_time

    def delete(self, name):
        _answer, response = self.manager.delete(self.bucket, name)
        if response.status_code != MISSING:
            succeeded("delete", {}, response)

    def listdir(self, path):
        prefix = f"{path.strip('/')}/" if path.strip("/") else ""
        folders, names, marker = [], [], None
        while True:
            answer, _end, response = self.manager.list(
                self.bucket, prefix=prefix, marker=marker, delimiter="/"
            )
            page = succeeded("list", answer, response, "items")
            folders += [each[len(prefix) : -1] for each in page.get("commonPrefixes") or []]
            names += [each["key"][len(prefix) :] for each in page["items"] or []]
            marker = page.get("marker")
            if not marker:
                return folders, names

    def url(self, name):
        domain = self.domain if "://" in self.domain else f"https://{self.domain}"
        return f"{domain.rstrip('/')}/{filepath_to_uri(name)}"


def succeeded(action, answer, response, *fields):
    """The JSON object of a call that went well and has `fields`.

    Raises QiniuError, whose text has no key and no token in it.
    """
    if response.status_code == 200 and response.req_id and set(fields) <= set(answer or ()):
        return answer
    status = response.status_code
    if response.exception:
        status = type(response.exception).__name__
    raise QiniuError(f"Qiniu {action}: status {status}, request {response.req_id}")


def read_limited(response):
    content = bytearray()
    for piece in response.iter_content(65536):
        content += piece
        if len(content) > MAX_BYTES:
            raise QiniuError("Qiniu download: larger than anything we saved")
    return bytes(content)
