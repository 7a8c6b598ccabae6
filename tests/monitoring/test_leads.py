"""What people do with leads; leads on reference prices and on slow drifts; parameters of an area's rules."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from pharmacies.models import AuditEvent, User
from prices.models import AreaPrice, Lead, Rule, Threshold
from prices.monitoring.leads import NotPossible, dismiss
from prices.monitoring.replay import replay
from tests import factories as f
from tests.factories import AT
from tests.monitoring.leads_world import DAY, change, market, moment, night_after, sell, standing, the_lead, worked_out

pytestmark = pytest.mark.django_db
SUNDAY = date(2026, 11, 22)


# -- people -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def lead() -> Lead:
    drug, shops = market()
    change(drug, shops[0], "26.90")
    night_after()
    return the_lead()


@pytest.fixture
def officer() -> User:
    return User.objects.create(username="li")


def test_a_lead_is_dismissed_for_a_reason_by_somebody_and_stays_so(lead: Lead, officer: User) -> None:
    dismiss(lead=lead, reason=" 厂家 调价 ", by=officer, at=AT)
    assert (lead.state, lead.reason, lead.dismissed_by) == ("dismissed", "厂家 调价", officer)
    event = AuditEvent.objects.get(action="lead.dismiss")
    assert (event.actor, event.subject_id, event.area, event.reason) == (officer, str(lead.pk), lead.area, "厂家 调价")
    night_after()
    lead.refresh_from_db()
    assert lead.state == "dismissed"


def test_without_a_reason_nothing_is_dismissed(lead: Lead, officer: User) -> None:
    for reason in ("", "   ", "长" * 201):
        with pytest.raises(NotPossible):
            dismiss(lead=lead, reason=reason, by=officer, at=AT)
    lead.refresh_from_db()
    assert lead.state == "new"
    assert not AuditEvent.objects.filter(action="lead.dismiss").exists()


def test_who_comes_second_is_told(lead: Lead, officer: User) -> None:
    other = Lead.objects.get(pk=lead.pk)
    dismiss(lead=lead, reason="厂家调价", by=officer, at=AT)
    with pytest.raises(NotPossible, match="已排除"):
        dismiss(lead=other, reason="另一个理由", by=officer, at=AT)
    assert other.reason == "厂家调价"


# -- references -------------------------------------------------------------------------------------------------------


def tiers(basis: str = "listed") -> None:
    for lower, upper, label in ((1, 2, "黄标"), (2, 5, "红标★")):
        Threshold.objects.create(
            area=f.region(), basis=basis, lower=Decimal(lower), upper=Decimal(upper), label=label, document="示例〔2026〕1号",
            valid=f.since(),
        )  # fmt: skip


def test_a_price_that_climbs_into_a_tier_is_a_lead_with_its_document() -> None:
    tiers()
    drug, shops = market(("18.90",) * 4)
    f.reference_price(drug, "18.90")
    change(drug, shops[0], "19.90")
    night_after()
    (finding,) = the_lead().findings.all()
    assert (finding.detector, finding.label, finding.excess) == ("reference", "黄标", pytest.approx(1990 / 1890 - 1))
    assert (finding.inputs["basis"], finding.inputs["document"]) == ("listed", "挂网公告")
    assert replay(finding).same


def test_the_nearest_reference_counts_and_one_per_tablet_is_for_the_pack() -> None:
    tiers()
    drug, shops = market(("18.90",) * 4)
    f.reference_price(drug, "5.00")
    f.reference_price(drug, "1.40", unit="smallest", area=f.wuchang())
    change(drug, shops[0], "20.00")
    night_after()
    assert the_lead().findings.get().inputs["reference_fen"] == pytest.approx(1960)


def test_without_thresholds_no_reference_makes_a_lead() -> None:
    drug, shops = market(("18.90",) * 4)
    f.reference_price(drug, "5.00")
    change(drug, shops[0], "19.90")
    night_after()
    assert standing() == []


def test_a_price_that_was_marked_already_and_hardly_moves_is_no_news() -> None:
    tiers()
    drug, shops = market(("18.90",) * 4)
    f.reference_price(drug, "15.00")
    change(drug, shops[0], "19.20")
    night_after()
    assert standing() == []


@pytest.mark.parametrize(("confidential", "found"), [(False, 1), (True, 0)])
def test_a_confidential_payment_standard_is_no_yardstick(confidential: bool, found: int) -> None:
    tiers("payment_standard")
    drug, shops = market(("18.90",) * 4)
    f.reference_price(drug, "18.00", kind="payment_standard")
    listing = f.listing()
    amount = None if confidential else Decimal("18.00")
    listing.standards.create(spec="5mg", confidential=confidential, amount=amount)
    f.match(drug, listing)
    change(drug, shops[0], "37.00")
    night_after()
    findings = [each for lead in standing() for each in lead.findings.filter(detector="reference")]
    assert len(findings) == found


# -- rules ------------------------------------------------------------------------------------------------------------


def rule(detector: str, **fields: object) -> None:
    base = {
        "area": f.wuchang(),
        "version": 1,
        "parameters": {},
        "valid": f.since(),
        "reason": "x",
        "by": "li",
        "at": AT,
    }
    Rule.objects.create(**base | {"detector": detector} | fields)


def test_an_area_with_rules_of_its_own_is_judged_by_them() -> None:
    rule("change", parameters={"min_share": 0.5})
    drug, shops = market()
    (other,) = sell(drug, ("18.90",), division=f.hongshan())
    worked_out()
    change(drug, shops[0], "26.90")
    change(drug, other, "26.90")
    night_after()
    assert the_lead().pharmacy_id == other.pk


def test_a_detector_that_is_switched_off_finds_nothing() -> None:
    for detector in ("history", "mode"):
        rule(detector, active=False)
    drug, shops = market()
    change(drug, shops[0], "26.90")
    night_after()
    assert {each.detector for each in the_lead().findings.all()} == {"change", "peers"}


# -- drift ------------------------------------------------------------------------------------------------------------


def drifting(step: float, shops: int = 20) -> int:
    """A product whose city median rises by `step` a week over twelve weeks, after eight at rest; its id."""
    drug = f.drug()
    f.wuchang()
    city = f.region("420100")
    for week in range(20):
        price = round(2000 * (1 + step) ** max(0, week - 7))
        prices = dict.fromkeys(("min_fen", "q1_fen", "median_fen", "q3_fen", "max_fen", "mode_fen"), price)
        AreaPrice.objects.create(
            drug_id=drug.pk,
            region_id=city.pk,
            on=SUNDAY - timedelta(weeks=19 - week),
            count=shops,
            mad_ln=0.0,
            **prices,
        )
    return drug.pk


def test_a_product_that_creeps_up_in_a_city_is_a_lead_without_a_shop() -> None:
    drug = drifting(0.015)
    night_after(SUNDAY)
    night_after(SUNDAY)
    lead = the_lead()
    (finding,) = lead.findings.all()
    assert (lead.drug_id, lead.pharmacy_id, lead.city.name, lead.area) == (drug, None, "武汉市", lead.city)
    assert (lead.previous_fen, finding.detector, len(finding.inputs["series"])) == (2000, "drift", 20)
    assert lead.since == moment(SUNDAY - timedelta(days=6), 0)
    assert replay(finding).same


def test_the_same_drift_a_week_later_is_no_second_lead() -> None:
    drifting(0.015)
    night_after(SUNDAY)
    night_after(SUNDAY + timedelta(days=7))
    assert len(standing()) == 1


def test_a_week_whose_last_night_was_missed_is_made_up() -> None:
    drug = drifting(0.015)
    night_after(SUNDAY - timedelta(days=1))
    assert night_after(SUNDAY + timedelta(days=1)).days == 2
    assert (the_lead().drug_id, the_lead().on) == (drug, SUNDAY)


@pytest.mark.parametrize(("step", "shops", "day"), [(0.002, 20, SUNDAY), (0.015, 5, SUNDAY), (0.015, 20, DAY)])
def test_little_or_of_few_shops_or_not_at_the_end_of_a_week_it_is_none(step: float, shops: int, day: date) -> None:
    drifting(step, shops)
    night_after(day)
    assert standing() == []
