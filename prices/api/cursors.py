"""Cursors: the key of order a page ended at, as opaque text. They hold nothing secret and are believed about nothing:
a forged one continues the list from another place."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

Check = Callable[[Any], bool]
MAX_LENGTH = 600


def number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and abs(value) < 1e9


def whole(value: Any) -> bool:
    """A count or a price key: the common multiple of many packs can be long."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**60


def place(value: Any) -> bool:
    return whole(value) and value < 2**31


def flag(value: Any) -> bool:
    return isinstance(value, bool)


def text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 200 and "\x00" not in value and value.isprintable()


def encode(values: Sequence[Any]) -> str:
    return urlsafe_b64encode(json.dumps(list(values), separators=(",", ":")).encode()).decode().rstrip("=")


def decode(cursor: str, *checks: Check) -> tuple[Any, ...] | None:
    """The values, each of which passes its check; None for no cursor. Raises `ValidationError`."""
    if not cursor:
        return None
    try:
        values = json.loads(urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (Base64Error, ValueError, RecursionError) as error:
        raise _malformed() from error
    if not isinstance(values, list) or len(values) != len(checks):
        raise _malformed()
    if not all(check(value) for check, value in zip(checks, values, strict=True)):
        raise _malformed()
    return tuple(values)


def _malformed() -> ValidationError:
    return ValidationError({"cursor": [_("翻页位置无法识别：请原样使用上一页给出的 next 地址")]})


def next_url(request: Request, values: Sequence[Any] | None, **replaced: Any) -> str | None:
    """The address of the next page; `replaced` parameters stand in it as they were understood."""
    if values is None:
        return None
    query = request.query_params.copy()
    for name, value in replaced.items():
        query[name] = str(value)
    query["cursor"] = encode(values)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
