"""Of many tests at once the unlikely ones remain; an event is one test however many prices it moved."""

from typing import Any

import polars as pl
import pytest

from prices.monitoring.control import control
from prices.monitoring.judging import FINDERS


def judged(*rows: dict[str, Any]) -> pl.DataFrame:
    base: dict[str, Any] = {"pharmacy_id": 1, "drug_id": 1, "city_id": 1, "shops": 20, "event": None}
    for name in FINDERS:
        base |= {name: False, f"{name}_score": 0.0, f"{name}_excess": 0.0}
    base |= {"history_p": 1.0, "peers_p": 1.0}
    schema = {"event": pl.Int32}
    return pl.DataFrame([base | row for row in rows], schema_overrides=schema, infer_schema_length=None)


def suspect(p: float, **fields: Any) -> dict[str, Any]:
    return {"peers": True, "peers_p": p, "peers_excess": 0.4, "peers_score": 4.0} | fields


def quiet(n: int) -> list[dict[str, Any]]:
    return [{"drug_id": 100 + number} for number in range(n)]


def test_what_is_unlikely_on_a_quiet_day_is_to_be_expected_on_a_busy_one() -> None:
    assert len(control(judged(suspect(6e-5), *quiet(100))).candidates) == 1
    assert len(control(judged(suspect(6e-5), *quiet(1000))).candidates) == 0


def test_earlier_looks_of_the_day_count_as_tests() -> None:
    assert len(control(judged(suspect(6e-5)), prior_tests=100).candidates) == 1
    assert len(control(judged(suspect(6e-5)), prior_tests=1000).candidates) == 0
    (row,) = control(judged(suspect(6e-5)), prior_tests=99).candidates.iter_rows(named=True)
    assert row["peers_adjusted"] == pytest.approx(6e-3)


def test_a_rule_with_a_bound_is_not_controlled() -> None:
    row = {"mode": True, "mode_excess": 0.5, "mode_score": 0.4}
    found = control(judged(row, *quiet(1000)))
    assert found.candidates["excess"].to_list() == [0.5]
    assert found.counts == {"tests": 1001, "groups": 1001, "rejected": 0}


def test_of_an_event_the_largest_stands_for_all_and_its_p_for_the_choice() -> None:
    rows = [
        suspect(1e-6, event=0, pharmacy_id=shop, drug_id=drug, peers_excess=0.1 * drug)
        for shop in (1, 2)
        for drug in (1, 2, 3)
    ]
    found = control(judged(*rows, *quiet(10)))
    (row,) = found.candidates.iter_rows(named=True)
    assert (row["drug_id"], found.counts["tests"]) == (3, 11)
    assert row["peers_p"] == 1e-6
    assert row["peers_adjusted"] >= 3e-6


def test_significant_but_too_small_a_change_is_no_candidate() -> None:
    found = control(judged(suspect(1e-9, peers=False)))
    assert found.counts["rejected"] == 1
    assert len(found.candidates) == 0


def test_of_nothing_nothing_remains() -> None:
    found = control(judged(suspect(1e-9)).clear())
    assert (len(found.candidates), found.counts["tests"]) == (0, 0)
