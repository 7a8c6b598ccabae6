"""What a price is held against from outside: pack sizes, official prices, codes that came to mean something else."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import polars as pl

from catalog.confidential import publishable
from catalog.importers.drugs import PACK_CORRECTED
from catalog.models import Drug, ReferencePrice
from pharmacies.models import AuditEvent
from prices.monitoring.changes import DAY, copied, midnight

OFFICIAL = tuple(ReferencePrice.Kind.values)
LATELY = 30 * DAY
"""A reference price younger than this may be why a market moves."""

FOUND: dict[str, Any] = {"place": pl.Int64, "kind": pl.String, "fen": pl.Float64, "document": pl.String}


def packs(drugs: Iterable[int]) -> pl.DataFrame:
    """drug_id, pack_count of the products."""
    rows = Drug.objects.filter(pk__in=list(drugs)).values_list("pk", "pack_count")
    return pl.DataFrame(list(rows), schema={"drug_id": pl.Int32, "pack_count": pl.Int64}, orient="row")


def corrected_packs(on: date, days: int) -> pl.DataFrame:
    """drug_id, pack_was, corrected_us: products whose pack size was corrected in the `days` days up to the end of `on`,
    what it was before, and when."""
    events = AuditEvent.objects.filter(
        subject="catalog.Drug", action=PACK_CORRECTED, at__gte=midnight(on - days * DAY), at__lt=midnight(on + DAY)
    )
    rows = [
        (int(each.subject_id), (each.before or {})["pack_count"], round(each.at.timestamp() * 1_000_000))
        for each in events.order_by("at")
    ]
    schema: dict[str, Any] = {"drug_id": pl.Int32, "pack_was": pl.Int64, "corrected_us": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row").unique("drug_id", keep="last")


def official(offers: pl.DataFrame, kinds: Iterable[str], on: date) -> pl.DataFrame:
    """The official prices that hold for `offers` (drug_id, pharmacy_id) on the day: place (row number), kind, fen per
    pack, document; of each kind that of the nearest area."""
    if offers.is_empty():
        return pl.DataFrame(schema=FOUND)
    parameters = {
        "drugs": offers["drug_id"].to_list(),
        "pharmacies": offers["pharmacy_id"].to_list(),
        "kinds": list(kinds),
        "day": on,
    }
    return copied("monitoring_references", parameters, FOUND)


def lately(on: date) -> pl.DataFrame:
    """drug_id, reference_fen per pack of the official prices that came into force in the month up to the day."""
    new = ReferencePrice.objects.valid(on).filter(valid__startswith__gt=on - LATELY)
    rows = publishable(new, on).values_list("drug_id", "amount", "unit", "drug__pack_count")
    found = [
        (drug, float(amount * 100 * (1 if unit == ReferencePrice.Unit.PACK else pack)))
        for drug, amount, unit, pack in rows
    ]
    return pl.DataFrame(found, schema={"drug_id": pl.Int64, "reference_fen": pl.Float64}, orient="row")


def reused_codes(on: date, days: int) -> pl.DataFrame:
    """feed_id, drug_id, meant_us: codes of feeds that came to mean another product in the days before `on`, and when."""
    schema: dict[str, Any] = {"feed_id": pl.Int32, "drug_id": pl.Int32, "meant_us": pl.Int64}
    return copied("monitoring_reused", {"since": on - days * DAY}, schema).unique(["feed_id", "drug_id"], keep="last")
