"""A small demo province, loaded once by the real importers and the real pipeline; every test undoes what it did."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from catalog.models import Drug, DrugListEntry, Listing, ListingMatch
from pharmacies.models import Chain, Designation, Membership, Pharmacy, PharmacyToday, Region
from prices.demo import facts, load, outlines, past, people, province, reports, watching
from prices.demo.shops import Condition
from prices.ingest import runs
from prices.models import (
    Case,
    Feed,
    FeedRun,
    Freeze,
    Inquiry,
    Lead,
    Offer,
    PharmacyFeed,
    PriceChange,
    Rejection,
    ReportGroup,
)
from prices.monitoring import compliance, figures, freezes, headline, passthrough, sweep
from prices.monitoring.reports import observed
from prices.statistics import history, nights
from tests.factories import AT
from tests.prices import demo_world
from tests.prices.demo_world import SIZE, alone, assert_shown_is_what_the_tills_hold, shown

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def province_loaded(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[load.Loaded]:
    folder = tmp_path_factory.mktemp("demo")
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": folder}}
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(STORAGES={"default": storage}):
            found = load.load(outlines=demo_world.outlines(folder), at=AT, size=SIZE)
        yield found
        transaction.set_rollback(True)


@pytest.fixture
def loaded(province_loaded: load.Loaded) -> Iterator[load.Loaded]:
    with transaction.atomic():
        yield province_loaded
        transaction.set_rollback(True)


def conditions() -> dict[str, Condition]:
    return {shop.code: shop.condition for shop in load.make_shops(facts.read(SIZE.drugs), SIZE)}


# -- loaded -----------------------------------------------------------------------------------------------------------


def test_everything_comes_from_the_importers_and_the_one_door(loaded: load.Loaded) -> None:
    assert (loaded.pharmacies, loaded.drugs, loaded.held) == (63, 200, 1)
    assert Pharmacy.objects.count() == PharmacyToday.objects.count() == 63
    assert Counter(FeedRun.objects.values_list("state", flat=True)) == {"published": loaded.runs - 1, "held": 1}
    assert Feed.objects.count() == Feed.objects.filter(generated=True).count() == 4
    published = set(FeedRun.objects.filter(state="published").values_list("pk", flat=True))
    assert set(Offer.objects.values_list("run_id", flat=True)) <= published
    assert Offer.objects.filter(state=Offer.State.LIVE).count() == loaded.offers > 1000


def test_pharmacies_stand_inside_their_counties(loaded: load.Loaded) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pharmacies_pharmacy p JOIN pharmacies_outline o ON o.region_id = p.division_id"
            " WHERE NOT ST_Covers(o.shape, p.location::geometry)"
        )
        assert cursor.fetchone() == (0,)


def test_all_of_it_is_consistent(loaded: load.Loaded) -> None:
    call_command("check_prices")


def test_badges_have_something_to_show(loaded: load.Loaded) -> None:
    assert Designation.objects.valid(AT.date()).filter(kind="dual_channel").exists()
    assert {"suspended", "terminated"} <= set(PharmacyToday.objects.values_list("status", flat=True))
    assert ListingMatch.objects.filter(state="accepted", listing__in=Listing.objects.in_force(AT.date())).count() > 150
    assert DrugListEntry.objects.valid(AT.date()).exists()


def test_history_has_changes_withdrawals_and_refused_rows(loaded: load.Loaded) -> None:
    assert PriceChange.objects.filter(old_fen__isnull=False, new_fen__isnull=False).count() > 50
    assert Offer.objects.filter(state=Offer.State.WITHDRAWN).exists()
    reasons = {code for row in Rejection.objects.filter(run__state="published") for code in row.reasons}
    assert "drug_unknown" in reasons
    assert any(code.startswith("suspected_") for code in reasons)


def test_shown_is_what_the_tills_hold(loaded: load.Loaded) -> None:
    assert_shown_is_what_the_tills_hold()


def test_every_one_of_the_90_days_has_its_statistics(loaded: load.Loaded) -> None:
    today = timezone.localdate(AT)
    assert nights.gaps(today - 89 * DAY, today) == []
    province = Region.objects.get(code="420000").pk
    common, _shops = Counter(drug for _shop, drug in shown()).most_common(1)[0]
    days = history.daily(Drug.objects.get(code=common).pk, province, today - 89 * DAY, today)
    assert len(days) >= 85
    assert all(day.mode_fen for day in days)
    assert len({day.says for day in days}) > 3


def test_shops_of_a_chain_ask_the_same(loaded: load.Loaded) -> None:
    chain = Feed.objects.get(scope="chain").chain
    members = set(Pharmacy.objects.filter(chain=chain).values_list("code", flat=True))
    by_drug = defaultdict(list)
    for (shop, drug), fen in shown().items():
        if shop in members:
            by_drug[drug].append(fen)
    several = [Counter(fens) for fens in by_drug.values() if len(fens) >= 3]
    tied = [fens for fens in several if fens.most_common(1)[0][1] >= fens.total() - 1]
    assert len(tied) > 0.7 * len(several) > 5


def test_silent_shops_are_stale_or_hidden_and_the_others_fresh(loaded: load.Loaded) -> None:
    condition, silent = conditions(), Counter[str]()
    for report in PharmacyFeed.objects.select_related("pharmacy"):
        code, age = report.pharmacy.code, AT - report.as_of
        silent[condition[code]] += 1
        if condition[code] == Condition.STALE or code == alone():
            assert 10.5 * DAY < age < 28 * DAY
        elif condition[code] == Condition.HIDDEN:
            assert age > 28 * DAY
        elif condition[code] == Condition.FINE:
            assert age < DAY / 4
    assert silent[Condition.STALE] > 0
    assert silent[Condition.HIDDEN] > 0


# -- loading again ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [0, 40])
def test_a_second_load_does_nothing(
    days: int, loaded: load.Loaded, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path, capsys: Any
) -> None:
    """Even where the first was stopped before its people came, and a month has ended since."""
    monkeypatch.setattr(timezone, "now", lambda: AT + days * DAY)
    settings.VAR = tmp_path

    def refuse(folder: Path) -> Path:
        raise AssertionError("nothing is fetched when the demo is there")

    monkeypatch.setattr(outlines, "hubei_geojson", refuse)
    call_command("load_demo")
    assert "已在" in capsys.readouterr().out
    assert FeedRun.objects.exclude(feed__slug=observed.SLUG).count() == loaded.runs
    assert Freeze.objects.get().month == date(2026, 10, 1), "November has not been worked out to its end"


# -- reporting on -----------------------------------------------------------------------------------------------------


def report(at: datetime) -> list[FeedRun]:
    """What the tills send at `at`, processed."""
    sent = reports.report(at=at)
    new = list(FeedRun.objects.filter(state=FeedRun.State.RECEIVED).order_by("pk"))
    assert len(new) == sent
    return [runs.process(run.pk) for run in new]


def test_a_few_prices_change_every_five_minutes(loaded: load.Loaded) -> None:
    assert report(AT) == [], "a till has just reported"
    changes = PriceChange.objects.count()
    (run,) = report(AT + timedelta(minutes=10))
    assert (run.mode, run.state, run.refused) == ("delta", "published", 0)
    assert report(AT + timedelta(minutes=12)) == []
    (other,) = report(AT + timedelta(minutes=16))
    assert other.feed_id != run.feed_id, "the one that was quiet for longest"
    assert changes < PriceChange.objects.count() < changes + 100


def test_after_days_off_one_report_makes_everything_fresh_again(loaded: load.Loaded) -> None:
    later = AT + 6 * DAY
    silent = set(PharmacyFeed.objects.filter(as_of__lt=AT - DAY).values_list("pharmacy_id", flat=True))
    before = shown()
    sent = report(later)
    assert {(run.mode, run.state, run.refused, run.withdrawn) for run in sent} == {("snapshot", "published", 0, 0)}
    fresh = set(PharmacyFeed.objects.filter(as_of=later).values_list("pharmacy_id", flat=True))
    assert fresh == set(PharmacyFeed.objects.values_list("pharmacy_id", flat=True)) - silent
    assert silent, "some had fallen silent and stay so"
    assert shown() == before
    assert report(later + timedelta(minutes=1)) == []


def test_a_feed_waits_while_a_person_has_to_decide_and_goes_on_afterwards(loaded: load.Loaded) -> None:
    held = FeedRun.objects.get(state=FeedRun.State.HELD)
    assert held.feed_id not in {run.feed_id for run in report(AT + DAY)}
    runs.refuse(held.pk, by="审核人", reason="单位是分", at=AT + DAY)
    (run,) = report(AT + DAY + timedelta(minutes=1))
    assert (run.feed_id, run.mode, run.state) == (held.feed_id, "snapshot", "published")


def test_nothing_is_sent_while_the_last_delivery_is_on_its_way(loaded: load.Loaded) -> None:
    assert reports.report(at=AT + 2 * DAY) > 0
    assert reports.report(at=AT + 3 * DAY) == 0


def test_the_nights_of_the_last_weeks_have_their_figures_and_months_their_compliance(loaded: load.Loaded) -> None:
    today = timezone.localdate(AT)
    province_ = Region.objects.get(code="420000")
    days = figures.series(province_, today - 60 * DAY, today)
    assert [row.on for row in days] == [today - number * DAY for number in range(past.NIGHTS, -1, -1)]
    assert len({row.fresh for row in days}) > 5, "they differ, as the shelves did"
    assert all(row.covered and row.dispersion for row in days)
    assert days[-1].open_leads >= days[0].open_leads == 0
    assert len(compliance.months()) >= 3
    assert len(headline.series(province_)) >= 3


def test_a_procurement_price_has_landed_in_some_days_and_what_it_saves_can_be_estimated(loaded: load.Loaded) -> None:
    area = Region.objects.get(code="420000")
    new = list(passthrough.landings(area).filter(reference__scheme__code="DEMO-N-03"))
    assert len(new) >= 3
    assert any(each.days_median and each.late for each in new)
    saving = passthrough.saving(new)
    assert saving.products == len(new)
    assert saving.fall
    assert 0.15 < saving.fall < 0.5
    assert saving.saved_fen > 0


def test_a_month_is_frozen_once_people_have_been_at_work(loaded: load.Loaded, tmp_path: Path) -> None:
    people.open_accounts(at=AT, notes=tmp_path / "demo-logins.txt")
    with override_settings(STORAGES={"default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}):
        watching.work(at=AT)
    (made,) = Freeze.objects.all()
    assert (made.area.code, made.by.username) == (people.COUNTY, "shenhe")
    assert made.month == (timezone.localdate(AT).replace(day=1) - DAY).replace(day=1)
    assert freezes.open_months(made.area, timezone.localdate(AT)), "one is left to be frozen"


# -- what officials find ----------------------------------------------------------------------------------------------


@pytest.fixture
def at_work(loaded: load.Loaded, tmp_path: Path) -> Iterator[None]:
    """The demo's people have come, and done what they do."""
    with override_settings(STORAGES={"default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}):
        people.open_accounts(at=AT, notes=tmp_path / "demo-logins.txt")
        watching.work(at=AT)
        yield


def test_the_planted_spikes_are_leads_and_slips_are_none(loaded: load.Loaded) -> None:
    sweep.sweep(AT + DAY)  # the watch sees what is committed only
    found = Lead.objects.filter(area__code=province.WATCHED, on=timezone.localdate(AT), state=Lead.State.NEW)
    assert any(lead.excess > 0.5 and lead.findings.filter(detector="history").exists() for lead in found)
    slipped = set(Rejection.objects.filter(drug_id__isnull=False).values_list("drug_id", "pharmacy_id", "price_fen"))
    assert not slipped & set(Lead.objects.values_list("drug_id", "pharmacy_id", "price_fen"))


def test_one_chain_has_fallen_silent_altogether(loaded: load.Loaded) -> None:
    silent = {code for code, condition in conditions().items() if condition == Condition.STALE}
    whole = [chain for chain in Chain.objects.all() if {shop.code for shop in chain.pharmacies.all()} <= silent]
    assert whole


@pytest.mark.usefixtures("at_work")
def test_a_case_waits_for_the_shop_and_another_is_published() -> None:
    waiting, told = Case.objects.order_by("state").values_list("state", flat=True).distinct()
    assert {waiting, told} == {Case.State.NOTICE, Case.State.CLOSED}
    desk = Membership.objects.get(user__username="dianzhang").pharmacy
    assert Inquiry.objects.filter(pharmacy=desk, state="open").count() == 1
    published = Case.objects.filter(state=Case.State.CLOSED)
    assert published.values_list("proposed_by__username", "published_by__username").get() == ("shenhe", "fabu")
    assert ReportGroup.objects.filter(state=ReportGroup.State.OPEN).count() == 1


@pytest.mark.usefixtures("at_work")
def test_people_do_their_work_once() -> None:
    before = Case.objects.count(), ReportGroup.objects.count()
    watching.work(at=AT + DAY)
    assert (Case.objects.count(), ReportGroup.objects.count()) == before
