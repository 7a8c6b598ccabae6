"""How long something takes, as a whole and in the database."""

import time
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

from django.conf import settings
from django.db import connections

Found = TypeVar("Found")


class Timed(NamedTuple, Generic[Found]):
    """`statements_ms`: of the statements on the search connection, from sending to the last row, planning included."""

    found: Found
    whole_ms: float
    statements_ms: float


def timed(ask: Callable[[], Found]) -> Timed[Found]:
    spent = 0.0

    def wrapped(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        nonlocal spent
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent += time.perf_counter() - began

    with connections[settings.SEARCH_DATABASE].execute_wrapper(wrapped):
        began = time.perf_counter()
        found = ask()
        whole = time.perf_counter() - began
    return Timed(found, whole * 1000, spent * 1000)
