"""The demo's story before it meets the database: seeded, ordered, and full of what the pages have to show."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from pharmacies.hours import parse
from prices.demo import facts, province
from prices.demo.places import shares
from prices.demo.shelves import MARKUP
from prices.demo.shops import HOURS, Condition
from prices.demo.tills import UNMOVED, Changed, Till
from tests.factories import AT
from tests.prices.demo_world import SIZE, counties, people


def story() -> tuple[list[Till], Iterator[province.Delivery]]:
    known = facts.read(SIZE.drugs)
    tills = province.tills(people(known), known, SIZE)
    return tills, province.deliveries(tills, SIZE, AT)


def test_the_same_seed_tells_the_same_story() -> None:
    first, second = ([(d.till.slug, d.at, d.mode, d.data) for d in story()[1]] for _time in range(2))
    assert first == second
    assert len(first) > 15


def test_every_kind_of_trouble_befalls_somebody() -> None:
    found = {shop.condition for shop in people(facts.read(SIZE.drugs))}
    assert found == set(Condition)


def test_who_may_not_report_has_no_till() -> None:
    tills, _deliveries = story()
    assert Condition.UNDESIGNATED not in {shop.condition for till in tills for shop in till.shops}


def test_the_whole_province_stays_below_150_deliveries() -> None:
    size = province.Size()
    tills = size.chain_feeds + size.platforms + 2
    assert tills * len(size.timetable) <= 150


def test_deliveries_come_in_the_order_of_their_times_and_end_within_hours() -> None:
    times = [delivery.at for delivery in story()[1]]
    assert times == sorted(times)
    assert AT - timedelta(days=91) < times[0] < AT - timedelta(days=89)
    assert AT - timedelta(hours=6) < times[-1] < AT


def asked(tills: list[Till]) -> list[tuple[str, float]]:
    """Who sells a drug with a procurement price of the demo's own time, and at how many times that price."""
    found = []
    for till in tills:
        for shop, shelf in zip(till.shops, till.shelves, strict=True):
            for number, line in shelf.items():
                if won := till.prices.drugs[number].won:
                    found.append((shop.chain or shop.code, line.fen / won.fen))
    return found


def test_a_procurement_price_comes_into_force_and_most_follow_some_late_and_some_not() -> None:
    tills, deliveries = story()
    before, shares = asked(tills), []
    for delivery in deliveries:
        low = sum(times <= 1 + MARKUP for _who, times in asked(tills))
        shares.append(((AT - delivery.at).days, low / len(before)))
    assert {days for days, share in shares if share < 0.1} >= {90, 45, 38}
    middle = [share for days, share in shares if 16 <= days <= 20]
    assert 0.3 < max(middle) < shares[-1][1] < 1
    assert all(times > 1.2 for _who, times in sorted(before, key=lambda each: each[1])[len(before) // 5 :])


def test_one_chain_does_not_follow_at_all() -> None:
    known = facts.read()
    assert UNMOVED in {chain.name for chain in known.chains}
    assert len({drug.won.days_ago for drug in known.drugs if drug.won}) == 1
    (till, *_others), _deliveries = story()
    shops, chain = list(till.shops), till.chain
    till.shops = [replace(shop, chain=UNMOVED) for shop in shops]
    till.prices.chain_wide(UNMOVED).update(till.prices.chain_wide(chain))
    changed: Changed = {}
    till.follow(0, changed)
    assert not changed
    till.shops = shops
    till.follow(-100_000, changed)
    assert changed


def test_population_decides_how_many_but_nobody_goes_without() -> None:
    assert shares({"a": 90.0, "b": 9.0, "c": 1.0}, 50, least=2) == {"a": 42, "b": 6, "c": 2}
    assert sum(shares({"a": 1.0, "b": 1.0, "c": 1.0}, 2).values()) == 2


def test_some_shops_share_a_house() -> None:
    known = facts.read(SIZE.drugs)
    found = [shop for seed in "abcd" for shop in people(known, seed)]
    houses = {(shop.address, shop.lng, shop.lat, seed // 63) for seed, shop in enumerate(found)}
    assert 0 < len(found) - len(houses) < 20


def test_all_opening_hours_can_be_read() -> None:
    assert all(parse(text) for text, _weight in HOURS if text)


def test_points_lie_in_their_county_even_where_it_is_a_sliver() -> None:
    (county, *_rest) = counties()
    west, south, east, north = county.shape.extent
    for shop in people(facts.read(SIZE.drugs)):
        if shop.adcode == county.adcode:
            assert west <= shop.lng <= east
            assert south <= shop.lat <= north


@pytest.mark.parametrize(("notice", "planned"), [("1", "True"), ("0", "False")])
def test_the_tills_report_by_beat_only_in_a_demo(notice: str, planned: str) -> None:
    code = "from config.settings import CELERY_BEAT_SCHEDULE as beat; print('demo-report' in beat)"
    environment = {**os.environ, "DEMO_NOTICE": notice}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == planned
