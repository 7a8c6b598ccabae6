"""What the detectors of a rule set say of changed prices: arrays in, columns out; no control of false alarms yet."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from prices.models import Threshold
from prices.monitoring import references
from prices.monitoring.detectors import change, history, mode, peers, reference
from prices.monitoring.robust import Bools, Floats, Judged
from prices.monitoring.rules import InForce
from prices.monitoring.thresholds import Tiers

TESTS, RULES = ("history", "peers"), ("mode", "reference")
"""Detectors with p values, and those that compare with a bound. Each alone makes a lead; `change` never does."""
FINDERS = (*TESTS, *RULES)
NAN = float("nan")


def judge(
    changes: pl.DataFrame,
    asked: pl.DataFrame,
    windows: Floats,
    in_force: InForce,
    *,
    tiers: Tiers | None = None,
    on: date | None = None,
) -> pl.DataFrame:
    """One row for each of `changes` (drug_id, pharmacy_id, old_fen or null, new_fen).

    `asked`, row by row what the city's shops asked: median_fen, mad_ln, mode_fen, shops (null: nobody). `windows`: n ×
    days, ln of the own price on the days before. `tiers`: the area's lines by basis, `on` the day whose references hold;
    without them nothing is said of references.

    Columns: `enough` (the least change is there, and upwards if only rises count); for each of FINDERS and for
    `change` a bool of its name (switched on, flagged, enough), `…_score`, `…_excess` (share above what it compares
    with), for TESTS `…_p` (1 where no test was made); for `reference` also `_fen`, `_basis`, `_document`, `_label`.
    """
    old, new = fen(changes["old_fen"]), fen(changes["new_fen"])
    shops, mode_fen = fen(asked["shops"]), fen(asked["mode_fen"])
    parameters: dict[str, Any] = {name: rule.parameters for name, rule in in_force.items()}
    log_new = np.log(new)
    own = history.detect(windows[:, -parameters["history"].window_days :], log_new, parameters["history"])
    others = peers.detect(log_new, np.log(fen(asked["median_fen"])), fen(asked["mad_ln"]), shops, parameters["peers"])
    most = mode.detect(new, mode_fen, shops, parameters["mode"])
    enough = _enough(old, new, own, in_force)
    found = {"enough": enough}
    moved = change.detect(old, new, parameters["change"])
    columns: dict[str, Any] = {
        "change": moved & in_force["change"].active,
        "change_score": np.log(new / old),
        "change_excess": new / old - 1,
    }
    for name, judged in (("history", own), ("peers", others), ("mode", most)):
        active = in_force[name].active
        columns[name] = judged.flagged & enough & active
        columns[f"{name}_score"] = judged.score
        columns[f"{name}_excess"] = np.exp(log_new - judged.median_ln) - 1
        if name in TESTS:
            columns[f"{name}_p"] = judged.p if active else np.ones(len(new))
    rows = pl.DataFrame(found | columns)
    return pl.concat([rows, _reference(changes, old, new, mode_fen, enough, in_force, tiers, on)], how="horizontal")


def _enough(old: Floats, new: Floats, own: Judged, in_force: InForce) -> Bools:
    """Whether a price differs enough from what this shop usually asked; of a first price nothing is asked."""
    parameters: Any = in_force["change"].parameters
    if not in_force["change"].active:
        return np.ones(len(new), np.bool_)
    usual = np.where(np.isnan(own.median_ln), old, np.exp(own.median_ln))
    enough = change.detect(usual, new, parameters) | np.isnan(usual)
    rising = np.isnan(old) | (new > old)
    return np.asarray(enough & (rising if parameters.direction == "up" else True), np.bool_)


def _reference(
    changes: pl.DataFrame, old: Floats, new: Floats, mode_fen: Floats, enough: Bools, in_force: InForce,
    tiers: Tiers | None, on: date | None,
) -> pl.DataFrame:  # fmt: skip
    """Of the references that the area has lines for, the one by which a price stands highest.

    A price that was already marked so and hardly moved is no news.
    """
    n = len(new)
    best: dict[str, Any] = {
        "reference": np.zeros(n, np.bool_),
        "reference_score": np.full(n, NAN),
        "reference_excess": np.full(n, NAN),
        "reference_fen": np.full(n, NAN),
        **{f"reference_{name}": np.full(n, "", object) for name in ("basis", "document", "label")},
    }
    rule = in_force["reference"]
    if rule.active and tiers and on and n:
        for basis, (fens, documents) in _yardsticks(changes, mode_fen, tiers, on).items():
            now = reference.detect(new, fens, tiers[basis], rule.parameters)
            was = reference.detect(old, fens, tiers[basis], rule.parameters)
            hit = (now.tier >= 0) & (np.isnan(old) | (new > old)) & (enough | (now.tier != was.tier))
            better = hit & ~(best["reference_score"] >= now.ratio)
            best["reference"] |= hit
            values = {
                "score": now.ratio,
                "excess": now.ratio - 1,
                "fen": fens,
                "label": now.labels,
                "document": documents,
            }
            for name, value in values.items():
                best[f"reference_{name}"][better] = value[better]
            best["reference_basis"][better] = basis
    schema = dict.fromkeys(("reference_basis", "reference_document", "reference_label"), pl.String)
    return pl.DataFrame(best, schema_overrides=schema)


def _yardsticks(
    changes: pl.DataFrame, mode_fen: Floats, tiers: Tiers, on: date
) -> Mapping[str, tuple[Floats, "np.ndarray[Any, Any]"]]:
    """For each basis that there are lines for: the reference of every offer (分, nan: none) and its document."""
    nothing = np.full(len(changes), "", object)
    found: dict[str, tuple[Floats, Any]] = {}
    if Threshold.Basis.MODE in tiers:
        found[Threshold.Basis.MODE] = (mode_fen, nothing)
    kinds = [basis for basis in tiers if basis in references.OFFICIAL]
    prices = references.official(changes, kinds, on) if kinds else pl.DataFrame(schema=references.FOUND)
    for basis in kinds:
        mine = prices.filter(pl.col("kind") == basis)
        fens, documents = np.full(len(changes), NAN), nothing.copy()
        fens[mine["place"].to_numpy()] = mine["fen"].to_numpy()
        documents[mine["place"].to_numpy()] = mine["document"].to_numpy()
        found[basis] = (fens, documents)
    return found


def fen(column: pl.Series) -> Floats:
    """As floats, null as nan."""
    return np.array(column.cast(pl.Float64).fill_null(NAN).to_numpy(), np.float64)
