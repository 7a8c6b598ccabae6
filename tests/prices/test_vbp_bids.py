"""集采 results as they are published, per tablet: real bids through the importers, then whoever reads them, per pack."""

import csv
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from catalog.importers import references, schemes
from catalog.models import Drug, ReferencePrice, Scheme
from pharmacies.models import PharmacyToday
from prices.demo.facts import table
from prices.money import yuan_of
from prices.sql import statement
from prices.views import badges
from tests import factories
from tests.factories import AT

pytestmark = pytest.mark.django_db

BIDS = Path(__file__).resolve().parents[3] / "shared" / "data" / "drugs" / "vbp_bids.csv"
PACKS = (1, 6, 7, 10, 14, 28, 100)
ON = AT.date()


@dataclass(frozen=True)
class Bid:
    drug: Drug
    scheme: str
    amount: Decimal  # yuan per smallest unit, 4 decimals


@pytest.fixture
def bids() -> list[Bid]:
    """The winners that supply Hubei as products, with their schemes and prices imported."""
    if not BIDS.exists():
        pytest.skip("the shared reference data are not here: ../shared/data/drugs/vbp_bids.csv")
    with BIDS.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["hubei"] == "1" and row["won"] == "是"]
    rounds = {name: f"VBP-{number}" for number, name in enumerate(sorted({row["round"] for row in rows}), 1)}
    found = [
        Bid(
            drug=factories.drug(
                factories.preparation(row["generic_name_form"], "口服常释剂型", row["spec"]),
                pack_count=PACKS[number % len(PACKS)],
                manufacturer=row["manufacturer"],
            ),
            scheme=rounds[row["round"]],
            amount=Decimal(row["bid_price_min_unit"]).quantize(Decimal("0.0001"), ROUND_HALF_UP),
        )
        for number, row in enumerate(rows)
    ]
    factories.wuchang()
    _import_schemes(rounds)
    _import_prices(found)
    return found


def _import_schemes(rounds: dict[str, str]) -> None:
    rows = [
        (code, name, "联盟" if "联盟" in name else "国家", "420000", "2026-01-01", name)
        for name, code in rounds.items()
    ]
    data = table(["code", "name", "level", "area", "valid_from", "round"], rows)
    assert schemes.load(data=data, at=AT, by="经办人").created == len(rounds) == 4


def _import_prices(found: list[Bid]) -> None:
    columns = ["drug_code", "area", "kind", "amount", "unit", "valid_from", "document", "scheme"]
    rows = [
        (bid.drug.code, "420000", "vbp", bid.amount, "smallest", "2026-01-01", "中选结果", bid.scheme) for bid in found
    ]
    outcome = references.load(
        data=table(columns, rows),
        read_amount=lambda text, decimals: yuan_of(text, decimals=decimals),
        at=AT,
        by="经办人",
    )
    assert (outcome.created, outcome.problems) == (len(found), ())


def test_the_bids_of_a_province_are_stored_per_tablet_with_their_round(bids: list[Bid]) -> None:
    assert len(bids) == 156
    stored = {price.drug_id: price for price in ReferencePrice.objects.select_related("scheme")}
    for bid in bids:
        price: Any = stored[bid.drug.pk]
        assert (price.amount, price.unit, price.supplier) == (bid.amount, "smallest", "main")
        assert price.scheme.code == bid.scheme
    assert dict(Scheme.objects.values_list("round", "level"))["联盟地区2019"] == "alliance"
    assert Scheme.objects.filter(level="national").count() == 3


def test_the_price_of_a_pack_is_that_of_a_tablet_times_their_number(bids: list[Bid]) -> None:
    """What an incoming price is held against, for every bid: yuan per pack."""
    shop = factories.pharmacy()
    factories.rebuild_today()
    assert PharmacyToday.objects.filter(pk=shop.pk).exists()
    lines = list(range(len(bids)))
    with connection.cursor() as cursor:
        cursor.execute(
            statement("stage_references"),
            {
                "lines": lines,
                "drugs": [bid.drug.pk for bid in bids],
                "pharmacies": [shop.pk] * len(bids),
                "day": ON,
            },
        )
        packs = dict(cursor.fetchall())
    assert packs == {line: pytest.approx(float(bid.amount * bid.drug.pack_count)) for line, bid in enumerate(bids)}
    assert sum(bid.drug.pack_count > 1 for bid in bids) > 100, "packs of one would prove nothing"


def test_a_citizen_reads_the_bid_per_tablet_and_the_pack_as_so_many_of_them(bids: list[Bid], client: Any) -> None:
    """On the page of the product, for packs of every size: `0.12 元/片`, `约 1.68 元/盒`."""
    some = [bid for bid in bids if bid.drug.pack_count > 1][:: len(bids) // 8]
    for bid in some:
        page = client.get(reverse("citizen:drug", args=[bid.drug.code])).content.decode()
        pack = (bid.amount * bid.drug.pack_count).quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert badges.exact(bid.amount, "片") in page
        assert badges.exact(pack, "盒") in page
        assert badges.exact(bid.amount, "盒") not in page
    assert len(some) > 6
