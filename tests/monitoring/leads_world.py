"""A city in which shops sell a product at about one price, what the statistics said of it, and prices that change."""

from datetime import date, datetime, timedelta
from typing import Any

from catalog.models import Drug
from pharmacies.models import Pharmacy
from prices.models import Lead, Offer, PriceChange
from prices.money import fen_of
from prices.monitoring.sweep import Swept, sweep
from prices.statistics.roll_up import roll_up
from tests import factories as f
from tests.factories import SHANGHAI

DAY = date(2026, 11, 20)
"""The Friday on which prices change; the sweep runs in the night after it."""
LONG_AGO = datetime(2026, 6, 1, 8, 0, tzinfo=SHANGHAI)
USUAL = ("18.90", "18.90", "18.90", "18.90", "18.90", "18.90", "19.50", "18.50", "18.90", "19.20", "18.80", "18.90")


def moment(day: date = DAY, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


def sell(drug: Drug, prices: tuple[str, ...] = USUAL, **fields: Any) -> list[Pharmacy]:
    """A shop for each price, which it has asked for months."""
    shops = [f.pharmacy(**fields) for _price in prices]
    for shop, price in zip(shops, prices, strict=True):
        f.offer(drug, shop, price, confirmed=moment(hour=1), changed_at=LONG_AGO)
    return shops


def market(prices: tuple[str, ...] = USUAL, **fields: Any) -> tuple[Drug, list[Pharmacy]]:
    """One product, its shops, and the statistics of the night before DAY."""
    drug = f.drug()
    shops = sell(drug, prices, **fields)
    worked_out()
    return drug, shops


def worked_out(day: date = DAY) -> None:
    f.rebuild_today(moment(day, 3))
    roll_up(moment(day, 3, 15))


def change(drug: Drug, shop: Pharmacy, new: str | None, at: datetime | None = None, **fields: Any) -> PriceChange:
    """As `ingest.publish` would leave it: the offer and a line of its history."""
    at = at or moment()
    offer = Offer.objects.get(drug_id=drug.pk, pharmacy_id=shop.pk)
    old = offer.price_fen if offer.state == Offer.State.LIVE else None
    new_fen = fen_of(new) if new else None
    if new_fen:
        set_to = {"price_fen": new_fen, "state": Offer.State.LIVE, "changed_at": at, "as_of": at, "confirmed_at": at}
    else:
        set_to = {"state": Offer.State.WITHDRAWN, "as_of": at, "confirmed_at": at}
    Offer.objects.filter(drug_id=drug.pk, pharmacy_id=shop.pk).update(**set_to)
    return PriceChange.objects.create(
        drug_id=drug.pk, pharmacy_id=shop.pk, old_fen=old, new_fen=new_fen,
        **{"effective_at": at, "reported_at": at, "received_at": at, "feed_id": f.feed().pk, "run_id": 1} | fields,
    )  # fmt: skip


def night_after(day: date = DAY) -> Swept:
    """The sweep of that day, in the night after it."""
    return sweep(moment(day + timedelta(days=1), 3, 30))


def standing() -> list[Lead]:
    return list(Lead.objects.standing().order_by("pk"))


def the_lead() -> Lead:
    (lead,) = standing()
    return lead


def everything() -> list[Any]:
    """All rows of leads and findings, but for when they were written."""
    leads = Lead.objects.order_by("drug_id", "pharmacy_id", "since").prefetch_related("findings")
    return [
        (
            *(
                lead.drug_id,
                lead.pharmacy_id,
                lead.price_fen,
                lead.since,
                lead.state,
                lead.withdrawn_because,
                lead.score,
            ),
            sorted(
                (each.detector, each.score, each.p, each.adjusted, str(each.inputs)) for each in lead.findings.all()
            ),
        )
        for lead in leads
    ]
