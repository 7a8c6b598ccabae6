"""Statements of a search: read-only, within the database's time limit."""

from typing import Any

from django.conf import settings
from django.db import OperationalError, connections
from psycopg.errors import QueryCanceled

from prices.sql import statement

Parameters = dict[str, Any]


class SearchTimeout(Exception):
    """The database's time limit for searches was hit: nothing is wrong with the question."""


def run(name: str, parameters: Parameters) -> list[tuple[Any, ...]]:
    """All rows of `prices/sql/<name>.sql` on the search connection. Raises `SearchTimeout`."""
    try:
        with connections[settings.SEARCH_DATABASE].cursor() as cursor:
            cursor.execute(statement(name), parameters)
            return list(cursor.fetchall())
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise SearchTimeout from error
        raise
