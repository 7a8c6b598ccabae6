"""Daily doses (限定日剂量, DDD) from CSV, as a pharmacist has reviewed them: by generic name, and dosage form if it matters."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from catalog.models import DailyDose
from catalog.specs import normal_text, strength_of
from pharmacies.files import Row, read_table
from pharmacies.importers.outcome import Outcome, Progress, audit, importing, quiet, refusal, write
from pharmacies.importers.reading import CellError, Cells, plain, read_rows
from pharmacies.models import User

REQUIRED = ("generic_name", "amount", "unit", "source", "reviewed_by")
OPTIONAL = ("dosage_form", "atc")
MAX_AMOUNT = Decimal(99_999_999)  # what the column holds; a day's penicillin is a few million units
_ATC = re.compile(r"[A-Z][0-9]{2}[A-Z]{2}[0-9]{2}")
PLACES = Decimal("0.0001")
SMALLEST = {"unit", *"片粒支袋丸贴枚瓶揿喷吸包块锭滴个"}
"""Words for a smallest unit: what a fixed combination is dosed in."""


@dataclass(frozen=True, slots=True)
class DoseRow:
    """One row, read; `fields` are the columns of `DailyDose` that the file states."""

    row: Row
    generic_name: str
    dosage_form: str
    fields: dict[str, Any]


def load(*, data: bytes, at: datetime, by: User | str, dry_run: bool = False, progress: Progress = quiet) -> Outcome:
    """Import daily doses, known by generic name and dosage form; all or nothing. Raises `FileProblem`."""
    table = read_table(data, required=REQUIRED, optional=OPTIONAL)
    rows, problems = read_rows(table.rows, read_dose, key=lambda row: (row.generic_name, row.dosage_form))
    problems += table.problems
    count = len(table.rows) + len(table.problems)
    if problems:
        return refusal(count, problems, table.notes)
    with importing(dry_run=dry_run):
        stored = {(each.generic_name, each.dosage_form): each for each in DailyDose.objects.all()}
        done: Counter[str] = Counter()
        for row in rows:
            dose = stored.get((row.generic_name, row.dosage_form))
            new = DailyDose(generic_name=row.generic_name, dosage_form=row.dosage_form)
            done[write(dose or new, row.fields)] += 1
        outcome = Outcome(count, done["created"], done["updated"], done["unchanged"], notes=table.notes)
        audit(outcome, what="import_daily_doses", model="catalog.DailyDose", at=at, by=by)
        progress(_("写入"), count, count)
    return outcome


def read_dose(cells: Cells) -> DoseRow:
    """The row's values; what is wrong stays with `cells`."""
    amount, unit = _amount(cells)
    atc = {"atc": cells.read("atc", _atc, "")} if cells.has("atc") else {}
    return DoseRow(
        row=cells.row,
        generic_name=cells.text("generic_name", limit=120, required=True),
        dosage_form=cells.text("dosage_form", limit=60),
        fields={
            "amount": amount,
            "unit": unit,
            "source": cells.text("source", limit=120, required=True),
            "reviewed_by": cells.text("reviewed_by", limit=150, required=True),
            **atc,
        },
    )


def _atc(text: str) -> str:
    """ATC level 5, the substance. Raises `CellError` (`atc`)."""
    if not _ATC.fullmatch(code := plain(text).upper()):
        raise CellError("atc", _("ATC 代码“%(text)s”不对：应为 7 位，例如 C08CA01") % {"text": text[:40]})
    return code


def _amount(cells: Cells) -> tuple[Decimal, str]:
    """Amount and unit of a day, in the units that are stored: 2 g is 2000 mg, 2 片 are 2 `unit`."""
    unit = cells.text("unit", limit=10, required=True)
    nothing = Decimal(0), ""
    return cells.read("amount", lambda text: _dose(text, unit), nothing, required=True) if unit else nothing


def _dose(amount: str, unit: str) -> tuple[Decimal, str]:
    """Raises `CellError` (`dose_amount`, `dose_unit`)."""
    if (number := strength_of(f"{amount}mg")) is None:
        raise CellError(
            "dose_amount", _("日剂量“%(text)s”不对：请填写大于 0 的数字，例如 2 或 0.5") % {"text": amount[:40]}
        )
    if normal_text(unit) in SMALLEST:
        dose, stored = number.amount, DailyDose.Unit.UNIT.value
    elif (strength := strength_of(f"{amount}{unit}")) is not None and strength.unit in DailyDose.Unit.values:
        dose, stored = strength.amount, strength.unit
    else:
        raise CellError(
            "dose_unit",
            _("单位“%(text)s”不认识：可用 mg、g、μg、ml、IU（毫克、克、微克、毫升、单位），按片粒计用 unit")
            % {"text": unit[:40]},
        )
    if dose > MAX_AMOUNT or dose != dose.quantize(PLACES):
        raise CellError(
            "dose_amount",
            _("日剂量“%(text)s %(unit)s”太大或小数太多：请检查单位") % {"text": amount[:40], "unit": unit[:10]},
        )
    return dose, stored
