"""A delivery that reprices its list: a slip of a new price is caught as one of the last price would be."""

from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.models import Drug
from pharmacies.models import Pharmacy
from prices.ingest import publish, receive, runs
from prices.models import Feed, FeedRun, Offer
from tests import factories as f
from tests.factories import AT
from tests.prices.deliveries import csv, deliver, dies_at, reasons, shown

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PACK, PRODUCTS = 14, 60
FALL = Decimal("0.85")
SLIPS = {"suspected_x10": Decimal(10), "suspected_div10": Decimal("0.1"), "suspected_times_pack": Decimal(PACK)}


@pytest.fixture
def shop() -> Pharmacy:
    return f.pharmacy("一号店")


@pytest.fixture
def feed() -> Feed:
    return f.feed("till", cadence=timedelta(days=1))


def products(count: int = PRODUCTS) -> dict[Drug, Decimal]:
    """Each with what it costs: 20.00 yuan and more."""
    return {f.drug(pack_count=PACK): Decimal(2000 + 100 * n) / 100 for n in range(count)}


def rows(shop: Pharmacy, prices: dict[Drug, Decimal], factor: Decimal = Decimal(1)) -> list[str]:
    return [f"{shop.code},{drug.code},{price * factor:.2f}" for drug, price in prices.items()]


def mistyped(shop: Pharmacy, prices: dict[Drug, Decimal]) -> list[str]:
    """The list fallen by 15 %, its first prices slips of what they fell to, in the order of SLIPS."""
    slipped = [
        f"{shop.code},{drug.code},{price * FALL * factor:.2f}"
        for (drug, price), factor in zip(prices.items(), SLIPS.values(), strict=False)
    ]
    return slipped + rows(shop, prices, FALL)[len(slipped) :]


def test_slips_of_a_new_price_are_quarantined_and_the_new_prices_published(shop: Pharmacy, feed: Feed) -> None:
    prices = products()
    deliver(feed, *rows(shop, prices))
    run = deliver(feed, *mistyped(shop, prices), at=AT + DAY)
    assert list(reasons(run).values()) == [[name] for name in SLIPS]
    assert (run.state, run.changed, run.refused) == ("published", PRODUCTS - len(SLIPS), len(SLIPS))
    before, *_others, after = prices.items()
    assert shown(before[0], shop) == f"{before[1]:.2f}"
    assert shown(after[0], shop) == f"{after[1] * FALL:.2f}"


@pytest.mark.parametrize(
    ("name", "factor"), [("suspected_x100", 100), ("suspected_div100", 0.01), ("suspected_per_unit", 1 / 14)]
)
def test_whatever_the_slip(shop: Pharmacy, feed: Feed, name: str, factor: float) -> None:
    prices = products()
    deliver(feed, *rows(shop, prices))
    others = rows(shop, prices, FALL)[1:]
    slip = f"{shop.code},{next(iter(prices)).code},{Decimal(factor) * 20 * FALL:.2f}"
    assert reasons(deliver(feed, slip, *others, at=AT + DAY)) == {2: [name]}


def test_a_delivery_of_three_rows_says_nothing_about_how_its_list_moved(shop: Pharmacy, feed: Feed) -> None:
    prices = products(3)
    deliver(feed, *rows(shop, prices))
    first = next(iter(prices))
    ten_times = f"{shop.code},{first.code},170.00"  # 8.5 times the last price, ten times one that fell with the others
    run = deliver(feed, ten_times, *rows(shop, prices, FALL)[1:], at=AT + DAY)
    assert (run.changed, run.refused) == (3, 0)


def test_a_slip_of_a_price_that_stayed_is_known_by_the_last_price_as_ever(shop: Pharmacy, feed: Feed) -> None:
    prices = products()
    deliver(feed, *rows(shop, prices))
    slip = f"{shop.code},{next(iter(prices)).code},200.00"
    run = deliver(feed, slip, *rows(shop, prices, FALL)[1:], at=AT + DAY)
    assert reasons(run) == {2: ["suspected_x10"]}


def test_a_cut_of_nine_tenths_passes_on_the_day_of_a_new_list_by_its_reference_price(
    shop: Pharmacy, feed: Feed
) -> None:
    prices = products()
    cut, told = list(prices)[:2]
    f.reference_price(cut, "1.75", kind="vbp")
    f.rebuild_today()
    deliver(feed, *rows(shop, prices))
    # 1.70 is a tenth of what 20.00 fell to; so is 1.79 of what 21.00 fell to, and no document says so.
    both = [f"{shop.code},{cut.code},1.70", f"{shop.code},{told.code},1.79"]
    run = deliver(feed, *both, *rows(shop, prices, FALL)[2:], at=AT + DAY)
    assert reasons(run) == {3: ["suspected_div10"]}
    assert shown(cut, shop) == "1.70"


def test_a_list_cut_by_nine_tenths_does_not_make_a_small_fall_a_slip(shop: Pharmacy, feed: Feed) -> None:
    """0.98 would be ten times a tenth, and thirty prices did come to a tenth: but a slip goes further than its list."""
    prices = products()
    cut = list(prices)[:30]
    for drug in cut:
        f.reference_price(drug, f"{prices[drug] / 10:.2f}", kind="vbp")
    f.rebuild_today()
    deliver(feed, *rows(shop, prices))
    moved = {drug: price / 10 if drug in cut else price for drug, price in prices.items()}
    moved[list(prices)[-1]] *= Decimal("0.98")
    run = deliver(feed, *rows(shop, moved), at=AT + DAY)
    run = runs.process(runs.release(run.pk, by="张丽", reason="集采降价", at=AT + DAY).pk)
    assert (run.state, run.changed, run.refused) == ("published", 31, 0)


def test_what_many_prices_did_is_no_slip(shop: Pharmacy, feed: Feed) -> None:
    """A quarter of the list rose to 8.5 times its price on the day the rest fell by 15 %: no slip is so common."""
    prices = products()
    deliver(feed, *rows(shop, prices))
    rose = list(prices)[:15]
    moved = {drug: price * FALL * (10 if drug in rose else 1) for drug, price in prices.items()}
    run = deliver(feed, *rows(shop, moved), at=AT + DAY)
    assert (run.state, run.refused) == ("held", 0), "a person decides about a list that moves so much"


def test_a_named_person_may_override_it(shop: Pharmacy, feed: Feed) -> None:
    prices = products()
    deliver(feed, *rows(shop, prices))
    run = deliver(feed, *mistyped(shop, prices), at=AT + DAY, operator="王芳", override_reason="已逐条核对")
    assert (run.changed, run.refused) == (PRODUCTS, 0)


def test_a_killed_attempt_leaves_the_next_one_knowing_how_the_list_moved(
    shop: Pharmacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = f.feed("chain")
    other = f.pharmacy("二号店")
    prices = products()
    few = dict(list(prices.items())[:5])
    deliver(chain, *rows(shop, prices), *rows(other, few))
    slip = f"{other.code},{next(iter(few)).code},170.00"
    body = csv(*rows(shop, prices, FALL), slip, *rows(other, few, FALL)[1:])
    half = receive.receive(feed=chain, data=body, at=AT + DAY, channel="push")
    monkeypatch.setattr(publish, "BATCH_SHOPS", 1)
    monkeypatch.setattr(publish, "_lock", dies_at(other))
    with pytest.raises(ConnectionError):
        runs.process(half.pk, clock=lambda: AT + DAY)
    monkeypatch.undo()
    run = runs.process(half.pk, clock=lambda: AT + 2 * DAY)
    assert (run.state, list(reasons(run).values())) == (FeedRun.State.PUBLISHED, [["suspected_x10"]])
    assert Offer.objects.filter(price_fen=17000).count() == 0
