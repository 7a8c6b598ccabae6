"""Start-up checks: what would go wrong silently is refused here, with a hint.

They run with `check --database default` and before every migration.
"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connections

TRIGRAMS_OF_AMOXICILLIN = 5
"""show_trgm('阿莫西林') where the database knows Chinese characters for letters; 0 under LC_CTYPE C."""


@register(Tags.database)
def chinese_text_has_trigrams(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Text search rests on trigrams, and LC_CTYPE C makes none of Chinese text."""
    if "default" not in (databases or ()):
        return []
    with connections["default"].cursor() as cursor:
        return trigram_errors(cursor)


def trigram_errors(cursor: Any) -> list[CheckMessage]:
    cursor.execute("SELECT datctype FROM pg_database WHERE datname = current_database()")
    (ctype,) = cursor.fetchone()
    cursor.execute("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'")
    if cursor.fetchone()[0]:
        cursor.execute("SELECT cardinality(show_trgm('阿莫西林')) = %s", [TRIGRAMS_OF_AMOXICILLIN])
    else:  # before the first migration: the same question, asked of the regular expressions
        cursor.execute(r"SELECT '阿莫西林' ~ '^\w{4}$'")
    if cursor.fetchone()[0]:
        return []
    return [
        Error(
            f"Under LC_CTYPE {ctype!r} the database takes Chinese characters for no letters: text search finds nothing.",
            hint="Create the database with LC_CTYPE 'C.UTF-8' (or zh_CN.UTF-8) and TEMPLATE template0; "
            "an existing one must be dumped and restored into a new one.",
            id="yaobi.E001",
        )
    ]


@register(Tags.database)
def postgis_is_there(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Distances and boundaries need PostGIS."""
    if "default" not in (databases or ()):
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'postgis'")
        if cursor.fetchone()[0]:
            return []
    return [
        Error(
            "The PostgreSQL server has no PostGIS.",
            hint="Install it for the server's major version, on Debian and Ubuntu: apt install postgresql-postgis.",
            id="yaobi.E002",
        )
    ]


@register(Tags.database)
def chinese_order_is_there(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Lists of names go by pinyin, which is a collation of ICU."""
    if "default" not in (databases or ()):
        return []
    with connections["default"].cursor() as cursor:
        return collation_errors(cursor, "zh-x-icu")


def collation_errors(cursor: Any, collation: str) -> list[CheckMessage]:
    cursor.execute("SELECT count(*) FROM pg_collation WHERE collname = %s", [collation])
    if cursor.fetchone()[0]:
        return []
    return [
        Error(
            f"The database has no collation {collation!r}: names cannot be listed by pinyin.",
            hint="Use a PostgreSQL that is built with ICU, as those of Debian and Ubuntu are; where it was added later: "
            "SELECT pg_import_system_collations('pg_catalog').",
            id="yaobi.E003",
        )
    ]


@register(Tags.database)
def roles_are_distinct(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Append-only history and read-only searches are grants: they bind only when the roles differ."""
    if "default" not in (databases or ()):
        return []
    users = {alias: _user(alias) for alias in ("owner", "default", "search")}
    if len(set(users.values())) == len(users):
        return []
    said = ", ".join(f"{alias}: {user}" for alias, user in users.items())
    return [
        Warning(
            f"The database roles are not three ({said}): nothing stops the application from rewriting history.",
            hint="Set DATABASE_OWNER_URL, DATABASE_URL and DATABASE_SEARCH_URL to three roles (docs/operations.md).",
            id="yaobi.W001",
        )
    ]


@register(Tags.security)
def hosts_are_named(**kwargs: Any) -> list[CheckMessage]:
    """The address on an invitation is made from the name the site was asked by."""
    if settings.DEBUG or not any(host.startswith(("*", ".")) for host in settings.ALLOWED_HOSTS):
        return []
    return [
        Warning(
            "ALLOWED_HOSTS lets whoever asks choose the site's name, and with it the address that stands on a slip.",
            hint="Name the site's own hosts, with commas.",
            id="yaobi.W002",
        )
    ]


def _user(alias: str) -> str:
    """Who the connection really is; what the settings say when it cannot be asked."""
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT current_user")
            return str(cursor.fetchone()[0])
    except DatabaseError:
        return str(settings.DATABASES[alias]["USER"])
