"""What was found becomes leads: the best of an area's day, each with all that its detectors saw."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl
from django.conf import settings

from pharmacies.models import Region
from prices.models import Finding, Lead
from prices.monitoring import changes as reading
from prices.monitoring.judging import FINDERS
from prices.monitoring.rules import InForce
from prices.monitoring.screen import Screened
from prices.monitoring.thresholds import Tiers

REPEATS = 28 * reading.DAY
"""The same price at the same shop within so many days of a lead on it is no new one."""
STRIP: dict[str, Any] = {"drug_id": pl.Int32, "city_id": pl.Int64, "price_fen": pl.Int32, "shops": pl.Int32}

Pair = tuple[int, int]
Level = tuple[int, int, datetime, int]
Json = dict[str, Any]


def level(lead: Lead) -> Level:
    """What makes a lead the same one: product, shop (of a drift: minus the city), when the price began, and the price: it
    may be corrected with the same beginning."""
    return lead.drug_id, lead.pharmacy_id or -lead.city_id, lead.since, lead.price_fen if lead.pharmacy_id else 0


@dataclass(frozen=True)
class Found:
    """A lead to be, without its event, and its findings without their lead; `event`: its place in `Screened.events`.

    `again_since`: when it begins as a lead of its own, should somebody have decided about its level before (None: never).
    """

    lead: Lead
    findings: list[Finding]
    event: int | None
    again_since: datetime | None = None

    @property
    def level(self) -> Level:
        return level(self.lead)


def chosen(candidates: pl.DataFrame, *, day: date, taken: Mapping[int, int]) -> tuple[pl.DataFrame, int]:
    """The best of each insurance area up to LEADS_PER_AREA a day, and how many that left out.

    `taken`: how many leads of the day the areas have already. A level that was a lead before is none again.
    """
    fresh = candidates.join(_known(candidates, day), on=["drug_id", "pharmacy_id", "new_fen"], how="anti")
    ranked = fresh.sort(["score", "drug_id", "pharmacy_id"], descending=[True, False, False])
    before = pl.col("area_id").replace_strict(list(taken), list(taken.values()), default=0, return_dtype=pl.Int64)
    place = pl.int_range(pl.len()).over("area_id")
    best = ranked.filter(place + before < settings.LEADS_PER_AREA)
    return best, len(fresh) - len(best)


def _known(candidates: pl.DataFrame, day: date) -> pl.DataFrame:
    """drug_id, pharmacy_id, new_fen of leads of the days before that stand."""
    pharmacies = candidates["pharmacy_id"].unique().to_list()
    leads = Lead.objects.standing().filter(pharmacy_id__in=pharmacies, on__lt=day, on__gt=day - REPEATS)
    schema = {name: candidates.schema[name] for name in ("drug_id", "pharmacy_id", "new_fen")}
    return pl.DataFrame(list(leads.values_list("drug_id", "pharmacy_id", "price_fen")), schema=schema, orient="row")


def described(rows: pl.DataFrame, screened: Screened, *, day: date, at: datetime) -> list[Found]:
    """The leads of `rows` (of `Screened.candidates`), with the series of 28 days and the strip of the city's prices."""
    if rows.is_empty():
        return []
    days = max(in_force["history"].parameters.window_days for in_force, _tiers in screened.settings)
    series = _series(rows, day, days)
    strips = strip(
        {(row["drug_id"], row["city_id"]) for row in rows.select("drug_id", "city_id").iter_rows(named=True)}
    )
    names = dict(Region.objects.values_list("pk", "name"))
    found = []
    for row, own in zip(rows.iter_rows(named=True), series, strict=True):
        seen = _Seen(row, own, strips.get((row["drug_id"], row["city_id"]), []), names[row["city_id"]], day)
        lead = Lead(
            drug_id=row["drug_id"],
            pharmacy_id=row["pharmacy_id"],
            chain_id=row["chain_id"],
            area_id=row["area_id"],
            city_id=row["city_id"],
            price_fen=row["new_fen"],
            previous_fen=row["old_fen"],
            since=reading.moment(row["since_us"]),
            on=day,
            found_at=at,
            excess=row["excess"],
            score=row["score"],
        )
        in_force, tiers = screened.settings[row["setting"]]
        found.append(Found(lead, seen.findings(in_force, tiers), row["event"]))
    return found


def strip(pairs: Iterable[Pair]) -> dict[Pair, list[list[int]]]:
    """[分, shops] of what the shops of the city ask now, by (drug, city)."""
    wanted = sorted(pairs)
    parameters = {"drugs": [drug for drug, _city in wanted], "cities": [city for _drug, city in wanted]}
    found: dict[Pair, list[list[int]]] = {}
    for drug, city, fen, shops in reading.copied("monitoring_strip", parameters, STRIP).iter_rows():
        found.setdefault((drug, city), []).append([fen, shops])
    return found


def _series(rows: pl.DataFrame, day: date, days: int) -> list[list[list[Any]]]:
    """For each of the rows [day, 分 or None] of the days before, oldest first."""
    past = reading.past(rows.select("drug_id", "pharmacy_id", "old_fen"), day, days)
    dates = [(day - (days - number) * reading.DAY).isoformat() for number in range(days)]
    fens = np.rint(np.nan_to_num(np.exp(past.windows), nan=0.0)).astype(np.int64)
    return [[[on, fen or None] for on, fen in zip(dates, own, strict=True)] for own in fens.tolist()]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What there was to see of one candidate."""

    row: Json
    series: list[list[Any]]
    peers: list[list[int]]
    city: str
    day: date

    def findings(self, in_force: InForce, tiers: Tiers) -> list[Finding]:
        """Of the detectors that stand for it; and how large the change was, where that is much."""
        names = [name for name in ("change", *FINDERS) if self.row[name]]
        return [self._finding(name, in_force, tiers) for name in names]

    def _finding(self, name: str, in_force: InForce, tiers: Tiers) -> Finding:
        rule, row = in_force[name], self.row
        return Finding(
            detector=name,
            version=rule.version,
            rule_id=rule.rule_id,
            parameters=rule.parameters.stated(),
            inputs=self._inputs(name, rule.parameters, tiers),
            score=row[f"{name}_score"],
            p=row.get(f"{name}_p"),
            adjusted=row.get(f"{name}_adjusted"),
            excess=row[f"{name}_excess"],
            label=(row["reference_label"] or "")[:20] if name == "reference" else "",
        )

    def _inputs(self, name: str, parameters: Any, tiers: Tiers) -> Json:
        row = self.row
        common: Json = {"day": self.day.isoformat(), "price_fen": row["new_fen"], "old_fen": row["old_fen"]}
        region: Json = {"region": row["city_id"], "region_name": self.city}
        if name == "history":
            return common | {"series": self.series[-parameters.window_days :]}
        if name == "peers":
            asked = {"count": row["shops"], "median_fen": row["median_fen"], "mad_ln": row["mad_ln"]}
            return common | region | asked | {"peers": self.peers}
        if name == "mode":
            return common | region | {"count": row["shops"], "mode_fen": row["mode_fen"]}
        if name == "reference":
            basis = row["reference_basis"]
            lines = [[tier.lower, tier.upper, tier.label, tier.document, tier.threshold_id] for tier in tiers[basis]]
            document = row["reference_document"] or next((tier.document for tier in tiers[basis]), "")
            return common | {
                "reference_fen": row["reference_fen"],
                "basis": basis,
                "document": document,
                "tiers": lines,
            }
        return common


def taken(day: date) -> Counter[int]:
    """How many standing leads of the day each insurance area has."""
    return Counter(Lead.objects.standing().filter(on=day).values_list("area_id", flat=True))
