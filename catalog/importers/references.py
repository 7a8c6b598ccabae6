"""Reference prices from CSV. A price without an end holds until the next one begins."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog import confidential
from catalog.importers.lookups import drug_code, drug_ids, unknown_drugs, unknown_regions
from catalog.models import ReferencePrice, Scheme
from pharmacies.files import Row, RowProblem, read_table
from pharmacies.importers.bulk import columns_of, copy_in, overwrite
from pharmacies.importers.outcome import Outcome, Progress, audit, importing, quiet, refusal
from pharmacies.importers.reading import (
    CellError,
    Cells,
    half_open,
    plain,
    problem_of,
    read_rows,
    region_code,
    validity,
    word,
)
from pharmacies.importers.regions import in_force
from pharmacies.models import User

REQUIRED = ("drug_code", "area", "kind", "amount", "unit", "valid_from", "document")
OPTIONAL = ("valid_to", "scheme", "supplier")
DECIMALS = {ReferencePrice.Unit.PACK: 2, ReferencePrice.Unit.SMALLEST: 4}

ReadAmount = Callable[[str, int], Decimal]
"""Yuan from text with at most so many decimals; raises a `ValueError` with a `reason`. Money has one reader, above."""

COMPARED = ("amount", "unit", "valid", "document", "scheme_id", "supplier")
STAYS = {"scheme": "scheme_id", "supplier": "supplier"}
"""Columns whose absence says nothing, and the attribute that then stays as stored."""
SUPPLIERS = {
    **dict.fromkeys(("main", "主供"), ReferencePrice.Supplier.MAIN),
    **dict.fromkeys(("reserve", "备供", "备选"), ReferencePrice.Supplier.RESERVE),
}


@dataclass(frozen=True, slots=True)
class PriceRow:
    row: Row
    drug_code: str
    area: str
    kind: str
    unit: str
    amount: Decimal
    valid: DateRange
    document: str
    scheme: str
    supplier: str


def load(
    *,
    data: bytes,
    read_amount: ReadAmount,
    at: datetime,
    by: User | str,
    dry_run: bool = False,
    progress: Progress = quiet,
) -> Outcome:
    """Import reference prices; all or nothing. A price is known by drug, area, kind and first day.

    Raises `FileProblem`.
    """
    table = read_table(data, required=REQUIRED, optional=OPTIONAL)
    rows, problems = read_rows(
        table.rows,
        lambda cells: read_price(cells, read_amount),
        key=lambda row: (row.drug_code, row.area, row.kind, row.valid.lower),
    )
    problems += table.problems
    count = len(table.rows) + len(table.problems)
    with importing(dry_run=dry_run):
        drugs = drug_ids(row.drug_code for row in rows)
        areas = in_force(timezone.localdate(at))
        schemes = dict(Scheme.objects.values_list("code", "pk"))
        problems += [*unknown_drugs(rows, drugs), *unknown_regions(rows, areas), *_unknown_schemes(rows, schemes)]
        if problems:
            return refusal(count, problems, table.notes)
        prices = [_price(row, drugs, areas, schemes) for row in rows]
        stored = list(ReferencePrice.objects.filter(drug__in=set(drugs.values())))
        _keep(prices, stored, [stays for column, stays in STAYS.items() if column not in table.columns])
        others, overlaps = _timelines(rows, prices, stored)
        if problems := [*overlaps, *_confidential(rows, prices)]:
            return refusal(count, problems, table.notes)
        outcome = replace(_apply(prices, stored, others), notes=table.notes)
        audit(outcome, what="import_reference_prices", model="catalog.ReferencePrice", at=at, by=by)
        progress(_("写入"), count, count)
    return outcome


def read_price(cells: Cells, read_amount: ReadAmount) -> PriceRow:
    """The row's values; what is wrong stays with `cells`."""
    unit = cells.read("unit", word(ReferencePrice.Unit), ReferencePrice.Unit.PACK.value, required=True)
    decimals = DECIMALS[ReferencePrice.Unit(unit)]
    kind = cells.read("kind", word(ReferencePrice.Kind), "", required=True)
    if not cells.row.values["valid_from"]:
        cells.refuse("missing", _("%(column)s 不能为空") % {"column": "valid_from"})
    return PriceRow(
        row=cells.row,
        drug_code=cells.read("drug_code", drug_code, "", required=True),
        area=cells.read("area", region_code, "", required=True),
        kind=kind,
        unit=unit,
        amount=cells.read("amount", lambda text: read_amount(text, decimals), Decimal(0), required=True),
        valid=validity(cells),
        document=cells.text("document", limit=120, required=True),
        scheme=cells.text("scheme", limit=40),
        supplier=_supplier(cells, kind),
    )


def _supplier(cells: Cells, kind: str) -> str:
    """Whose price it is: of the main supplier unless it says so; only a 集采 price has suppliers."""
    stated = cells.read("supplier", _position, "")
    if kind == ReferencePrice.Kind.VBP:
        return stated or ReferencePrice.Supplier.MAIN
    if stated and kind:
        cells.refuse("supplier_not_vbp", _("只有集采中选价（vbp）分主供和备供：这一行的 supplier 请留空"))
    return ""


def _position(text: str) -> ReferencePrice.Supplier:
    """Main or reserve. Raises `CellError` (`unknown_word`)."""
    found = SUPPLIERS.get(plain(text).lower())
    if found is None:
        raise CellError(
            "unknown_word",
            _("供应地位“%(text)s”不认识：可用 %(words)s") % {"text": text[:40], "words": "、".join(SUPPLIERS)},
        )
    return found


def _unknown_schemes(rows: list[PriceRow], known: dict[str, int]) -> list[RowProblem]:
    return [
        problem_of(
            row.row, [("scheme_unknown", _("集采批次 %(code)s 不存在：请先导入集采批次") % {"code": row.scheme})]
        )
        for row in rows
        if row.scheme and row.scheme not in known
    ]


def _confidential(rows: list[PriceRow], prices: list[ReferencePrice]) -> list[RowProblem]:
    """Rows that would state a payment standard which the catalogue keeps secret (`*`)."""
    periods = confidential.periods(price.drug_id for price in prices)
    advice = _("目录中这个药品的支付标准保密，不得录入：请删除此行；目录生效前的旧标准请填写 valid_to")
    return [
        problem_of(row.row, [("standard_confidential", advice)])
        for row, price in zip(rows, prices, strict=True)
        if confidential.reveals(price, periods)
    ]


# -- against what is stored -------------------------------------------------------------------------------------------


def _price(row: PriceRow, drugs: dict[str, int], areas: dict[str, Any], schemes: dict[str, int]) -> ReferencePrice:
    return ReferencePrice(
        drug_id=drugs[row.drug_code],
        area_id=areas[row.area].pk,
        kind=row.kind,
        unit=row.unit,
        amount=row.amount,
        valid=row.valid,
        document=row.document,
        scheme_id=schemes.get(row.scheme),
        supplier=row.supplier,
    )


def _keep(prices: list[ReferencePrice], stored: list[ReferencePrice], names: list[str]) -> None:
    """Take over what a price had before in the attributes that the file does not speak of."""
    known = {_key(each): each for each in stored}
    for price in prices:
        old = known.get(_key(price))
        for name in names if old else ():
            setattr(price, name, getattr(old, name))


def _series(price: ReferencePrice) -> tuple[int, int, str]:
    """Drug, area and kind: at most one price a day."""
    return price.drug_id, price.area_id, price.kind


def _key(price: ReferencePrice) -> tuple[int, int, str, date | None]:
    return (*_series(price), price.valid.lower)


def _timelines(
    rows: list[PriceRow], prices: list[ReferencePrice], stored: list[ReferencePrice]
) -> tuple[list[ReferencePrice], list[RowProblem]]:
    """End every open price of the file where the next one begins.

    Returns the stored prices that have to end earlier for the same reason, and the rows that overlap what was stated
    to go on.
    """
    row_of = {id(price): row for price, row in zip(prices, rows, strict=True)}
    named = {_key(price) for price in prices}
    series: dict[tuple[int, int, str], list[ReferencePrice]] = defaultdict(list)
    for price in (*prices, *(each for each in stored if _key(each) not in named)):
        series[_series(price)].append(price)
    ended: list[ReferencePrice] = []
    problems: list[RowProblem] = []
    for timeline in series.values():
        timeline.sort(key=lambda price: price.valid.lower or date.min)
        for earlier, later in pairwise(timeline):
            if earlier.valid.upper is None:
                earlier.valid = half_open(earlier.valid.lower, later.valid.lower)
                ended += [earlier] if id(earlier) not in row_of else []
            elif earlier.valid.upper > later.valid.lower:
                row = row_of.get(id(later)) or row_of[id(earlier)]
                advice = _("与从 %(day)s 起的另一条同类价格有效期重叠：请改正 valid_from 或 valid_to") % {
                    "day": (earlier if id(later) in row_of else later).valid.lower
                }
                problems.append(problem_of(row.row, [("range_overlap", advice)]))
    return ended, problems


def _apply(prices: list[ReferencePrice], stored: list[ReferencePrice], ended: list[ReferencePrice]) -> Outcome:
    """Write what differs; what ends earlier first, because it makes room."""
    known = {_key(each): each for each in stored}
    created: list[ReferencePrice] = []
    changed: list[ReferencePrice] = []
    for price in prices:
        old = known.get(_key(price))
        if old is None:
            created.append(price)
        elif any(getattr(old, name) != getattr(price, name) for name in COMPARED):
            price.pk = old.pk
            changed.append(price)
    overwrite(ReferencePrice, [*ended, *changed])
    copy_in(ReferencePrice, columns_of(ReferencePrice), created)
    return Outcome(len(prices), len(created), len(changed), unchanged=len(prices) - len(created) - len(changed))
