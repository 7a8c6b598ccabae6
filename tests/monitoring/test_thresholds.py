"""阈值方案 from a file: all or nothing, dated, with its document; the nearest area wins; none is a state too."""

import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from pharmacies.importers.outcome import Outcome
from pharmacies.models import AuditEvent
from prices.models import Threshold
from prices.monitoring import thresholds
from tests import factories as f
from tests.factories import AT

pytestmark = pytest.mark.django_db

HEAD = "area,basis,lower,upper,label,document,valid_from,valid_to\n"
TODAY = date(2026, 11, 21)
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "thresholds_jiangsu.csv"


def row(**change: str) -> str:
    base = {
        "area": "420000",
        "basis": "listed",
        "lower": "1",
        "upper": "2",
        "label": "黄标",
        "document": "例〔2026〕1号",
    }
    return ",".join((base | {"first": "2026-01-01", "last": ""} | change).values())


YELLOW, RED = row(), row(lower="2", upper="", label="红标")


@pytest.fixture(autouse=True)
def world() -> None:
    f.wuchang()


def imported(*rows: str) -> Outcome:
    return thresholds.load(data=(HEAD + "\n".join(rows) + "\n").encode(), at=AT, by="经办人")


def marks(area: str = "420000", on: date = TODAY, basis: str = "listed") -> list[tuple[float, float | None, str]]:
    tiers = thresholds.in_force(f.region(area).pk, on).get(basis, ())
    return [(tier.lower, tier.upper, tier.label) for tier in tiers]


def test_nobody_has_loaded_anything_yet() -> None:
    assert thresholds.in_force(f.region().pk, TODAY) == {}


def test_lines_come_in_order_with_their_document() -> None:
    assert imported(RED, YELLOW).created == 2
    assert marks() == [(1, 2, "黄标"), (2, None, "红标")]
    tier = thresholds.in_force(f.region().pk, TODAY)["listed"][0]
    assert (tier.document, tier.threshold_id) == ("例〔2026〕1号", Threshold.objects.get(label="黄标").pk)
    assert AuditEvent.objects.get().action == "import_thresholds"


def test_the_nearest_area_that_has_a_scheme_wins_as_a_whole() -> None:
    imported(YELLOW, RED, row(basis="vbp"), row(area="420100", lower="1.3", upper="", label="提醒"))
    assert marks("420106") == [(1.3, None, "提醒")]
    assert marks("420106", basis="vbp") == [(1, 2, "黄标")]
    assert marks("420000") == [(1, 2, "黄标"), (2, None, "红标")]


def test_importing_twice_changes_nothing() -> None:
    imported(YELLOW, RED)
    assert imported(RED, YELLOW).unchanged == 2
    assert AuditEvent.objects.count() == 1


def test_a_scheme_holds_until_the_next_begins() -> None:
    imported(YELLOW, RED)
    assert imported(row(lower="1.8", upper="", label="警示", first="2027-01-01")).created == 1
    assert marks(on=date(2026, 12, 31)) == [(1, 2, "黄标"), (2, None, "红标")]
    assert marks(on=date(2027, 1, 1)) == [(1.8, None, "警示")]
    assert marks(on=date(2025, 12, 31)) == []


def test_both_schemes_of_one_file_in_any_order() -> None:
    late = row(lower="1.8", upper="", label="警示", first="2027-01-01")
    assert imported(late, YELLOW, RED).created == 3
    assert imported(YELLOW, late, RED).unchanged == 3
    assert marks(on=date(2027, 1, 1)) == [(1.8, None, "警示")]


def test_a_corrected_scheme_replaces_the_whole() -> None:
    imported(YELLOW, RED)
    outcome = imported(row(upper="1.8"), row(lower="1.8", upper="", label="红标"))
    assert (outcome.created, outcome.updated, outcome.removed) == (1, 1, 1)
    assert marks() == [(1, 1.8, "黄标"), (1.8, None, "红标")]
    assert Threshold.objects.count() == 3, "the line that leads may name is still there and holds on no day"
    assert imported(YELLOW, RED).created == 1
    assert marks() == [(1, 2, "黄标"), (2, None, "红标")]


def test_a_scheme_stated_to_go_on_is_not_cut_silently() -> None:
    imported(row(last="2026-12-31"))
    outcome = imported(row(first="2026-07-01", label="警示"))
    assert [(problem.line, problem.reason) for problem in outcome.problems] == [(2, "range_overlap")]
    assert "2026-01-01" in outcome.problems[0].advice
    assert imported(row(first="2027-01-01", label="警示")).created == 1


FLAWS = {
    "unknown area": ({"area": "320000"}, "region_unknown"),
    "unknown basis": ({"basis": "cheap"}, "unknown_word"),
    "no lower": ({"lower": ""}, "missing"),
    "below the reference": ({"lower": "0.9"}, "multiple"),
    "letters": ({"lower": "x"}, "multiple"),
    "not a number": ({"lower": "NaN"}, "multiple"),
    "without end": ({"lower": "Infinity"}, "multiple"),
    "five decimals": ({"lower": "1.00001"}, "multiple"),
    "absurd": ({"upper": "1001"}, "multiple"),
    "upper below lower": ({"lower": "3", "upper": "2"}, "bounds"),
    "no label": ({"label": ""}, "missing"),
    "no document": ({"document": ""}, "missing"),
    "no first day": ({"first": ""}, "missing"),
    "ends before it begins": ({"last": "2025-12-31"}, "range"),
    "two marks at one multiple": ({"lower": "1.5", "upper": "", "label": "红标"}, "range_overlap"),
    "the same line twice": ({}, "repeated"),
}


@pytest.mark.parametrize(("change", "reason"), FLAWS.values(), ids=FLAWS.keys())
def test_one_flaw_refuses_the_file(change: dict[str, str], reason: str) -> None:
    outcome = imported(YELLOW, row(**change))
    assert [(problem.line, problem.reason) for problem in outcome.problems] == [(3, reason)]
    assert not Threshold.objects.exists()


def test_full_width_numbers_are_numbers() -> None:
    assert imported(row(lower="１．３", upper="")).created == 1
    assert marks() == [(1.3, None, "黄标")]


def test_the_command_imports_as_documented(tmp_path: Path) -> None:
    out: Any = io.StringIO()
    file = tmp_path / "thresholds.csv"
    file.write_text(HEAD + YELLOW)
    call_command("import_thresholds", str(file), "--dry-run", stdout=out)
    assert not Threshold.objects.exists()
    call_command("import_thresholds", str(file), "--json", stdout=out)
    assert '"created": 1' in out.getvalue()
    file.write_text(HEAD + row(lower="x"))
    with pytest.raises(CommandError, match="倍数“x”不对"):
        call_command("import_thresholds", str(file))


def test_the_example_of_another_province_can_be_loaded_where_it_is_in_force() -> None:
    f.region("320000", "江苏省")
    outcome = thresholds.load(data=EXAMPLE.read_bytes(), at=AT, by="经办人")
    assert outcome.problems == ()
    tiers = thresholds.in_force(f.region("320000").pk, TODAY)["same_variety"]
    assert [(tier.lower, tier.upper) for tier in tiers] == [(1, 2), (2, 5), (5, 10), (10, None)]
    assert marks() == []
