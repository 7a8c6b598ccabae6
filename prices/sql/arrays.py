"""Millions of rows from PostgreSQL as a few arrays: one message for all of them, where a message each takes four times as
long to read."""

import struct
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection

from prices.sql import statement

START = 19
"""Bytes before the first row of PostgreSQL's binary COPY."""
ELEMENTS = {23: ">i4", 20: ">i8", 700: ">f4"}
"""By the number of the type: integer, bigint, real."""
Column = npt.NDArray[Any]


def arrays(name: str, parameters: dict[str, Any]) -> list[Column]:
    """The only row of `prices/sql/<name>.sql`, arrays of integer, bigint or real without nulls; a null is an empty one."""
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f"COPY ({statement(name)}) TO STDOUT (FORMAT binary)", parameters) as blocks,
    ):
        sent = b"".join(blocks)
    (count,) = struct.unpack_from(">h", sent, START)
    found, at = [], START + 2
    for _n in range(count):
        (size,) = struct.unpack_from(">i", sent, at)
        found.append(_array(memoryview(sent)[at + 4 : at + 4 + max(size, 0)]))
        at += 4 + max(size, 0)
    return found


def halves(both: Column) -> tuple[Column, Column]:
    """Two numbers that came in one, as `upper::bigint << 32 | lower`."""
    return both >> 32, both & 0xFFFFFFFF


def _array(sent: memoryview) -> Column:
    """Dimensions, flags, type, length, first index; then each element behind its size."""
    if not len(sent):
        return np.zeros(0, np.int64)
    dimensions, _nulls, kind = struct.unpack_from(">iii", sent)
    element = np.dtype([("size", ">i4"), ("value", ELEMENTS[kind])])
    values = np.frombuffer(sent[20:], element)["value"] if dimensions else np.zeros(0, ELEMENTS[kind])
    return values.astype(values.dtype.newbyteorder("="))
