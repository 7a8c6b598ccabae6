"""Reviewed codes from CSV: remembered per feed, and the rows they explain come back."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command

from catalog.importers import aliases
from catalog.models import Alias, Drug
from pharmacies.importers.outcome import Outcome
from prices.models import Rejection

from .. import factories as f
from ..factories import AT
from .deliveries import deliver, shown

pytestmark = pytest.mark.django_db
TODAY = AT.date()


def drug(number: int) -> Drug:
    return f.drug(code=f"XC08CAB037A001{number:09d}")


def imported(*rows: str, days: int = 0) -> Outcome:
    text = "feed,their_code,drug_code\n" + "\n".join(rows) + "\n"
    return aliases.load(data=text.encode(), feeds={"till"}, at=AT + timedelta(days=days), by="药师")


def meanings() -> set[tuple[str, str, str, str]]:
    rows = Alias.objects.select_related("drug")
    return {(row.their_code, row.drug.code[-1], str(row.valid.lower or ""), str(row.valid.upper or "")) for row in rows}


def test_a_code_means_its_drug_from_always_and_names_its_reviewer() -> None:
    assert imported(f"till,A-17,{drug(1).code}").created == 1
    assert meanings() == {("A-17", "1", "", "")}
    assert Alias.objects.get().reviewed_by == "药师"
    assert imported(f"till,A-17,{Drug.objects.get().code}", days=1).unchanged == 1


def test_a_code_that_changes_its_meaning_keeps_the_old_one_for_the_past() -> None:
    one, two = drug(1), drug(2)
    imported(f"till,A-17,{one.code}", days=-1)
    outcome = imported(f"till,A-17,{two.code}")
    assert (outcome.created, outcome.updated) == (0, 1)
    assert meanings() == {("A-17", "1", "", str(TODAY)), ("A-17", "2", str(TODAY), "")}
    assert imported(f"till,A-17,{one.code}").updated == 1
    assert meanings() == {("A-17", "1", "", str(TODAY)), ("A-17", "1", str(TODAY), "")}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("other,A-17,XC08CAB037A001000000001", "feed_unknown"),
        ("till,A-17,XC08CAB037A001000000009", "drug_unknown"),
        ("till,,XC08CAB037A001000000001", "missing"),
        ("till,8.69E+13,XC08CAB037A001000000001", "spreadsheet_number"),
        ("till,A-17,", "missing"),
        ("till,A-1,XC08CAB037A001000000002", "repeated"),
    ],
)
def test_one_flaw_refuses_the_file(row: str, reason: str) -> None:
    one = drug(1)
    outcome = imported(f"till,A-1,{one.code}", row)
    assert [(problem.line, problem.reason) for problem in outcome.problems] == [(3, reason)]
    assert not Alias.objects.exists()


def test_the_command_brings_quarantined_rows_back(tmp_path: Path) -> None:
    shop, one, feed = f.pharmacy(), drug(1), f.feed("till")
    deliver(feed, f"{shop.code},A-17,12.60")
    file = tmp_path / "aliases.csv"
    file.write_text(f"feed,their_code,drug_code\ntill,A-17,{one.code}\n")
    call_command("import_aliases", str(file), "--dry-run")
    assert Rejection.objects.get().state == Rejection.State.REFUSED
    call_command("import_aliases", str(file), "--by", "药师")
    assert shown(one, shop) == "12.60"
    assert Rejection.objects.get().state == Rejection.State.SETTLED
