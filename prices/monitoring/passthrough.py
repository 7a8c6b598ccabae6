"""中选价落地 and 估算节约: how the shelves followed each procurement price (集采中选价). The only writer of `Landing`.

The days are the detector's (`detectors.passthrough`); the saving compares, shop by shop, what one pack cost on the day
before the price came into force with what it costs now. Nobody tells us how many packs are sold, so the saving is stated
for one pack at each shop and multiplied by an assumption that the page names.
"""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP
from itertools import groupby
from typing import Any, NamedTuple, cast

import numpy as np
import polars as pl
from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from catalog.models import ReferencePrice
from pharmacies.models import Region
from prices.models import Landing
from prices.monitoring import rules
from prices.monitoring.detectors import passthrough
from prices.sql.arrays import arrays, halves

RECENT = timedelta(days=730)
"""An older procurement price is long on the shelves or never will be: two years are watched."""
AT_ONCE = 10
SCHEMA = {"reference": pl.Int64, "shop": pl.Int64, "area": pl.Int64, "day": pl.Int64, "fen": pl.Float64}


class Price(NamedTuple):
    """A procurement price: `fen` per pack, in force in `area_id` from the day `start`."""

    reference_id: int
    drug_id: int
    area_id: int
    start: date
    fen: int


def prices(on: date) -> list[Price]:
    """Those in force on the day `on` that began within the last two years."""
    rows = ReferencePrice.objects.valid(on).filter(kind=ReferencePrice.Kind.VBP, valid__startswith__gt=on - RECENT)
    found = rows.select_related("drug").only("drug__pack_count", "area_id", "amount", "unit", "valid").order_by("pk")
    return [
        Price(each.pk, each.drug_id, each.area_id, each.valid.lower, fen_per_pack(each, each.drug.pack_count))
        for each in found
    ]


def fen_per_pack(price: ReferencePrice, pack_count: int) -> int:
    packs = pack_count if price.unit == ReferencePrice.Unit.SMALLEST else 1
    return int((price.amount * packs * 100).to_integral_value(ROUND_HALF_UP))


def parameters(area_id: int, on: date) -> passthrough.Parameters:
    """The mark-up and the days allowed in the area, by the rule in force there."""
    return cast(passthrough.Parameters, rules.current(area_id, on)[passthrough.NAME].parameters)


def work_out(at: datetime) -> int:
    """How every procurement price has landed by the day of `at`, everywhere; again the same day: anew. Rows written."""
    on = timezone.localdate(at)
    known = prices(on)
    upward = _upward()
    written = 0
    with transaction.atomic():
        Landing.objects.exclude(reference__in=[price.reference_id for price in known]).delete()
        for chunk in _chunks(known):
            found = offers(chunk, levels(chunk), on)
            Landing.objects.filter(reference__in=[price.reference_id for price in chunk]).delete()
            written += len(Landing.objects.bulk_create(list(_landings(chunk, found, upward, on)), batch_size=2000))
    return written


def _chunks(known: Sequence[Price]) -> Iterator[list[Price]]:
    """A few prices of one area at a time."""
    for _area, prices_of in groupby(sorted(known, key=lambda price: price.area_id), key=lambda price: price.area_id):
        of_area = list(prices_of)
        yield from (of_area[start : start + AT_ONCE] for start in range(0, len(of_area), AT_ONCE))


def levels(chunk: Sequence[Price], within: Collection[int] | None = None) -> pl.DataFrame:
    """The price levels of the offers concerned by prices of one area, each offer's together, oldest first: columns of
    `SCHEMA`; only of shops that one of the areas `within` manages, if given.

    What an offer cost before its first recorded change is a level of day 1; one without a history has its only level.
    """
    shop, area = arrays("passthrough_shops", {"area": chunk[0].area_id})
    shops = pl.DataFrame({"shop": shop, "area": area}).cast(pl.Int64)
    if within is not None:
        shops = shops.filter(pl.col("area").is_in(list(within)))
    asked: dict[str, Any] = {
        "drugs": [price.drug_id for price in chunk],
        "shops": None if within is None else shops["shop"].to_list(),
        "zone": settings.TIME_ZONE,
    }
    references = pl.DataFrame(
        {"reference": [price.reference_id for price in chunk], "drug": asked["drugs"]},
        schema={"reference": pl.Int64, "drug": pl.Int64},
    )
    change = _changes(asked).join(shops, on="shop").sort("drug", "shop", "xid", "id")
    first = change.unique(["drug", "shop"], keep="first").filter(pl.col("old").is_not_null())
    offer = _offers(asked).join(shops, on="shop")
    known = pl.concat([
        first.select("drug", "shop", "area", pl.lit(1, pl.Int64).alias("day"), pl.col("old").alias("fen"), n=0),
        change.select("drug", "shop", "area", "day", "fen", n=pl.int_range(1, pl.len() + 1, dtype=pl.Int32)),
        offer.join(change, on=["drug", "shop"], how="anti").select("drug", "shop", "area", "day", "fen", n=0),
    ])  # fmt: skip
    found = known.join(references, on="drug").sort("reference", "shop", "n")
    return found.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())


def _changes(asked: dict[str, Any]) -> pl.DataFrame:
    """Every recorded change: drug, shop, day, old and fen (null: not on the shelf), xid, id."""
    offer, prices, day, xid, number = arrays("passthrough_changes", asked)
    (drug, shop), (old, fen) = halves(offer), halves(prices)
    told = {"drug": drug, "shop": shop, "day": day, "old": old, "fen": fen, "xid": xid, "id": number}
    return pl.DataFrame(told).cast(pl.Int64).with_columns(pl.col("old", "fen").replace(0, None))


def _offers(asked: dict[str, Any]) -> pl.DataFrame:
    """What is on the shelf: drug, shop, day, fen."""
    offer, day, fen = arrays("passthrough_offers", asked)
    drug, shop = halves(offer)
    return pl.DataFrame({"drug": drug, "shop": shop, "day": day, "fen": fen}).cast(pl.Int64)


def offers(chunk: Sequence[Price], found: pl.DataFrame, on: date) -> pl.DataFrame:
    """One row for each offer of the levels `found` of prices of one area: `reference, shop, area, days` (null: not
    landed), `late`, `before` and `now` (fen; null off the shelf), `low` (now within the allowed mark-up)."""
    asked = {price.reference_id: price for price in chunk}
    allowed = parameters(chunk[0].area_id, on)
    numbered = found.with_columns(pl.struct("reference", "shop").rle_id().cast(pl.Int64).alias("offer"))
    each = numbered.group_by("offer", maintain_order=True).agg(pl.col("reference", "shop", "area").first())
    start = np.array([asked[key].start.toordinal() for key in each["reference"]], np.int64)
    reference_fen = np.array([asked[key].fen for key in each["reference"]], np.float64)
    passed = passthrough.days(
        numbered["offer"].to_numpy(),
        numbered["day"].to_numpy(),
        numbered["fen"].fill_null(float("nan")).to_numpy(),
        start=start,
        reference_fen=reference_fen,
        on=on.toordinal(),
        parameters=allowed,
    )
    begun = numbered.with_columns(pl.Series("start", start[numbered["offer"].to_numpy()], pl.Int64))
    before = begun.filter(pl.col("day") < pl.col("start")).group_by("offer").agg(pl.col("fen").last().alias("before"))
    now = begun.filter(pl.col("day") <= on.toordinal()).group_by("offer").agg(pl.col("fen").last().alias("now"))
    most = pl.Series("most", reference_fen * (1 + allowed.markup) + 0.5, pl.Float64)
    judged = each.with_columns(
        pl.Series("days", passed.days, pl.Float64).fill_nan(None), pl.Series("late", passed.late)
    )
    return (
        judged.with_columns(most)
        .join(before, on="offer", how="left", maintain_order="left")
        .join(now, on="offer", how="left", maintain_order="left")
        .with_columns((pl.col("now") <= pl.col("most")).alias("low"))
        .drop("offer", "most")
    )


def _upward() -> pl.DataFrame:
    """Every region with itself and each one above it."""
    parents = dict(Region.objects.values_list("pk", "parent_id"))
    pairs = []
    for pk in parents:
        over: int | None = pk
        while over is not None:
            pairs.append((pk, over))
            over = parents[over]
    return pl.DataFrame(pairs, schema={"area": pl.Int64, "region": pl.Int64}, orient="row")


def _landings(chunk: Sequence[Price], found: pl.DataFrame, upward: pl.DataFrame, on: date) -> Iterator[Landing]:
    """By price and region, of the shops that sell the product today."""
    drug_of = {price.reference_id: price.drug_id for price in chunk}
    selling = found.filter(pl.col("now").is_not_null()).join(upward, on="area")
    matched = pl.col("before").is_not_null()
    rows = selling.group_by("reference", "region", maintain_order=True).agg(
        pl.len().alias("shops"),
        pl.col("days").is_not_null().sum().alias("landed"),
        pl.col("late").sum(),
        (~pl.col("low")).sum().alias("above"),
        pl.col("days").median().alias("days_median"),
        matched.sum().alias("matched"),
        (pl.col("before").median() + 0.5).floor().alias("before_fen"),
        (pl.col("now").filter(matched).median() + 0.5).floor().alias("now_fen"),
        (pl.col("before") - pl.col("now")).filter(matched).sum().alias("saved_fen"),
    )
    for row in rows.iter_rows(named=True):
        fen = {name: None if row[name] is None else int(row[name]) for name in ("before_fen", "now_fen", "saved_fen")}
        reference_id, region_id = row.pop("reference"), row.pop("region")
        drug_id = drug_of[reference_id]
        yield Landing(reference_id=reference_id, region_id=region_id, drug_id=drug_id, on=on, **(row | fen))


# -- questions --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Saving:
    """Of an area: over `products`, the geometric mean of how far each one's median price fell (0.53: by 53 %; None without
    any), and what one pack of each at each of the shops costs less, over all shops that sold before and sell now."""

    products: int
    packs: int
    fall: float | None
    saved_fen: int


def saving(found: Iterable[Landing]) -> Saving:
    """What is said first about 集采, of the landings of one area."""
    values: Any = [(each.matched, each.before_fen, each.now_fen, each.saved_fen) for each in found if each.matched]
    rows: list[tuple[int, int, int, int]] = values  # no None where shops are matched: a constraint
    ratios = [math.log(now / before) for _matched, before, now, _saved in rows]
    return Saving(
        products=len(rows),
        packs=sum(row[0] for row in rows),
        fall=1 - math.exp(math.fsum(ratios) / len(ratios)) if ratios else None,
        saved_fen=sum(row[3] for row in rows),
    )


def landings(area: Region) -> QuerySet[Landing]:
    """Of every procurement price in the area the newest first, of one day those with most shops that are late."""
    found = Landing.objects.filter(region=area).select_related("reference__drug__preparation", "reference__scheme")
    return found.order_by(F("reference__valid__startswith").desc(), "-late", "-above", "reference_id")


def landings_then(area: Region, on: date, told: Callable[[float], object]) -> list[Landing]:
    """The same on a past day, worked out anew and not kept: of a province that takes about as long as the night's, and
    `told` hears every few prices which share of them is done.

    By the prices and the history as they are known now; the shops are those in good standing today.
    """
    inside = list(Region.objects.within(area).values_list("pk", flat=True))
    here = pl.DataFrame(
        {"area": inside, "region": [area.pk] * len(inside)}, schema={"area": pl.Int64, "region": pl.Int64}
    )
    found: list[Landing] = []
    asked, done = prices(on), 0
    for chunk in _chunks(asked):
        found += _landings(chunk, offers(chunk, levels(chunk, inside), on), here, on)
        done += len(chunk)
        told(done / len(asked))
    known = ReferencePrice.objects.select_related("drug__preparation", "scheme").in_bulk(
        [each.reference_id for each in found]
    )
    for each in found:
        each.reference = known[each.reference_id]
    return sorted(
        found, key=lambda each: (-each.reference.valid.lower.toordinal(), -each.late, -each.above, each.reference_id)
    )


def by_region(reference_id: int, area: Region) -> QuerySet[Landing]:
    """How one price landed in the areas directly below, worst first."""
    found = Landing.objects.filter(reference=reference_id, region__parent__code=area.code).select_related("region")
    return found.order_by("-late", "-above", "region__code")


def by_shop(price: Price, area: Region, on: date) -> pl.DataFrame:
    """One row for each shop of the area, as `offers` says, live; the slowest first."""
    inside = list(Region.objects.within(area).values_list("pk", flat=True))
    found = levels([price], inside)
    return offers([price], found, on).sort("days", "shop", descending=[True, False], nulls_last=False)
