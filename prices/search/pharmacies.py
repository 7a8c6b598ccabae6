"""Pharmacies around a place, in a box or by name, whatever their status; and what one of them sells."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from catalog.models import Drug
from catalog.pinyin import normal_text
from pharmacies.codes import normal_code
from pharmacies.geo import Wgs84
from prices.models import Stock
from prices.search.questions import Found, Shop, Where, designations_of
from prices.search.statements import run

_SPLIT = re.compile(r"[\s()（）\[\]【】,，·]+")


@dataclass(frozen=True, slots=True)
class Listed:
    """A pharmacy with what its own page says. `region` is the code of the division it stands in."""

    shop: Shop
    region: str
    status: str
    distance_m: float | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of pharmacies; `after` is where it ended (the key of order), None at the end."""

    results: tuple[Listed, ...]
    after: tuple[Any, ...] | None


def near(origin: Wgs84, radius_m: float, *, limit: int = 20, after: tuple[Any, ...] | None = None) -> Listing:
    """Nearest first. `after`: (distance, code)."""
    distance, code = after or (-1.0, "")
    where = Where(origin, radius_m)
    rows = run(
        "pharmacies_near",
        {
            "origin": where.ewkt,
            "radius_m": radius_m,
            "after_distance": distance,
            "after_code": code,
            "rows": limit + 1,
        },
    )
    return _listing(rows, limit, lambda row: (row[13], row[1]))


def in_box(
    west: float, south: float, east: float, north: float, *, limit: int = 20, after: tuple[Any, ...] | None = None
) -> Listing:
    """By code. `after`: (code,)."""
    (code,) = after or ("",)
    box = {"west": west, "south": south, "east": east, "north": north}
    return _listing(
        run("pharmacies_in_box", box | {"after_code": code, "rows": limit + 1}), limit, lambda row: (row[1],)
    )


def named(q: str, *, origin: Wgs84 | None = None, limit: int = 20, after: tuple[Any, ...] | None = None) -> Listing:
    """Best match first, nearest first among equals. `after`: (grade, distance, code). No words: nothing found."""
    words = [word for word in _SPLIT.split(normal_text(q)) if word]
    if not words:
        return Listing((), None)
    grade, distance, code = after or (-1, -1.0, "")
    patterns = [f"%{_escaped(word)}%" for word in words]
    letters = "".join(words)
    rows = run(
        "pharmacies_named",
        {
            "code": normal_code(q),
            "longest": max(patterns, key=len),
            "words": patterns,
            "starts": f"{_escaped(words[0])}%" if len(words) == 1 else f"{_escaped(words[0])}%{'%'.join(patterns[1:])}",
            "initials": f"{letters}%" if letters.isascii() and letters.isalnum() else None,
            "origin": Where(origin).ewkt,
            "after_grade": grade,
            "after_distance": distance,
            "after_code": code,
            "rows": limit + 1,
        },
    )
    return _listing(rows, limit, lambda row: (row[14], row[13], row[1]), measured=origin is not None)


def shelf(
    listed: Listed, *, at: datetime, limit: int = 20, after: tuple[Any, ...] | None = None
) -> tuple[tuple[Found, ...], tuple[Any, ...] | None]:
    """What the pharmacy sells and may sell, by name; nothing is ranked here. `after`: (generic name, drug code)."""
    name, code = after or ("", "")
    rows = run(
        "pharmacy_shelf",
        {
            "pharmacy_id": listed.shop.id,
            "at": at,
            "day": timezone.localdate(at),
            "stale_after": settings.STALE_AFTER,
            "hidden_after": settings.HIDDEN_AFTER,
            "after_name": name,
            "after_code": code,
            "rows": limit + 1,
        },
    )
    drugs = (
        Drug.objects.using(settings.SEARCH_DATABASE)
        .select_related("preparation")
        .in_bulk([row[0] for row in rows[:limit]])
    )
    found = tuple(
        Found(
            shop=listed.shop,
            drug=drugs[drug_id],
            price_fen=fen,
            price_key=fen,
            cost=None,
            distance_m=None,
            stock=Stock(stock),
            generated=generated,
            as_of=as_of,
            stale=stale,
            rank=None,
        )
        for drug_id, fen, stock, generated, as_of, stale in rows[:limit]
    )
    if len(rows) <= limit:
        return found, None
    last = found[-1].drug
    return found, (last.preparation.generic_name, last.code)


def by_code(code: str) -> Listed | None:
    """The pharmacy of that code, whatever its status."""
    listing = named(code, limit=1)
    found = listing.results[0] if listing.results else None
    return found if found and found.shop.code == normal_code(code) else None


def _escaped(word: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", word)


def _listing(rows: Sequence[tuple[Any, ...]], limit: int, key: Any, *, measured: bool = True) -> Listing:
    results = tuple(_listed(row, measured) for row in rows[:limit])
    return Listing(results, key(rows[limit - 1]) if len(rows) > limit else None)


def _listed(row: tuple[Any, ...], measured: bool) -> Listed:
    minutes = row[7]
    shop = Shop(
        id=row[0],
        code=row[1],
        name=row[2],
        kind=row[3],
        address=row[4],
        phone=row[5],
        hours=row[6],
        open_minutes=None if minutes is None else tuple((part.lower, part.upper) for part in minutes),
        designations=designations_of(row[8]),
        lng=row[9],
        lat=row[10],
    )
    return Listed(shop, row[11], row[12], row[13] if measured else None)
