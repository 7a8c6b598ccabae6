"""缓慢上涨: products whose price in a city creeps up, week by week, too slowly for any single change to stand out."""

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from prices.models import Finding, Lead
from prices.monitoring import changes as reading
from prices.monitoring import rules
from prices.monitoring.detectors import change
from prices.monitoring.detectors import drift as detector
from prices.monitoring.found import Found
from prices.monitoring.robust import standardised

AFTER_BASELINE = 12
"""Weeks looked at behind those of the baseline."""
LEAST_SHARE, LEAST_SHOPS = 0.05, 10
"""A median that is less than 5 % above its beginning, or of fewer shops, is not even looked at."""
QUIET = timedelta(weeks=13)
"""A drift goes on signalling: one lead in a quarter."""

RISING: dict[str, Any] = {"drug_id": pl.Int32, "city_id": pl.Int64, "median_fen": pl.Int32, "shops": pl.Int32}
WEEKS: dict[str, Any] = {"place": pl.Int64, "week": pl.Int64, "median_fen": pl.Int32}


def drifted(day: date, at: datetime) -> list[Found]:
    """The leads on products × cities that signal on the day `day`, the last of a week."""
    in_force = rules.everywhere(day)
    found: list[Found] = []
    for city in sorted(set(reading.cities().values())):
        mine = in_force.get(city, rules.defaults())
        if mine[detector.NAME].active:
            found += _in_city(city, mine, day, at)
    return found


def _in_city(city: int, in_force: rules.InForce, day: date, at: datetime) -> list[Found]:
    rule = in_force[detector.NAME]
    parameters: Any = rule.parameters
    days = [day - timedelta(weeks=back) for back in range(parameters.baseline + AFTER_BASELINE - 1, -1, -1)]
    bounds = {"cities": [city], "first": days[0], "last": day, "share": LEAST_SHARE, "shops": LEAST_SHOPS}
    rising = reading.copied("monitoring_rising", bounds, RISING).join(_told(city, day), on="drug_id", how="anti")
    if rising.is_empty():
        return []
    asked = {"drugs": rising["drug_id"].to_list(), "cities": rising["city_id"].to_list(), "days": days}
    weeks = reading.copied("monitoring_weeks", asked, WEEKS)
    medians = np.full((len(rising), len(days)), np.nan)
    medians[weeks["place"].to_numpy(), weeks["week"].to_numpy()] = weeks["median_fen"].to_numpy()
    judged = detector.detect(standardised(np.log(medians), parameters.baseline, parameters.floor), parameters)
    signal = judged.signal
    if in_force["change"].active:
        signal = signal & change.detect(medians[:, 0], medians[:, -1], in_force["change"].parameters)
    return [
        _found(rising.row(int(place), named=True), medians[place].tolist(), float(judged.last[place]), rule, days, at)
        for place in np.flatnonzero(signal)
    ]


def _told(city: int, day: date) -> pl.DataFrame:
    rows = Lead.objects.standing().filter(pharmacy_id=None, city=city, on__gt=day - QUIET, on__lt=day)
    return pl.DataFrame({"drug_id": list(rows.values_list("drug_id", flat=True))}, schema={"drug_id": pl.Int32})


def _found(
    row: dict[str, Any], medians: list[float], last: float, rule: rules.RuleInForce, days: list[date], at: datetime
) -> Found:
    price = row["median_fen"]
    excess = price / medians[0] - 1
    series = [[on.isoformat(), None if np.isnan(fen) else int(fen)] for on, fen in zip(days, medians, strict=True)]
    lead = Lead(
        drug_id=row["drug_id"],
        area_id=row["city_id"],
        city_id=row["city_id"],
        price_fen=price,
        previous_fen=int(medians[0]),
        since=reading.midnight(days[-1] - timedelta(days=days[-1].weekday())),
        on=days[-1],
        found_at=at,
        excess=excess,
        score=excess * row["shops"],
    )
    finding = Finding(
        detector=rule.detector,
        version=rule.version,
        rule_id=rule.rule_id,
        parameters=rule.parameters.stated(),
        inputs={
            "day": days[-1].isoformat(),
            "price_fen": price,
            "old_fen": int(medians[0]),
            "count": row["shops"],
            "series": series,
        },
        score=last,
        excess=excess,
    )
    return Found(lead, [finding], None)
