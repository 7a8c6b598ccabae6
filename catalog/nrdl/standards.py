"""医保支付标准 and 协议有效期 cells into values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from catalog.nrdl.names import groups, outside_brackets
from pharmacies.importers.reading import CellError, plain, valid_range

CONFIDENTIAL = "*"
_AMOUNT = re.compile(r"(?P<amount>[0-9]{1,8}(?:\.[0-9]{1,4})?)元(?P<per>/[^()（）\[\]0-9]{1,6})?")
_FOOTNOTE = re.compile(r"见(?P<name>备注[0-9]+)")
_DAY = r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日"
_AGREEMENT = re.compile(rf"{_DAY}至{_DAY}")
MAX_SPEC = 200


@dataclass(frozen=True, slots=True, order=True)
class Standard:
    """An amount in yuan for `spec`, or confidential with neither; `note` is what else the document says, verbatim."""

    spec: str = ""
    amount: Decimal | None = None
    confidential: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Footnote:
    """A tiered standard below the table: (quantity with its unit, yuan) for each tier, `unit` heads the prices."""

    unit: str
    tiers: tuple[tuple[str, Decimal], ...]


def standards(text: str, footnotes: Mapping[str, Footnote]) -> tuple[Standard, ...]:
    """`5.68元(10mg/片)；…`, `*`, `见备注2(…)` or nothing; nothing too where nobody has the footnote.

    Raises `CellError` (`standard`).
    """
    if not text:
        return ()
    if text == CONFIDENTIAL:
        return (Standard(confidential=True),)
    if (found := _FOOTNOTE.match(text)) is not None:
        return _tiers(text, found["name"], footnotes)
    return tuple(_one(part) for part in outside_brackets(text, "；;"))


def _one(text: str) -> Standard:
    before, inside, after = groups(text)
    found = _AMOUNT.fullmatch(before.strip())
    if found is None or after or Decimal(found["amount"]) == 0:
        raise _refusal(text)
    spec = (inside[0] if inside else "") + (found["per"] or "")
    if len(spec) > MAX_SPEC:
        raise _refusal(text)
    return Standard(spec=spec, amount=Decimal(found["amount"]), note="；".join(inside[1:]))


def _tiers(text: str, name: str, footnotes: Mapping[str, Footnote]) -> tuple[Standard, ...]:
    footnote = footnotes.get(name)
    if footnote is None:
        return ()
    note = f"{text}；{footnote.unit}"
    return tuple(Standard(spec=tier, amount=amount, note=note) for tier, amount in footnote.tiers)


def _refusal(text: str) -> CellError:
    return CellError(
        "standard",
        _("支付标准“%(text)s”读不通：请写成 5.68元(10mg/片)，几个规格之间用“；”，保密的写 *") % {"text": text[:60]},
    )


def agreement(text: str) -> DateRange:
    """`2024年1月1日至2025年12月31日`, both days inclusive, as a half-open range. Raises `CellError` (`agreement`)."""
    found = _AGREEMENT.fullmatch("".join(plain(text).split()))
    try:
        if found is not None:
            numbers = [int(number) for number in found.groups()]
            return valid_range(date(*numbers[:3]), date(*numbers[3:]))
    except ValueError:  # no such day, or the last before the first (a `CellError` is one too)
        pass
    raise CellError(
        "agreement",
        _("协议有效期“%(text)s”不对：请写成 2025年1月1日至2026年12月31日，止日不早于起日") % {"text": text[:60]},
    )
