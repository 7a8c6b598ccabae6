"""阴阳价格线索: settlements that were dearer than the shelf price, and what becomes of them as leads."""

from datetime import datetime, timedelta

import pytest

from catalog.models import Drug
from pharmacies.models import Pharmacy
from prices.models import Lead, SourcePrice
from prices.monitoring.replay import replay
from tests import factories as f
from tests.monitoring.leads_world import DAY, change, market, moment, night_after, sell, standing, the_lead, worked_out

pytestmark = pytest.mark.django_db


def settled(
    drug: Drug, shop: Pharmacy, total: str, quantity: int = 1, hour: int = 12, came_in: datetime | None = None
) -> None:
    run = f.run(received_at=came_in or moment(hour=hour))
    SourcePrice.objects.create(
        drug_id=drug.pk, pharmacy_id=shop.pk, kind="settled", total=total, quantity=quantity,
        as_of=moment(hour=hour), feed_id=run.feed_id, run_id=run.pk,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("total", "quantity", "found"), [("20.00", 1, 1), ("40.00", 2, 1), ("16.00", 1, 0), ("160.00", 1, 0)]
)
def test_a_settlement_above_the_shelf_is_a_lead(total: str, quantity: int, found: int) -> None:
    drug, shops = market(("16.00",) * 6)
    settled(drug, shops[0], total, quantity)
    night_after()
    night_after()
    assert len(standing()) == found
    for lead in standing():
        (finding,) = lead.findings.all()
        assert (finding.detector, finding.inputs["settled_fen"], lead.price_fen) == ("settled", 2000.0, 1600)
        assert finding.excess == pytest.approx(0.25)
        assert replay(finding).same


def test_a_settlement_that_comes_in_days_later_is_a_lead_of_that_day() -> None:
    drug, shops = market(("16.00",) * 6)
    late = DAY + timedelta(days=3)
    settled(drug, shops[0], "20.00", came_in=moment(late))
    night_after()
    assert standing() == []
    night_after(late)
    finding = the_lead().findings.get()
    assert (the_lead().on, finding.inputs["settled_at"][:10]) == (late, DAY.isoformat())


def test_a_settlement_before_the_present_shelf_price_says_nothing_of_it() -> None:
    drug, shops = market(("21.00",) * 6)
    settled(drug, shops[0], "21.00", hour=8)
    change(drug, shops[0], "19.90", moment(hour=10))
    night_after()
    assert standing() == []


def test_a_settlement_brings_back_a_lead_that_had_to_make_way_for_another_of_its_event() -> None:
    drug, _others = market()
    shops = sell(drug, ("18.90",) * 4, chain=f.chain())
    worked_out()
    for shop in shops:
        change(drug, shop, "26.90")
    night_after()
    chosen = the_lead()
    other = next(shop for shop in shops if shop.pk != chosen.pharmacy_id)
    of_the_offer = {"pharmacy_id": other.pk, "state": "withdrawn", "withdrawn_because": "event"}
    fields = {each.attname: getattr(chosen, each.attname) for each in Lead._meta.concrete_fields if each.name != "id"}
    back = Lead.objects.create(**fields | of_the_offer)
    settled(drug, other, "33.00")
    night_after()
    back.refresh_from_db()
    assert (back.state, back.event, [each.detector for each in back.findings.all()]) == ("new", None, ["settled"])
    assert {lead.pk for lead in standing()} == {chosen.pk, back.pk}


@pytest.mark.parametrize("hour", [9, 12])
def test_a_settlement_on_a_level_that_was_decided_about_is_a_lead_of_its_own_once(hour: int) -> None:
    drug, shops = market()
    change(drug, shops[0], "26.90")
    night_after()
    decided = the_lead()
    Lead.objects.filter(pk=decided.pk).update(state="case")
    settled(drug, shops[0], "33.00", hour=hour)
    night_after()
    night_after()
    own = Lead.objects.get(state="new")
    assert [each.detector for each in own.findings.all()] == ["settled"]
    assert (own.pharmacy_id, own.price_fen) == (shops[0].pk, 2690)
    assert not decided.findings.filter(detector="settled").exists()
    Lead.objects.filter(pk=own.pk).update(state="case")
    night_after()
    assert Lead.objects.count() == 2
