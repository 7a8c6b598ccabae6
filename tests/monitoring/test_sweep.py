"""What becomes a lead and what does not, when a day is looked at as a whole."""

from datetime import timedelta

import polars as pl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.importers import drugs
from catalog.models import Alias, Drug
from pharmacies.models import Pharmacy, User
from prices.models import Lead, PriceEvent, Screening
from prices.monitoring import keep, leads
from prices.monitoring.replay import replay
from prices.monitoring.sweep import sweep
from prices.statistics.roll_up import NotADay
from tests import factories as f
from tests.monitoring.leads_world import (
    DAY,
    change,
    everything,
    market,
    moment,
    night_after,
    sell,
    standing,
    the_lead,
    worked_out,
)

pytestmark = pytest.mark.django_db
HEADER = "code,generic_name,dosage_form,strength,pack_count,unit,pack_unit,manufacturer"


def test_a_spike_is_one_lead_that_holds_all_it_was_found_by() -> None:
    drug, shops = market()
    change(drug, shops[0], "26.90")
    swept = night_after()
    lead = the_lead()
    assert swept.leads == 1
    assert (lead.drug_id, lead.pharmacy_id, lead.price_fen, lead.previous_fen) == (drug.pk, shops[0].pk, 2690, 1890)
    assert (lead.since, lead.on, lead.area_id, lead.city.name) == (moment(), DAY, shops[0].insurance_area_id, "武汉市")
    assert lead.excess == pytest.approx(2690 / 1890 - 1)
    findings = {each.detector: each for each in lead.findings.all()}
    assert set(findings) == {"change", "history", "peers", "mode"}
    own, others = findings["history"].inputs, findings["peers"].inputs
    assert own["series"] == [[(DAY - timedelta(days=28 - n)).isoformat(), 1890] for n in range(28)]
    assert (others["count"], others["median_fen"], others["region_name"]) == (12, 1890, "武汉市")
    assert [2690, 1] in others["peers"]
    assert sum(shops for _fen, shops in others["peers"]) == 12
    assert (findings["history"].p or 1) < 1e-12
    assert (findings["history"].adjusted or 1) < 1e-12
    assert findings["mode"].inputs["mode_fen"] == 1890


def test_a_finding_is_replayed_from_what_it_stored_alone() -> None:
    drug, shops = market()
    change(drug, shops[0], "26.90")
    night_after()
    findings = list(the_lead().findings.all())
    worked_out(DAY + timedelta(days=1))
    change(drug, shops[0], "30.00", moment(DAY + timedelta(days=1)))
    for finding in findings:
        replayed = replay(finding)
        assert replayed.same
        assert replayed.flagged
        assert replayed.words == "复算结果与当时一致"
    findings[1].inputs["price_fen"] = 1900
    assert not replay(findings[1]).same


def test_the_same_level_weeks_later_is_still_one_lead() -> None:
    drug, shops = market()
    change(drug, shops[0], "26.90")
    night_after()
    for days in (1, 2, 27):
        worked_out(DAY + timedelta(days=days))
        night_after(DAY + timedelta(days=days))
    assert the_lead().on == DAY


def test_a_product_that_was_away_and_came_back_at_its_price_has_not_changed() -> None:
    drug, shops = market()
    change(drug, shops[0], "26.90")
    night_after()
    change(drug, shops[0], None, moment(DAY + timedelta(days=2)))
    change(drug, shops[0], "26.90", moment(DAY + timedelta(days=5)))
    night_after(DAY + timedelta(days=5))
    assert the_lead().on == DAY


def test_a_price_corrected_with_the_same_beginning_is_a_level_of_its_own() -> None:
    drug, shops = market()
    change(drug, shops[0], "39.90", effective_at=moment(hour=0))
    night_after()
    later = moment(DAY + timedelta(days=1), 15)
    change(drug, shops[0], "18.90", moment(DAY + timedelta(days=1), 14), effective_at=moment(hour=0))
    change(drug, shops[0], "26.90", later, effective_at=moment(hour=0))
    night_after(DAY + timedelta(days=1))
    old = Lead.objects.get(price_fen=3990)
    assert (old.since, old.ended_at) == (moment(hour=0), later)


def test_a_lead_dismissed_at_one_price_says_nothing_of_the_corrected_one() -> None:
    drug, shops = market()
    change(drug, shops[0], "39.90", effective_at=moment(hour=0))
    night_after()
    leads.dismiss(lead=the_lead(), reason="厂家调价", by=User.objects.create_user("officer"), at=moment())
    change(drug, shops[0], "45.90", moment(DAY + timedelta(days=1)), effective_at=moment(hour=0))
    night_after(DAY + timedelta(days=1))
    assert Lead.objects.get(price_fen=4590).state == Lead.State.NEW


def test_a_price_that_goes_down_and_up_again_is_no_second_lead() -> None:
    drug, shops = market()
    change(drug, shops[0], "26.90")
    night_after()
    change(drug, shops[0], "18.90", moment(DAY + timedelta(days=2)))
    night_after(DAY + timedelta(days=2))
    assert the_lead().ended_at == moment(DAY + timedelta(days=2))
    change(drug, shops[0], "26.90", moment(DAY + timedelta(days=5)))
    night_after(DAY + timedelta(days=5))
    assert the_lead().on == DAY


def test_only_the_lead_of_the_price_that_changed_ends_and_none_is_read_for_it() -> None:
    drug, shops = market()
    change(drug, shops[0], "26.90")
    change(drug, shops[1], "27.90")
    night_after()
    at = round(moment(hour=15).timestamp() * 1e6)
    row = {"drug_id": drug.pk, "pharmacy_id": shops[0].pk, "new_fen": 1890, "since_us": at, "received_us": at}
    moved = pl.DataFrame([row])
    with CaptureQueriesContext(connection) as asked:
        assert keep.ended(moved) == 1
    assert ["UPDATE prices_lead" in each["sql"] for each in asked] == [True]
    ends = {lead.pharmacy_id: lead.ended_at for lead in standing()}
    assert ends == {shops[0].pk: moment(hour=15), shops[1].pk: None}
    assert keep.ended(moved) == 0


def test_small_steps_that_add_up_are_seen_against_the_usual_price() -> None:
    drug, shops = market()
    change(drug, shops[0], "21.00", moment(DAY - timedelta(days=2)))
    change(drug, shops[0], "23.50")
    night_after()
    assert the_lead().price_fen == 2350


@pytest.mark.parametrize("new", ["19.60", "18.00", "20.90"])
def test_a_usual_change_is_no_lead(new: str) -> None:
    drug, shops = market()
    change(drug, shops[0], new)
    night_after()
    assert standing() == []
    assert Screening.objects.get().tests == 1


@pytest.mark.parametrize("new", ["189.00", "1890.00", "264.60", "1.35"])
def test_a_slip_that_came_through_is_no_lead_and_neither_is_its_correction(new: str) -> None:
    drug, shops = market()
    change(drug, shops[0], new)
    night_after()
    change(drug, shops[0], "18.90", moment(DAY + timedelta(days=1)))
    night_after(DAY + timedelta(days=1))
    assert standing() == []
    assert list(Screening.objects.order_by("on").values_list("slips", flat=True)) == [1, 1]


def test_ten_times_the_price_that_a_person_stood_up_for_is_a_lead() -> None:
    drug, shops = market()
    run = f.run(operator="wang", override_reason="进货价上涨")
    change(drug, shops[0], "189.00", run_id=run.pk)
    night_after()
    assert the_lead().price_fen == 18900


def test_a_slip_corrected_on_the_same_day_is_no_change_at_all() -> None:
    drug, shops = market()
    change(drug, shops[0], "189.00")
    change(drug, shops[0], "18.90", moment(hour=15))
    night_after()
    assert standing() == []
    assert Screening.objects.get().tests == 0


def test_the_first_price_after_a_corrected_pack_size_is_no_jump() -> None:
    drug, shops = market()
    corrected = f"{HEADER}\n{drug.code},苯磺酸氨氯地平片,片剂,5mg,28,片,盒,{drug.manufacturer}\n"
    outcome = drugs.load(data=corrected.encode(), at=moment(hour=8), by="li")
    assert outcome.updated == 1
    change(drug, shops[0], "36.00")
    night_after()
    assert standing() == []
    change(drug, shops[0], "60.00", moment(DAY + timedelta(days=1)))
    night_after(DAY + timedelta(days=1))
    assert the_lead().price_fen == 6000


def test_the_first_price_under_a_code_that_meant_another_product_is_no_jump() -> None:
    drug, shops = market()
    other = f.drug()
    begins = DAY - timedelta(days=1)
    for meant, valid in ((other, f.since(end=begins)), (drug, f.since(begins))):
        Alias.objects.create(source=f.feed().slug, their_code="100", drug=meant, reviewed_by="li", valid=valid)
    change(drug, shops[0], "26.90")
    night_after()
    assert standing() == []
    change(drug, shops[0], "36.90", moment(DAY + timedelta(days=1)))
    night_after(DAY + timedelta(days=1))
    assert the_lead().price_fen == 3690


def test_a_chain_that_reprices_is_one_event_and_one_lead() -> None:
    chain = f.chain()
    products = [f.drug() for _n in range(4)]
    shops = [f.pharmacy(chain=chain) for _n in range(5)]
    for drug in products:
        sell(drug)
        for shop in shops:
            f.offer(drug, shop, "18.90", confirmed=moment(hour=1))
    worked_out()
    for drug in products:
        for shop in shops:
            change(drug, shop, "24.90")
    night_after()
    event = PriceEvent.objects.get()
    assert (event.kind, event.chain_id, event.drug_id, event.offers, event.shops) == (
        "chain_repricing", chain.pk, None, 20, 5,
    )  # fmt: skip
    assert the_lead().event == event
    assert event.ratio == pytest.approx(2490 / 1890)


def test_a_chain_event_without_a_spike_gives_no_lead() -> None:
    chain = f.chain()
    drug, _shops = market()
    shops = sell(drug, ("18.90",) * 4, chain=chain)
    worked_out()
    for shop in shops:
        change(drug, shop, "19.90")
    night_after()
    assert PriceEvent.objects.get().offers == 4
    assert standing() == []


def test_what_stands_out_of_a_chains_repricing_is_an_event_of_its_own() -> None:
    chain = f.chain()
    usual, spiked = [f.drug() for _n in range(3)], f.drug()
    shops = [f.pharmacy(chain=chain) for _n in range(3)]
    for drug in (*usual, spiked):
        sell(drug)
        for shop in shops:
            f.offer(drug, shop, "18.90", confirmed=moment(hour=1))
    worked_out()
    for shop in shops:
        for drug in usual:
            change(drug, shop, "19.50")
        change(spiked, shop, "29.00")
    night_after()
    assert sorted(PriceEvent.objects.values_list("drug_id", "offers"), key=str) == [(spiked.pk, 3), (None, 9)]
    event = the_lead().event
    assert event is not None
    assert (the_lead().drug_id, event.drug_id) == (spiked.pk, spiked.pk)


def test_the_largest_come_first_and_a_cap_takes_the_rest(settings: object) -> None:
    settings.LEADS_PER_AREA = 2  # type: ignore[attr-defined]  # pytest-django's settings take any name
    drug, shops = market()
    for shop, price in zip(shops, ("27.00", "35.00", "29.00", "31.00"), strict=False):
        change(drug, shop, price)
    night_after()
    assert sorted(lead.price_fen for lead in standing()) == [3100, 3500]
    assert Screening.objects.get().capped == 2


def test_with_one_seller_only_its_own_past_speaks() -> None:
    drug, shops = market(("18.90",))
    change(drug, shops[0], "26.90")
    night_after()
    assert {each.detector for each in the_lead().findings.all()} == {"change", "history"}


def test_with_three_days_of_history_nothing_is_said_of_it() -> None:
    drug, shops = market(("18.90",))
    f.drug()
    change(drug, shops[0], None, moment(DAY - timedelta(days=60)))
    change(drug, shops[0], "18.90", moment(DAY - timedelta(days=3)))
    change(drug, shops[0], "26.90")
    night_after()
    assert standing() == []


def test_all_prices_equal_needs_a_floor_and_has_one() -> None:
    drug, shops = market(("18.90",) * 12)
    change(drug, shops[0], "19.10")
    change(drug, shops[1], "24.00")
    night_after()
    assert the_lead().price_fen == 2400


def test_twice_in_a_night_gives_the_same_rows() -> None:
    drug, shops = market()
    change(drug, shops[0], "26.90")
    change(drug, shops[1], "29.90")
    night_after()
    first = everything()
    night_after()
    assert everything() == first
    assert len(first) == 2


def test_missed_nights_are_made_up() -> None:
    drug, shops = market()
    night_after()
    change(drug, shops[0], "26.90", moment(DAY + timedelta(days=1)))
    change(drug, shops[1], "28.90", moment(DAY + timedelta(days=3)))
    assert night_after(DAY + timedelta(days=3)).days == 3
    assert [lead.on - DAY for lead in standing()] == [timedelta(days=1), timedelta(days=3)]


def test_a_clock_that_was_in_the_future_is_named() -> None:
    sweep(moment(DAY + timedelta(days=30)))
    with pytest.raises(NotADay, match="请检查系统时间"):
        night_after()


def one_new_and_one_in_a_case() -> tuple[Drug, list[Pharmacy], Lead, Lead]:
    """(product, shops, the lead at the first shop, the lead at the second, which is in a case)"""
    drug, shops = market()
    change(drug, shops[0], "26.90")
    change(drug, shops[1], "27.90")
    night_after()
    mine, decided = standing()
    Lead.objects.filter(pk=decided.pk).update(state="case")
    return drug, shops, mine, decided


def test_a_lead_that_does_not_stand_any_more_is_taken_back_and_one_decided_about_is_not() -> None:
    drug, shops, mine, decided = one_new_and_one_in_a_case()
    change(drug, shops[0], "19.00", moment(hour=20))
    change(drug, shops[1], "19.00", moment(hour=20))
    night_after()
    mine.refresh_from_db()
    decided.refresh_from_db()
    assert (mine.state, mine.withdrawn_because) == ("withdrawn", "changed")
    assert decided.state == "case"


def test_a_county_that_was_renamed_keeps_its_leads() -> None:
    drug, shops = market()
    change(drug, shops[0], "26.90")
    night_after()
    county = shops[0].insurance_area
    assert county.parent is not None
    county.valid = f.since(end=DAY + timedelta(days=1))
    county.save()
    renamed = type(county).objects.create(
        code=county.code, name="新武昌区", parent=county.parent, level=county.level,
        valid=f.since(DAY + timedelta(days=1)),
    )  # fmt: skip
    assert [lead.pk for lead in Lead.objects.within(renamed)] == [the_lead().pk]
    for shop in shops:
        shop.insurance_area = shop.division = renamed
        shop.save()
    worked_out(DAY + timedelta(days=1))
    change(drug, shops[1], "29.90", moment(DAY + timedelta(days=1)))
    night_after(DAY + timedelta(days=1))
    assert Lead.objects.within(renamed).count() == 2
    assert Lead.objects.within(county.parent).count() == 2
    assert Lead.objects.within(f.hongshan()).count() == 0


def test_a_lead_goes_with_its_shop_to_who_manages_it_now_and_what_is_decided_stays() -> None:
    _drug, shops, mine, decided = one_new_and_one_in_a_case()
    type(shops[0]).objects.filter(pk__in=[shops[0].pk, shops[1].pk]).update(insurance_area=f.hongshan())
    night_after(DAY + timedelta(days=1))
    mine.refresh_from_db()
    decided.refresh_from_db()
    assert (mine.area, decided.area) == (f.hongshan(), f.wuchang())
    assert list(Lead.objects.within(f.hongshan())) == [mine]


def test_without_a_recent_roll_up_nothing_is_said_of_peers() -> None:
    drug, shops = market()
    late = DAY + timedelta(days=9)
    change(drug, shops[0], "26.90", moment(late))
    night_after(late)
    assert {each.detector for each in the_lead().findings.all()} == {"change", "history"}


def test_hospitals_and_shops_that_are_not_ranked_are_not_watched() -> None:
    drug, shops = market(designations=())
    change(drug, shops[0], "26.90")
    night_after()
    assert standing() == []
