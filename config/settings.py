"""Settings: the environment comes in at the top, a missing or bad value fails loudly at boot.

`docs/operations.md` lists every variable. `bin/serve`, `bin/test` and `bin/manage` set them for the private services.
"""

import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from config import __version__

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(
            f"{name} is not set: start through bin/serve or bin/manage, or see docs/operations.md"
        )
    return value


def env_bool(name: str, default: str = "0") -> bool:
    value = env(name, default).lower()
    if value not in {"0", "1", "true", "false"}:
        raise ImproperlyConfigured(f"{name}={value!r}: write 0 or 1")
    return value in {"1", "true"}


def env_int(name: str, default: int) -> int:
    value = env(name, str(default))
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name}={value!r}: write a whole number")
    return int(value)


def env_days(name: str) -> list[tuple[date, date]]:
    """Half-open ranges of days: `2026-10-01/2026-10-08,2027-01-01`; a day alone is itself."""
    found = []
    for text in filter(None, env(name, "").replace(" ", "").split(",")):
        first, _, end = text.partition("/")
        try:
            start = date.fromisoformat(first)
            found.append((start, date.fromisoformat(end) if end else start + timedelta(days=1)))
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}={text!r}: write 2026-10-01 or 2026-10-01/2026-10-08") from error
    return found


def database(url: str, **options: Any) -> dict[str, Any]:
    """A Django database from a `postgresql://` URL; `options` go to the driver."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise ImproperlyConfigured(f"not a PostgreSQL URL: {error}") from error
    return {
        "ENGINE": "django.contrib.gis.db.backends.postgis",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "OPTIONS": {**parts, **options},
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"NAME": os.environ.get("YAOBI_TEST_DB", "test_yaobi")},
    }


# --- environment ---------------------------------------------------------------------------------
DEBUG = env_bool("DEBUG")
SECRET_KEY = env("SECRET_KEY")
ALLOWED_HOSTS = env("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
HTTPS = env_bool("HTTPS")  # behind a TLS proxy: secure cookies, HSTS, redirect
if DEBUG and HTTPS:
    raise ImproperlyConfigured("DEBUG=1 shows settings and source to whoever makes a page fail: not with HTTPS=1")
if HTTPS and (len(SECRET_KEY) < 40 or len(set(SECRET_KEY)) < 10):
    raise ImproperlyConfigured(
        "SECRET_KEY is too short to keep anything: all phones, slips and sessions hang on it. "
        "Make one: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
    )
VAR = Path(env("YAOBI_VAR", str(BASE_DIR / "var"))).resolve()
REDIS_URL = env("REDIS_URL")

# Three roles (docs/operations.md): the app reads and writes rows, the owner changes tables, the search role only reads.
DATABASE_URL = env("DATABASE_URL")
_pool = {"pool": {"min_size": 1, "max_size": env_int("DATABASE_POOL", 0)}} if env_int("DATABASE_POOL", 0) else {}
DATABASES = {
    "default": database(DATABASE_URL, **_pool),
    "owner": database(env("DATABASE_OWNER_URL", DATABASE_URL)),
    "search": database(
        env("DATABASE_SEARCH_URL", DATABASE_URL),
        # Statements are prepared the second time and stay planned; no search is long enough to repay compiling it.
        server_side_binding=True,
        prepare_threshold=1,
        options=f"-c default_transaction_read_only=on -c jit=off -c statement_timeout={env_int('SEARCH_TIMEOUT_MS', 3000)}",
        **_pool,
    ),
}
SEARCH_DATABASE = "search"
if os.environ.get("GDAL_LIBRARY_PATH"):  # the private copies of bin/serve
    GDAL_LIBRARY_PATH = env("GDAL_LIBRARY_PATH")
    GEOS_LIBRARY_PATH = env("GEOS_LIBRARY_PATH")

# --- application ---------------------------------------------------------------------------------
INSTALLED_APPS = [
    "config.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.gis",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "csp",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "config.apps.ProjectConfig",
    "pharmacies",
    "catalog",
    "prices",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "prices.views.bodies.LimitedBody",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "pharmacies.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False  # the API has no trailing slashes; config.urls redirects the other form of a GET
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "first_name")},
    },
    {"NAME": "pharmacies.accounts.passwords.LengthValidator", "OPTIONS": {"least": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "pharmacies.accounts.passwords.VarietyValidator"},
]
# GeoDjango warns that this GDAL cannot block file access for hostile spatial references. Nothing here hands user text
# to GDAL: coordinates are parsed as numbers in pharmacies/geo.py and the one SRID is 4326.
SILENCED_SYSTEM_CHECKS = ["gis.W001"]

# --- language and time ---------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# --- files ---------------------------------------------------------------------------------------
NODE_MODULES = Path(env("NODE_MODULES", str(BASE_DIR / "node_modules")))
STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
# Front-end packages are listed file by file: only what a page loads is published.
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
NPM_FILES = {
    "vendor/maplibre-gl": ("maplibre-gl/dist", ["maplibre-gl.mjs", "maplibre-gl-worker.mjs", "maplibre-gl.css"]),
    "vendor/htmx": ("htmx.org/dist", ["htmx.min.js"]),
    "vendor/uplot": ("uplot/dist", ["uPlot.esm.js", "uPlot.min.css"]),
}
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "config.npm.NpmFinder",
]
WHITENOISE_KEEP_ONLY_HASHED_FILES = True  # half as much to compress
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": VAR / "files"}},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "config.npm.HashedStaticFilesStorage"
    },
}

# --- safety --------------------------------------------------------------------------------------
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"
MAP_TILE_URL = env("MAP_TILE_URL", "")  # e.g. a Tianditu template with its key
MAP_TILE_NOTICE = env("MAP_TILE_NOTICE", "")  # the map's 审图号 and owner, shown on it
_tile_hosts = [env("MAP_TILE_HOST")] if MAP_TILE_URL else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "worker-src": [SELF],
        "connect-src": [SELF, *_tile_hosts],
        "img-src": [SELF, "data:", "blob:", *_tile_hosts],
        "style-src": [SELF],
        "font-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# --- the log of what people did: sealed in the database, its daily heads kept outside -------------------------------
AUDIT_DIGEST = "sha256"  # any that hashlib knows; where 国密 is asked for: sm3
AUDIT_HEADS = Path(env("AUDIT_HEADS", str(VAR / "audit")))

# --- people who log in (docs/accounts.md) ---------------------------------------------------------
LOGIN_URL = "staff:login"
SECOND_FACTOR = env_bool("SECOND_FACTOR", "1")  # off for the demo only
SECOND_FACTOR_CLASS = env("SECOND_FACTOR_CLASS", "pharmacies.accounts.totp.Totp")
SESSION_IDLE = timedelta(minutes=env_int("SESSION_IDLE_MINUTES", 30))
SESSION_LONGEST = timedelta(hours=12)  # a shift
SESSION_COOKIE_AGE = 14 * 3600  # an expired session is still told from none: what was typed waits in it
SESSION_EXPIRE_AT_BROWSER_CLOSE = True  # the shop's computer is everybody's
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "prices.views.staff.refusals.forged"
PROXIES = env_int("PROXIES", 1 if HTTPS else 0)  # how many in front: the last of X-Forwarded-For are theirs

# --- API -----------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "prices.api.errors.handle",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "药比三家 API",
    "VERSION": __version__,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
}

# --- background work -----------------------------------------------------------------------------
# One address for both readers: redis-py writes a socket unix:///path?db=0, Celery redis+socket:///path?virtual_host=0.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "small"
CELERY_TASK_ROUTES = {  # process_run goes by the size of its delivery
    "prices.tasks.pull_feed": {"queue": "bulk"},
    "prices.tasks.work_at_night": {"queue": "bulk"},
}
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE = {
    "seal-audit": {"task": "prices.tasks.seal_audit", "schedule": 5.0, "options": {"expires": 5}},
    "requeue-runs": {"task": "prices.tasks.requeue_runs", "schedule": 10.0},
    "requeue-uploads": {"task": "prices.tasks.requeue_uploads", "schedule": 10.0},
    "requeue-back-tests": {"task": "prices.tasks.requeue_back_tests", "schedule": 10.0},
    "requeue-freezings": {"task": "prices.tasks.requeue_freezings", "schedule": 10.0},
    "pull-feeds": {"task": "prices.tasks.pull_due_feeds", "schedule": 60.0},
    "apply-scheduled-prices": {"task": "prices.tasks.apply_scheduled_prices", "schedule": 60.0},
    "rebuild-today": {"task": "prices.tasks.rebuild_today", "schedule": crontab(minute="0,1", hour=0)},
    "next-partition": {"task": "prices.tasks.ensure_partitions", "schedule": crontab(minute=30, hour=2)},
    "forget-files": {"task": "prices.tasks.forget_files", "schedule": crontab(minute=50, hour=2)},
    "tidy-accounts": {"task": "prices.tasks.tidy_accounts", "schedule": crontab(minute=45, hour=2)},
    "tidy-reports": {"task": "prices.tasks.tidy_reports", "schedule": crontab(minute=50, hour=2)},
    "overdue-cases": {"task": "prices.tasks.mark_overdue_cases", "schedule": crontab(minute=5, hour=0)},
    "watch-prices": {"task": "prices.tasks.watch_prices", "schedule": 5.0, "options": {"expires": 5}},
    "night": {"task": "prices.tasks.work_at_night", "schedule": crontab(minute=15, hour=3)},
}

# --- the rules of ingest (interfaces.md: defaults; a feed may be stricter) ------------------------
FEED_MAX_BYTES = env_int("FEED_MAX_BYTES", 2_000_000_000)
SHEET_MAX_BYTES = env_int("SHEET_MAX_BYTES", 30_000_000)  # a spreadsheet brought to the desk
FEED_PULL_PRIVATE = env_bool("FEED_PULL_PRIVATE")  # feeds may be pulled from this machine's own network
if (days := env_int("KEEP_FILES_DAYS", 400)) < 200:
    raise ImproperlyConfigured(
        "KEEP_FILES_DAYS must be at least 200: six months, as the law asks of logs, and a margin"
    )
KEEP_FILES = timedelta(days=days)  # deliveries as they were received: what a dispute is settled by
STALE_AFTER, HIDDEN_AFTER = 1.5, 4.0  # × the reporter's declared cadence
HOLD_MIN_ROWS = 20
HOLD_REFUSED_SHARE = 0.10
HOLD_MOVED_SHARE, HOLD_MOVE = 0.20, 0.50
HOLD_WITHDRAWN_PHARMACY_SHARE, HOLD_WITHDRAWN_FEED_SHARE = 0.20, 0.05
COMPLETE_SHARE = 0.80
LEADS_PER_AREA = env_int("LEADS_PER_AREA", 50)  # new 价格异动线索 of a day in an insurance area, the largest first
LEASE = timedelta(seconds=env_int("LEASE_SECONDS", 60))  # a killed worker's run or sheet is free again after this
MAX_ATTEMPTS = 3

# --- citizens' reports (limits without puzzles; thousands of phones may share one address) ----------
REPORTS_AN_HOUR = env_int("REPORTS_AN_HOUR", 3000)
REPORTS_AN_HOUR_PER_ADDRESS = env_int("REPORTS_AN_HOUR_PER_ADDRESS", 30)
REPORTS_A_DAY_PER_ADDRESS = env_int("REPORTS_A_DAY_PER_ADDRESS", 100)
REPORT_PHOTO_DAYS = env_int("REPORT_PHOTO_DAYS", 180)  # after the answer; a case keeps its evidence

# --- cases (核查事项) ------------------------------------------------------------------------------
# Office days that a case may stay in a state; the pharmacy has those of `notice` to answer, those of `rectify` to act.
CASE_DAYS = {
    "triage": env_int("CASE_TRIAGE_DAYS", 2),
    "verify": 5,
    "notice": env_int("CASE_REPLY_DAYS", 5),
    **dict.fromkeys(("replied", "overdue", "interview", "recheck"), 5),
    "rectify": env_int("CASE_RECTIFY_DAYS", 10),
}
PUBLIC_HOLIDAYS = env_days("PUBLIC_HOLIDAYS")  # as the State Council announces them each year
WORKED_WEEKENDS = frozenset(first for first, _ in env_days("WORKED_WEEKENDS"))  # 调休

# --- logs: never a query string, never a position ------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"private": {"()": "config.logs.WithoutQuery"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["private"]}},
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL", "WARNING")},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": ["stderr"], "propagate": False},
        "httpx": {"level": "WARNING"},
    },
}
DEMO_NOTICE = env_bool("DEMO_NOTICE")  # every page says 演示数据
if not (SECOND_FACTOR or DEMO_NOTICE):
    raise ImproperlyConfigured("SECOND_FACTOR=0 is for the demo only (DEMO_NOTICE=1)")
if DEMO_NOTICE:  # its tills go on reporting
    CELERY_BEAT_SCHEDULE["demo-report"] = {
        "task": "prices.tasks.demo_report",
        "schedule": 60.0,
        "options": {"expires": 60},
    }
