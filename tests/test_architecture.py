"""The shape of the code base, tested like anything else: imports point one way, packages stay where they are."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "pharmacies": {"pharmacies"},
    "catalog": {"catalog", "pharmacies"},
    "prices": {"prices", "catalog", "pharmacies"},
}
OURS = {"config", *MAY_IMPORT}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_one_way(package: str) -> None:
    upward = [
        f"{path.relative_to(ROOT)}:{node.lineno} imports {name}"
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in _imported(node)
        if name in OURS - MAY_IMPORT[package]
    ]
    assert upward == []


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    return [(node.module or "").partition(".")[0]] if node.level == 0 else []


def test_only_the_one_door_writes_offers() -> None:
    writers = ("INTO prices_offer", "UPDATE prices_offer", "Offer.objects.create", "Offer.objects.bulk_create")
    found = {
        path.relative_to(ROOT).as_posix()
        for package in ("pharmacies", "catalog", "prices")
        for path in (ROOT / package).rglob("*")
        if path.suffix in {".py", ".sql"} and any(writer in path.read_text(encoding="utf-8") for writer in writers)
    }
    assert found <= {
        "prices/sql/publish_offers.sql",
        "prices/sql/publish_removals.sql",
        "prices/sql/publish_withdrawals.sql",
        "prices/sql/publish_disputes.sql",
        "prices/sql/publish_confirmations.sql",
        "prices/migrations/0004_cells.py",  # gave every offer its pharmacy's cell
        "prices/bench/province.py",  # a day's changes, in a database of its own
        "prices/bench/day_of_changes.py",  # and a quarter of a year of them
    }


def test_no_clock_in_sql() -> None:
    clocks = ("now()", "current_date", "current_timestamp", "clock_timestamp")
    found = [
        path.name
        for path in ROOT.glob("*/sql/*.sql")
        if any(clock in path.read_text(encoding="utf-8").lower() for clock in clocks)
    ]
    assert found == []
