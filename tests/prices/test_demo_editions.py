"""The demo's two editions: this year's and the next, whatever year it is loaded in; what waits; what only hospitals have."""

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from catalog.comparability import daily_cost, daily_dose_of
from catalog.editions import current, difference, upcoming
from catalog.importers import daily_doses, drugs
from catalog.models import Category, DailyDose, Drug, Edition, Listing, ListingMatch, PaymentStandard
from prices.demo import catalogue, facts, load, province
from tests.factories import AT
from tests.prices.demo_world import SIZE, people


def a_change_for(rows: catalogue.Rows, after: catalogue.Rows) -> Counter[str]:
    """How many rows of two editions differ in what, counted without the catalogue's own comparison."""
    both = rows.keys() & after.keys()
    return Counter(
        new=len(after.keys() - rows.keys()),
        gone=len(rows.keys() - after.keys()),
        moved=sum(rows[key].kind != after[key].kind for key in both),
        **{"class": sum(rows[key].ins_class != after[key].ins_class for key in both)},
        restriction=sum(rows[key].restriction != after[key].restriction for key in both),
    )


def test_next_years_edition_differs_in_some_rows_of_every_kind() -> None:
    known = facts.read()
    rows = catalogue.this_year(known, 2026)
    changes = a_change_for(rows, catalogue.next_year(rows, known, 2026))
    assert changes == Counter(new=4, gone=4, moved=4, restriction=4, **{"class": 3})
    assert sum(bool(row.restriction) for row in rows.values()) >= 15
    assert len({row.agreement.upper for row in rows.values() if row.agreement}) >= 2


@pytest.mark.parametrize("year", [2026, 2027, 2031])
def test_the_facts_days_are_those_of_the_year_of_the_load(year: int) -> None:
    known = facts.read(on=date(year, 11, 21))
    assert {each.valid_from[:4] for each in known.lists} == {str(year)}
    assert f"{year + 1}-12-31".encode() in known.files["schemes"]
    assert f"{year}-07-01".encode() in next(each for each in known.lists if each.kind == "separate_payment").data
    agreed = [row.agreement for row in catalogue.this_year(known, year).values() if row.agreement]
    assert agreed
    assert all(each.lower <= date(year, 1, 1) < each.upper for each in agreed)


@pytest.fixture(params=[2026, 2027])
def loaded(request: pytest.FixtureRequest, db: None) -> int:
    """The year of the load."""
    year: int = request.param
    known, at = facts.read(on=date(year, 11, 21)), datetime(year, 11, 21, 2, tzinfo=UTC)
    assert not drugs.load(data=known.files["drugs"], at=at, by="demo").problems
    assert not daily_doses.load(data=known.files["daily_doses"], at=at, by="demo").problems
    catalogue.load(known, since=date(year, 8, 24), year=year, at=at)
    return year


def test_the_next_edition_stands_beside_the_one_in_force_and_takes_over_at_new_year(loaded: int) -> None:
    today, turn = date(loaded, 11, 21), date(loaded + 1, 1, 1)
    now = current(today)
    assert now is not None
    assert (now.year, now.valid.upper) == (loaded, turn)
    assert [(each.year, each.valid.lower) for each in upcoming(today)] == [(loaded + 1, turn)]
    assert current(date(loaded, 12, 31)) == now
    after = current(turn)
    assert after is not None
    assert (after.year, upcoming(turn)) == (loaded + 1, [])
    assert current(date(loaded + 3, 5, 1)) == after, "a demo left running keeps a catalogue"
    assert all(edition.document.startswith("演示") for edition in Edition.objects.all())
    assert difference(now, after).counts == {"new": 4, "gone": 4, "moved": 4, "class": 3, "restriction": 4}


@pytest.mark.django_db
def test_a_demo_loaded_at_new_year_has_a_catalogue_for_the_days_before() -> None:
    at, turn = datetime(2027, 1, 1, 2, tzinfo=UTC), date(2027, 1, 1)
    known = facts.read(300, on=turn)
    assert not drugs.load(data=known.files["drugs"], at=at, by="demo").problems
    catalogue.load(known, since=turn - load.HISTORY, year=2027, at=at)
    for day, year in ((turn - load.HISTORY, 2026), (date(2026, 12, 31), 2026), (turn, 2027), (date(2028, 1, 1), 2028)):
        now = current(day)
        assert now is not None
        assert now.year == year
        assert ListingMatch.objects.filter(state="accepted", listing__edition=now).count() > 100
        agreed = Listing.objects.filter(edition=now, agreement__isnull=False)
        assert agreed.exists()
        assert not agreed.exclude(agreement__contains=date(year, 6, 1)).exists()


def test_negotiated_rows_stand_in_their_own_part_and_agreements_end_or_go_on(loaded: int) -> None:
    turn = date(loaded + 1, 1, 1)
    for year in (loaded, loaded + 1):
        rows = Listing.objects.filter(edition__year=year)
        parts = Counter(rows.exclude(kind="常规").values_list("section", flat=True))
        assert set(parts) <= {"谈判西药", "谈判中成药"}
        assert not rows.filter(kind="常规", section__startswith="谈判").exists()
        assert rows.filter(kind="谈判", agreement__isnull=False).count() == sum(parts.values()) > 15
    ending = Listing.objects.filter(edition__year=loaded, agreement__endswith=turn)
    assert ending.count() >= 5
    renewed = Listing.objects.filter(edition__year=loaded + 1, generic_name__in=ending.values("generic_name"))
    assert {row.kind for row in renewed} == {"常规", "谈判"}
    assert all(row.agreement.upper > turn for row in renewed if row.agreement)


def test_some_products_wait_for_a_pharmacist(loaded: int) -> None:
    waiting = ListingMatch.objects.filter(state="candidate", listing__edition__year=loaded)
    assert waiting.count() == 5
    assert all(match.reason and not match.reviewed_by for match in waiting)
    reviewed = ListingMatch.objects.filter(state="accepted", listing__edition__year=loaded)
    assert reviewed.count() > 700
    assert not reviewed.filter(reviewed_at=None).exists()
    fresh = ListingMatch.objects.filter(listing__edition__year=loaded + 1, listing__generic_name="蒲地蓝消炎口服液")
    assert {match.state for match in fresh} == {"candidate"}, "nobody has reviewed what is new"


def test_every_product_has_its_class_by_name(loaded: int) -> None:
    names = set(Category.objects.filter(edition__year=loaded).values_list("code", flat=True))
    codes = {code[:6] for code in Drug.objects.values_list("code", flat=True)}
    assert codes <= names
    assert {code[:2] for code in codes} <= names
    assert PaymentStandard.objects.filter(listing__edition__year=loaded, confidential=True).exists()


def test_a_days_treatment_has_a_price_for_the_common_drugs(loaded: int) -> None:
    tablets = Drug.objects.select_related("preparation").get(code="XC08CAB037A001010180517")
    dose = daily_dose_of(tablets)
    assert dose is not None
    cost = daily_cost(Decimal("12.60"), tablets, dose)
    assert getattr(cost, "per_day", None) == Decimal("0.9000")
    readable = [
        daily_cost(Decimal(10), drug, daily_dose_of(drug))
        for drug in Drug.objects.select_related("preparation").filter(
            preparation__generic_name__in=DailyDose.objects.values("generic_name")
        )
    ]
    assert [cost for cost in readable if not hasattr(cost, "per_day")] == []
    assert len(readable) > 300


def test_only_institutions_carry_what_pharmacies_may_not_sell() -> None:
    known = facts.read()
    barred = {drug.code for drug in known.drugs if not drug.retail}
    assert len(barred) >= 10
    tills = province.tills(people(known), known, SIZE)
    for _delivery in province.deliveries(tills, SIZE, AT):
        pass
    carriers = {
        shop.kind
        for till in tills
        for shop, shelf in zip(till.shops, till.shelves, strict=True)
        if barred & {till.codes[number] for number in shelf}
    }
    assert carriers
    assert "pharmacy" not in carriers
