"""Shops that sell a drug at given prices, the history of those prices, and what the statistics said of them."""

from datetime import datetime
from typing import Any

from catalog.models import Drug
from pharmacies.models import Pharmacy, Region
from prices.models import AreaPrice, PriceChange
from prices.money import fen_of
from tests import factories as f


def sell(drug: Drug, *prices: str, **fields: Any) -> list[Pharmacy]:
    """A shop for each price, today's facts about them made."""
    shops = [f.pharmacy(**fields) for _price in prices]
    for shop, price in zip(shops, prices, strict=True):
        f.offer(drug, shop, price)
    f.rebuild_today()
    return shops


def row(drug: Drug, region: Region | None = None) -> AreaPrice:
    return AreaPrice.objects.filter(drug_id=drug.pk, region_id=(region or f.region()).pk).latest("on")


def said(drug: Drug, region: Region | None = None) -> tuple[int | None, ...]:
    """(mode, min, q1, median, q3, max, count) of the newest row."""
    found = row(drug, region)
    return (
        *(found.mode_fen, found.min_fen, found.q1_fen, found.median_fen, found.q3_fen, found.max_fen),
        found.count,
    )


def everything() -> list[tuple[Any, ...]]:
    return sorted(AreaPrice.objects.values_list())


def changed(drug: Drug, shop: Pharmacy, old: str | None, new: str | None, at: datetime) -> None:
    """A line of the change history, received when it took effect; call it in the order of time."""
    PriceChange.objects.create(
        drug_id=drug.pk,
        pharmacy_id=shop.pk,
        old_fen=old and fen_of(old),
        new_fen=new and fen_of(new),
        effective_at=at,
        reported_at=at,
        received_at=at,
        feed_id=f.feed().pk,
        run_id=1,
    )
