"""阴阳价格线索: what was settled for the insured against what the shelf said (domain.md 2.5)."""

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from django.conf import settings

from prices.models import Finding, Lead
from prices.monitoring import changes as reading
from prices.monitoring import references, rules, slips
from prices.monitoring.detectors import settled as detector
from prices.monitoring.found import Found
from prices.monitoring.judging import fen

MICROSECOND = timedelta(microseconds=1)
ROWS: dict[str, Any] = {
    "drug_id": pl.Int32, "pharmacy_id": pl.Int32, "settled_fen": pl.Float64, "new_fen": pl.Int32, "since_us": pl.Int64,
    "settled_us": pl.Int64,
}  # fmt: skip


def settled(day: date, at: datetime) -> list[Found]:
    """The leads on settlements that came in on the day `day` and were dearer than the shelf price that held.

    One for each shelf price, however often it was exceeded, of each area the largest LEADS_PER_AREA; a settlement that
    is a slip of the decimal point or of the pack against the shelf is none.
    """
    dearer = reading.copied(
        "monitoring_settled", {"since": reading.midnight(day), "until": reading.midnight(day + reading.DAY)}, ROWS
    )
    rows = dearer.join(reading.shops(), on="pharmacy_id", maintain_order="left")
    rows = rows.join(references.packs(rows["drug_id"].unique().to_list()), on="drug_id", maintain_order="left")
    wrong = slips.classify(
        rows.select(pl.col("new_fen").alias("old_fen"), pl.col("settled_fen").alias("new_fen"), "pack_count")
    )
    rows = rows.filter(wrong == "")
    in_force = rules.everywhere(day)
    found = []
    for (area,), some in rows.group_by("area_id", maintain_order=True):
        rule = in_force.get(int(str(area)), rules.defaults())[detector.NAME]
        if not rule.active:
            continue
        judged = detector.detect(fen(some["settled_fen"]), fen(some["new_fen"]), rule.parameters)
        largest = np.flatnonzero(judged.flagged)
        largest = largest[np.argsort(-judged.score[largest], kind="stable")][: settings.LEADS_PER_AREA]
        for place in largest:
            found.append(_found(some.row(int(place), named=True), float(judged.score[place]), rule, day, at))
    return found


def _found(row: dict[str, Any], score: float, rule: rules.RuleInForce, day: date, at: datetime) -> Found:
    excess = row["settled_fen"] / row["new_fen"] - 1
    lead = Lead(
        **{name: row[name] for name in ("drug_id", "pharmacy_id", "chain_id", "area_id", "city_id")},
        price_fen=row["new_fen"],
        since=reading.moment(row["since_us"]),
        on=day,
        found_at=at,
        excess=excess,
        score=excess,
    )
    finding = Finding(
        detector=rule.detector,
        version=rule.version,
        rule_id=rule.rule_id,
        parameters=rule.parameters.stated(),
        inputs={
            "day": day.isoformat(),
            "price_fen": row["new_fen"],
            "old_fen": None,
            "settled_fen": round(row["settled_fen"], 4),
            "settled_at": reading.moment(row["settled_us"]).isoformat(),
        },
        score=score,
        excess=excess,
    )
    # A settlement of the very moment in which the price began is a lead beside the price's own all the same.
    return Found(lead, [finding], None, max(reading.moment(row["settled_us"]), lead.since + MICROSECOND))
