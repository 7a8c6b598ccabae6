"""Daily doses from CSV: reviewed by a person, in the units that are stored, one flaw refuses the file."""

import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalog.importers import daily_doses
from catalog.models import DailyDose
from pharmacies.importers.outcome import Outcome
from pharmacies.models import AuditEvent

from ..factories import AT

pytestmark = pytest.mark.django_db

HEAD = "generic_name,amount,unit,source,reviewed_by,dosage_form,atc\n"


def row(**change: str) -> str:
    base = {
        "generic_name": "测试地平片",
        "amount": "5",
        "unit": "mg",
        "source": "WHO 2026",
        "reviewed_by": "王药师",
        "dosage_form": "",
        "atc": "C08CA01",
    }
    return ",".join((base | change).values())


def load(*rows: str, **kwargs: Any) -> Outcome:
    return daily_doses.load(data=(HEAD + "\n".join(rows) + "\n").encode(), at=AT, by="经办人", **kwargs)


def test_every_column_is_stored_with_who_reviewed_it() -> None:
    assert load(row(dosage_form="片剂")).created == 1
    dose = DailyDose.objects.get()
    assert (dose.generic_name, dose.dosage_form, dose.atc) == ("测试地平片", "片剂", "C08CA01")
    assert (dose.amount, dose.unit, dose.source, dose.reviewed_by) == (Decimal(5), "mg", "WHO 2026", "王药师")


@pytest.mark.parametrize(
    ("amount", "unit", "expected"),
    [
        ("2", "g", (Decimal(2000), "mg")),
        ("2", "克", (Decimal(2000), "mg")),
        ("0.5", "毫克", (Decimal("0.5"), "mg")),
        ("150", "μg", (Decimal("0.15"), "mg")),
        ("１０", "ｍｇ", (Decimal(10), "mg")),
        ("7.5", "毫升", (Decimal("7.5"), "ml")),
        ("40", "U", (Decimal(40), "IU")),
        ("360", "万单位", (Decimal(3_600_000), "IU")),
        ("3", "片", (Decimal(3), "unit")),
        ("3", "unit", (Decimal(3), "unit")),
    ],
)
def test_a_dose_is_stored_in_milligrams_millilitres_units_or_pieces(
    amount: str, unit: str, expected: tuple[Decimal, str]
) -> None:
    assert load(row(amount=amount, unit=unit)).problems == ()
    dose = DailyDose.objects.get()
    assert (dose.amount, dose.unit) == expected


def test_a_dose_is_known_by_name_and_form() -> None:
    both = row(), row(dosage_form="口服液体剂", amount="10", unit="ml")
    assert load(*both).created == 2
    assert load(*reversed(both)).unchanged == 2
    again = load(row(amount="10"))
    assert (again.created, again.updated) == (0, 1)
    assert AuditEvent.objects.count() == 2


def test_a_dry_run_writes_nothing() -> None:
    assert load(row(), dry_run=True).created == 1
    assert not DailyDose.objects.exists()


def test_a_file_without_the_atc_column_keeps_what_is_stored() -> None:
    load(row())
    text = "generic_name,amount,unit,source,reviewed_by\n测试地平片,5,mg,WHO 2026,王药师\n"
    assert daily_doses.load(data=text.encode(), at=AT, by="经办人").unchanged == 1
    assert DailyDose.objects.get().atc == "C08CA01"


FLAWS = {
    "no name": ({"generic_name": ""}, "missing"),
    "no amount": ({"amount": ""}, "missing"),
    "no unit": ({"unit": ""}, "missing"),
    "no source": ({"source": ""}, "missing"),
    "nobody reviewed it": ({"reviewed_by": ""}, "missing"),
    "zero": ({"amount": "0"}, "dose_amount"),
    "negative": ({"amount": "-5"}, "dose_amount"),
    "a range": ({"amount": "5-10"}, "dose_amount"),
    "a number with its unit": ({"amount": "5mg"}, "dose_amount"),
    "exponent": ({"amount": "1e3"}, "dose_amount"),
    "too large": ({"amount": "999999999"}, "dose_amount"),
    "nanograms": ({"unit": "ng"}, "dose_amount"),
    "per cent": ({"unit": "%"}, "dose_unit"),
    "times a day": ({"unit": "次"}, "dose_unit"),
    "a class instead of a substance": ({"atc": "C08CA"}, "atc"),
    "a long name": ({"generic_name": "长" * 121}, "too_long"),
    "twice": ({}, "repeated"),
}


@pytest.mark.parametrize(("change", "reason"), FLAWS.values(), ids=FLAWS.keys())
def test_one_flaw_refuses_the_file(change: dict[str, str], reason: str) -> None:
    first = row() if reason == "repeated" else row(generic_name="测试洛尔片")
    outcome = load(first, row(**change))
    assert [(problem.line, problem.reason) for problem in outcome.problems] == [(3, reason)]
    assert outcome.problems[0].advice
    assert not DailyDose.objects.exists()


def test_the_command_imports_as_documented(tmp_path: Path) -> None:
    out: Any = io.StringIO()
    (tmp_path / "doses.csv").write_text(HEAD + row())
    call_command("import_daily_doses", str(tmp_path / "doses.csv"), "--json", stdout=out)
    assert '"created": 1' in out.getvalue()
    (tmp_path / "doses.csv").write_text(HEAD + row(unit="匙"))
    with pytest.raises(CommandError, match="单位“匙”不认识"):
        call_command("import_daily_doses", str(tmp_path / "doses.csv"))
    assert (tmp_path / "doses.errors.csv").exists()
