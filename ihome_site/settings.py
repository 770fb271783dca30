"""One file for every machine; what differs between machines comes from the environment."""

from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from ihome_site import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

DEBUG = env.flag("DEBUG", True)
ALLOW_TEST_BACKENDS = DEBUG or env.flag("ALLOW_TEST_BACKENDS")
INSECURE_HTTP = DEBUG or env.flag("INSECURE_HTTP")


def secret(name, development_value):
    """A secret from the environment; only a development machine may do without."""
    value = env.text(name, development_value if DEBUG else "")
    if not value:
        raise ImproperlyConfigured(f"{name} must be set when DEBUG is off")
    return value


SECRET_KEY = secret("SECRET_KEY", "development-only-not-a-secret-" + "0" * 32)
FIELD_KEYS = env.fernet_keys(
    "FIELD_KEYS", secret("FIELD_KEYS", "ZGV2ZWxvcG1lbnQtb25seS1ub3QtYS1zZWNyZXQhISE=")
)
INDEX_KEY = secret("INDEX_KEY", "development-only-not-an-index-key")

ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]" if DEBUG else "")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
SITE_URL = env.text("SITE_URL", next(iter(CSRF_TRUSTED_ORIGINS), "")).rstrip("/")
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
METRICS_NETWORKS = env.networks("METRICS_NETWORKS", "127.0.0.0/8,::1/128")

INSTALLED_APPS = [
    "ihome_site",
    "accounts",
    "houses",
    "orders",
    "ihome_site.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "captcha",
    "csp",
    "django_htmx",
]

MIDDLEWARE = [
    "ihome_site.middleware.every_answer",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ihome_site.middleware.real_address",
    "ihome_site.middleware.BodyLimit",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.operator_sessions.keep_short",
    "accounts.devices.keep_seen",
    "ihome_site.middleware.private_answers",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "ihome_site.middleware.Refusals",
]

ROOT_URLCONF = "ihome_site.urls"
WSGI_APPLICATION = "ihome_site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "environment": "ihome_site.jinja2.environment",
            "context_processors": [
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
# Django's own form templates: the Jinja2 renderer would break admin.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASE_URL = env.text("DATABASE_URL")
if not DATABASE_URL:
    VAR_DIR.mkdir(exist_ok=True)
    DATABASE_URL = f"sqlite:///{VAR_DIR / 'db.sqlite3'}"
DATABASES = {"default": env.database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL")
if REDIS_URL:
    from ihome_site.redis_connection import RestingConnection

    CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": env.text("REDIS_PREFIX", "ihome"),
            "OPTIONS": {
                # The site is slower without Redis, but it stays up.
                "IGNORE_EXCEPTIONS": True,
                "SOCKET_CONNECT_TIMEOUT": 0.3,
                "SOCKET_TIMEOUT": 0.3,
                "CONNECTION_POOL_KWARGS": {"connection_class": RestingConnection},
            },
        }
    }
    SESSION_ENGINE = "ihome_site.sessions"
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 20_000},
        }
    }
    # In-process caches of several workers would disagree about who is signed in.
    SESSION_ENGINE = "django.contrib.sessions.backends.db"
MESSAGE_STORAGE = "ihome_site.message_storage.FewMessages"

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
PASSWORD_HASHERS = [
    "accounts.hashers.Argon2",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["mobile", "name"]},
    },
    {"NAME": "accounts.validators.PasswordLengthValidator"},
    {"NAME": "accounts.passwords.BreachedValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "accounts.passwords.OwnWordsValidator"},
]
AUTHENTICATION_BACKENDS = ["accounts.backends.WithRealName"]

LANGUAGE_CODE = "zh-hans"
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = env.text("STATIC_ROOT", str(VAR_DIR / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "media/"
MEDIA_ROOT = env.text("MEDIA_ROOT", str(VAR_DIR / "media"))
FIXTURE_DIRS = [BASE_DIR / "fixtures"]

QINIU_ACCESS_KEY = env.text("QINIU_ACCESS_KEY")
QINIU_SECRET_KEY = env.text("QINIU_SECRET_KEY")
QINIU_BUCKET = env.text("QINIU_BUCKET")
QINIU_DOMAIN = env.text("QINIU_DOMAIN")
QINIU_UPLOAD_URL = env.text("QINIU_UPLOAD_URL")
QINIU_RS_URL = env.text("QINIU_RS_URL")
QINIU_RSF_URL = env.text("QINIU_RSF_URL")
STORAGES = {
    "default": {
        "BACKEND": "houses.qiniu_storage.QiniuStorage"
        if QINIU_ACCESS_KEY
        else "django.core.files.storage.FileSystemStorage"
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "ihome_site.static_storage.HashedStaticFiles"
    },
}
FILE_UPLOAD_HANDLERS = [
    "ihome_site.uploads.StopReading",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "ihome_site.uploads.OnDisk",
]
# New homes are shown at once, or wait until operators have looked at them.
HOUSE_REVIEW = env.flag("HOUSE_REVIEW")
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000  # a role with all permissions sends each twice
DATA_UPLOAD_MAX_NUMBER_FILES = 24

SMS_BACKEND = env.text("SMS_BACKEND", "console" if DEBUG else "")
if SMS_BACKEND not in {"console", "file", "aliyun", "yuntongxun"}:
    raise ImproperlyConfigured("SMS_BACKEND must be console, file, aliyun or yuntongxun")
if SMS_BACKEND in {"console", "file"} and not ALLOW_TEST_BACKENDS:
    raise ImproperlyConfigured(f"SMS_BACKEND={SMS_BACKEND} is for tests: set a real provider")
SMS_FILE = env.text("SMS_FILE", str(VAR_DIR / "sms.jsonl"))
ALIYUN_ACCESS_KEY_ID = env.text("ALIYUN_ACCESS_KEY_ID")
ALIYUN_ACCESS_KEY_SECRET = env.text("ALIYUN_ACCESS_KEY_SECRET")
ALIYUN_SMS_SIGN = env.text("ALIYUN_SMS_SIGN")
ALIYUN_SMS_TEMPLATE = env.text("ALIYUN_SMS_TEMPLATE")
YUNTONGXUN_ACCOUNT_SID = env.text("YUNTONGXUN_ACCOUNT_SID")
YUNTONGXUN_AUTH_TOKEN = env.text("YUNTONGXUN_AUTH_TOKEN")
YUNTONGXUN_APP_ID = env.text("YUNTONGXUN_APP_ID")
YUNTONGXUN_TEMPLATE = env.text("YUNTONGXUN_TEMPLATE")
for name, value in list(globals().items()):
    if SMS_BACKEND and name.startswith(f"{SMS_BACKEND.upper()}_") and not value:
        raise ImproperlyConfigured(f"SMS_BACKEND={SMS_BACKEND} needs {name}")

CAPTCHA_CHALLENGE_FUNCT = "accounts.captcha.challenge"
CAPTCHA_IMAGE_SIZE = (120, 48)
CAPTCHA_FONT_SIZE = 30
CAPTCHA_BACKGROUND_COLOR = "#f0e9df"
CAPTCHA_FOREGROUND_COLOR = "#4a3f36"
CAPTCHA_LETTER_ROTATION = (-20, 20)
CAPTCHA_NOISE_FUNCTIONS = ("captcha.helpers.noise_arcs",)

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:", *([QINIU_DOMAIN] if QINIU_DOMAIN else [])],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
CSRF_FAILURE_VIEW = "ihome_site.views.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_AGE = 14 * 24 * 3600
DEVICE_COOKIE_NAME = "known_device"
BROWSER_COOKIE_NAME = "browser"
OPERATOR_COOKIE_NAME = "operator_seen"
if not INSECURE_HTTP:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$", "^metrics$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    DEVICE_COOKIE_NAME = "__Host-known_device"
    BROWSER_COOKIE_NAME = "__Host-browser"
    OPERATOR_COOKIE_NAME = "__Host-operator_seen"

DEFAULT_EXCEPTION_REPORTER = (
    "django.views.debug.ExceptionReporter" if DEBUG else "ihome_site.reporting.TracebackAlone"
)
LOG = {"handlers": ["console"], "propagate": False}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "ihome_site.logs.JsonLines"},
        "plain": {"format": "%(levelname)s %(name)s %(message)s"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "plain" if DEBUG else "json",
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {**LOG, "level": "INFO"},
        "ihome": {**LOG, "level": "INFO"},
        "gunicorn.error": LOG,
    },
}
