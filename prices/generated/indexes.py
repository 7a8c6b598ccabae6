"""Filling a large table without its indexes: building them over all rows is several times faster than keeping them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

from prices.sql import statement


@contextmanager
def without_indexes(table: str, *, made: Callable[[str], object]) -> Iterator[None]:
    """Inside, the table has no index and no key; afterwards it has the same again, by the catalogue's definitions.

    Only for the owner of the table, in a transaction. `made` is told the name of each index when it is there again.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("indexes_of"), {"table_name": table})
        found: list[tuple[str, str, str]] = cursor.fetchall()
        for _name, drop, _make in found:
            cursor.execute(drop)
        yield
        cursor.execute("SET LOCAL maintenance_work_mem = '1GB'")
        for name, _drop, make in found:
            cursor.execute(make)
            made(name)
