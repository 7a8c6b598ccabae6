"""Which member prices citizens may be shown, and that they count for nothing else."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from catalog.models import Drug
from pharmacies.models import Pharmacy
from prices import members
from prices.models import FeedRun, SourcePrice
from tests import factories as f
from tests.factories import AT
from tests.prices.deliveries import deliver

pytestmark = pytest.mark.django_db
KINDS = "pharmacy_code,drug_code,price,kind,quantity"
FOUR_WEEKS = timedelta(days=28)  # of a feed that reports every 7 days


@pytest.fixture
def shop() -> Pharmacy:
    return f.pharmacy()


@pytest.fixture
def drug() -> Drug:
    return f.drug()


def said(
    shop: Pharmacy, drug: Drug, price: str, *, at: datetime = AT, quantity: str = "", kind: str = "member"
) -> FeedRun:
    rows = (f"{shop.code},{drug.code},20,,", f"{shop.code},{drug.code},{price},{kind},{quantity}")
    return deliver(f.feed(), *rows, at=at, header=KINDS)


def test_a_member_price_below_the_shelf_price_is_shown(shop: Pharmacy, drug: Drug) -> None:
    said(shop, drug, "18.50")
    assert members.public(shop.pk, {drug.pk: 2000}, at=AT) == {drug.pk: Decimal("18.50")}
    assert members.public(shop.pk, {drug.pk: 1850}, at=AT) == {}  # nothing in being a member
    assert members.public(shop.pk, {drug.pk: 1700}, at=AT) == {}
    assert members.public(shop.pk, {}, at=AT) == {}
    assert members.public(f.pharmacy().pk, {drug.pk: 2000}, at=AT) == {}
    assert members.kept(shop.pk) == {drug.pk: Decimal("18.50")}


@pytest.mark.parametrize("kind", ["settled", "promotion", "delivery"])
def test_no_other_kind_of_price_is_taken_for_one(shop: Pharmacy, drug: Drug, kind: str) -> None:
    said(shop, drug, "18.50", kind=kind)
    assert members.public(shop.pk, {drug.pk: 2000}, at=AT) == members.kept(shop.pk) == {}


def test_a_price_for_several_packs_is_no_price_of_one(shop: Pharmacy, drug: Drug) -> None:
    said(shop, drug, "18.50", quantity="2")
    assert SourcePrice.objects.get().quantity == 2
    assert members.public(shop.pk, {drug.pk: 2000}, at=AT) == members.kept(shop.pk) == {}


def test_an_old_member_price_is_hidden_as_an_old_shelf_price_is(shop: Pharmacy, drug: Drug) -> None:
    said(shop, drug, "18.50")
    assert members.public(shop.pk, {drug.pk: 2000}, at=AT + FOUR_WEEKS)
    assert not members.public(shop.pk, {drug.pk: 2000}, at=AT + FOUR_WEEKS + timedelta(seconds=1))
    assert members.kept(shop.pk)


def test_a_till_that_sends_the_same_file_again_still_means_it(shop: Pharmacy, drug: Drug) -> None:
    rows = (f"{shop.code},{drug.code},20,,", f"{shop.code},{drug.code},18.50,member,")
    later = AT + timedelta(days=20)
    for at in (AT, later):
        run = deliver(f.feed(), *rows, at=at, header=KINDS, mode="snapshot")
    assert run.confirms_id is not None
    assert SourcePrice.objects.get().as_of == AT
    assert members.public(shop.pk, {drug.pk: 2000}, at=later + FOUR_WEEKS)
    assert not members.public(shop.pk, {drug.pk: 2000}, at=later + FOUR_WEEKS + timedelta(seconds=1))


def test_one_query_for_a_whole_shelf(
    shop: Pharmacy, drug: Drug, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    shelf = {f.drug().pk: 1000 for _ in range(20)}
    with django_assert_num_queries(1):  # type: ignore[operator]  # a fixture that is a function
        members.public(shop.pk, shelf, at=AT)
