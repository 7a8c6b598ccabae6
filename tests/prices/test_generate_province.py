"""What the generated province is like: its proportions hold whatever its size."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connections
from django.db.models import Count, F, Max

from catalog.generated import products
from catalog.models import Drug, DrugListEntry
from pharmacies.models import AuditEvent, Chain, Designation, Pharmacy, PharmacyCell, PharmacyStatus, PharmacyToday
from prices import consistency
from prices.generated import drugs, load
from prices.generated.size import FEWEST, Size, availability
from prices.models import Feed, Offer, PharmacyFeed, Stock
from tests.conftest import empty_database
from tests.factories import AT

SMALL = Size(pharmacies=2_000, drugs=800, offers_per_pharmacy=100, seed=1)


@pytest.fixture(scope="module")
def province(django_db_setup: None, django_db_blocker: Any) -> Iterator[load.Generated]:
    """Generated once, really committed, emptied at the end."""
    with django_db_blocker.unblock():
        try:
            yield load.generate(SMALL, at=AT)
        finally:
            empty_database()
            for each in connections.all():
                each.close()


def share(part: int, whole: int) -> float:
    return part / whole


def test_there_is_as_much_of_everything_as_was_asked_for(province):
    assert (province.pharmacies, province.drugs) == (2_000, 800)
    assert (Pharmacy.objects.count(), Drug.objects.count(), Offer.objects.count()) == (2_000, 800, province.offers)
    assert province.offers == pytest.approx(2_000 * 100, rel=0.01)


def test_everything_promised_of_real_rows_holds_for_generated_ones(province):
    assert consistency.problems() == []


def test_every_offer_has_the_cell_of_its_pharmacy_and_every_cell_its_box(province):
    cells = dict(Pharmacy.objects.values_list("pk", "cell"))
    assert all(cells[shop] == cell for shop, cell in Offer.objects.values_list("pharmacy_id", "cell").iterator())
    assert set(PharmacyCell.objects.values_list("cell", flat=True)) == set(cells.values())
    assert len(set(cells.values())) > 50
    assert not Pharmacy.objects.exclude(cell=F("division_id")).exists()


def test_the_commonest_drug_is_nearly_everywhere_and_the_rarest_in_five_shops(province):
    shops = list(Offer.objects.values("drug_id").annotate(n=Count("pharmacy_id")).values_list("n", flat=True))
    assert len(shops) == 800
    assert max(shops) > 0.9 * 2_000
    assert min(shops) == FEWEST
    assert sum(n < 20 for n in shops) >= 5


def test_a_whole_province_has_60_million_offers_and_drugs_in_5_of_30000_shops():
    shares = availability(Size())
    assert shares.sum() * 30_000 == pytest.approx(60_000_000, rel=0.0001)
    assert (shares[0], shares[-1]) == (0.95, 5 / 30_000)


def test_common_preparations_have_twenty_to_forty_drugs():
    rows = list(products(15_000))
    shares = availability(Size())
    carried: dict[tuple[str, ...], list[float]] = {}
    for rank, n in enumerate(drugs.by_rank(Size(), rows)):
        row = rows[n]
        carried.setdefault((row.generic_name, row.dosage_form, row.strength), []).append(float(shares[rank]))
    large = [found for found in carried.values() if 20 <= len(found) <= 40]
    assert len(large) > 50
    # One whose packs are a dozen in every shop in the mean, from one that all have to one that few have.
    assert max(sum(found) for found in large) > 12
    assert sum(max(found) > 0.9 and min(found) < 0.5 for found in large) > 5


def test_drugs_of_a_preparation_cost_alike():
    rows = list(products(15_000))
    fen = drugs.usual_fen(Size(), rows)
    of_preparation: dict[tuple[str, ...], list[float]] = {}
    for row, price in zip(rows, fen, strict=True):
        of_preparation.setdefault((row.generic_name, row.dosage_form, row.strength), []).append(float(price))
    several = [found for found in of_preparation.values() if len(found) >= 3]
    assert np.median([max(found) / min(found) for found in several]) < 8
    assert np.quantile(fen, 0.95) / np.quantile(fen, 0.05) > 12


def test_a_chain_has_one_price_for_a_drug_nearly_everywhere(province):
    chain = Chain.objects.annotate(n=Count("pharmacies")).order_by("-n")[0]
    assert 0.07 < share(chain.n, 2_000) <= 0.13
    drug, shops = (
        Offer.objects.values("drug_id").annotate(n=Count("pharmacy_id")).order_by("-n").values_list("drug_id", "n")[0]
    )
    its = Offer.objects.filter(drug_id=drug, pharmacy_id__in=chain.pharmacies.values("pk"))
    alike = its.values("price_fen").annotate(n=Count("pharmacy_id")).aggregate(most=Max("n"))["most"]
    assert share(alike, its.count()) > 0.9
    assert Offer.objects.filter(drug_id=drug).values("price_fen").distinct().count() < 0.2 * shops


def test_prices_are_round(province):
    assert not Offer.objects.exclude(price_fen__gt=0).exists()
    assert all(fen % (10 if fen < 1_000 else 50) == 0 for fen in Offer.objects.values_list("price_fen", flat=True))


def test_a_tenth_is_out_of_stock(province):
    assert share(Offer.objects.filter(stock=Stock.OUT).count(), province.offers) == pytest.approx(0.10, abs=0.01)
    assert set(Offer.objects.values_list("stock", flat=True)) == set(Stock)


def test_a_twentieth_of_the_shops_is_stale_and_none_is_hidden(province):
    cadence = Feed._meta.get_field("cadence").default
    marks = list(PharmacyFeed.objects.values_list("snapshot_as_of", flat=True))
    assert len(marks) == 2_000
    assert share(sum(AT - mark > 1.5 * cadence for mark in marks), 2_000) == pytest.approx(0.05, abs=0.02)
    assert max(AT - mark for mark in marks) < 4 * cadence
    # A shop's mark vouches for prices that were said long before, as in a province that has reported for months.
    said = Offer.objects.filter(as_of__lt=AT - timedelta(days=30)).count()
    assert share(said, province.offers) > 0.6
    assert not Offer.objects.filter(as_of__gt=AT).exists()


def test_services_states_and_hours_have_their_shares(province):
    dual = Designation.objects.filter(kind=Designation.Kind.DUAL_CHANNEL).count()
    assert share(dual, 2_000) == pytest.approx(0.01, abs=0.007)
    assert share(Pharmacy.objects.filter(hours="24/7").count(), 2_000) == pytest.approx(0.05, abs=0.02)
    assert Pharmacy.objects.filter(kind=Pharmacy.Kind.CLINIC).count() > 30
    assert PharmacyStatus.objects.filter(status=PharmacyStatus.Status.SUSPENDED).count() > 5
    ranked = PharmacyToday.objects.filter(ranked=True).count()
    assert 0.96 < share(ranked, 2_000) < 0.995


def test_the_province_has_a_dual_channel_list_of_common_and_rare_drugs(province):
    named = DrugListEntry.objects.filter(drug_list__kind="dual_channel", drug_list__area__code="420000")
    assert named.count() == 16
    shops = {Offer.objects.filter(drug_id=pk).count() for pk in named.values_list("drug_id", flat=True)}
    assert max(shops) > 500
    assert min(shops) < 150


def test_every_feed_says_that_it_is_generated_and_the_log_who_did_it(province):
    assert not Feed.objects.filter(generated=False).exists()
    event = AuditEvent.objects.get(action="prices.generate")
    assert (event.actor_name, event.after["offers"]) == ("generate_province", province.offers)
