"""Runs the statements of `catalog/sql` on the search connection."""

from typing import Any

from django.conf import settings
from django.db import connections

from catalog.sql import statement


def ask(name: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """All rows of `catalog/sql/<name>.sql`."""
    with connections[settings.SEARCH_DATABASE].cursor() as cursor:
        cursor.execute(statement(name), parameters)
        return list(cursor.fetchall())
