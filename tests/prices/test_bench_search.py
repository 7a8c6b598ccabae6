"""The referee of `bin/bench search` and the alternatives answer as `find` does; and what is asked is worth asking."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random

import numpy as np
import pytest

from catalog.models import Drug, DrugList
from pharmacies.geo import Wgs84
from prices.bench import baskets, in_redis, province, referee
from prices.bench.in_redis import Redis
from prices.bench.in_sqlite import Sqlite
from prices.bench.order import Rows, cost, first
from prices.bench.orm import Orm, spheroid
from prices.bench.referee import Question, World
from prices.bench.search import ours
from prices.search import plans
from prices.search.baskets import Line
from prices.search.questions import Filters, Target, Where
from tests import factories
from tests.factories import AT, ORIGIN
from tests.prices import test_search_brute_force as brute_force


def town(seed: int) -> tuple[World, brute_force.World, Random]:
    """A town where no list bars a drug, and all drugs are on the province's dual-channel list."""
    random = Random(seed)
    made = brute_force.build(random, 40)
    DrugList.objects.all().delete()
    factories.drug_list("dual_channel", factories.region(), *made.drugs)
    return referee.load(drug.pk for drug in made.drugs), made, random


def question(random: Random, made: brute_force.World, sort: str, *, plain: bool = False) -> Question:
    single = Target.of_drug(random.choice(made.drugs))
    several = Target.of_preparation(made.drugs[0].preparation, tuple(made.drugs))
    filters = Filters(
        per_pharmacy=random.random() < 0.3,
        in_stock=random.random() < 0.2,
        open_now=random.random() < 0.2,
        reimbursed_as=random.choice([None, None, "dual_channel"]),
        kinds=random.choice([("pharmacy",), ("pharmacy", "hospital")]),
    )
    radius = random.choice([400.0, 1500.0, 5000.0, 1_000_000.0])
    region = random.choice([None, None, *made.regions])
    return Question(
        single if plain else random.choice([single, several]),
        Where(Wgs84(*ORIGIN), radius, None if plain else region),
        sort,
        AT,
        Filters() if plain else filters,
        limit=random.choice([1, 3, 20]),
        quantity=random.choice([1, 3]),
        yuan_per_km=random.choice([0, 1, 20]),
    )


@pytest.mark.django_db
@pytest.mark.parametrize("sort", plans.SORTS)
@pytest.mark.parametrize("seed", range(3))
def test_the_referee_answers_as_find_does(sort: str, seed: int) -> None:
    world, made, random = town(seed)
    found = 0
    for _turn in range(40):
        asked = question(random, made, sort)
        expected = ours(asked)
        found += len(expected)
        assert referee.answer(world, asked) == expected, asked
    assert found > 40  # a property over empty answers would prove nothing


@pytest.mark.django_db
@pytest.mark.parametrize("sort", ["nearest", "cheapest", "value", "frontier"])
@pytest.mark.parametrize("few", [0, 1000])
def test_every_alternative_gives_the_same_answers(sort: str, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("FEW", few), ("FIRST", 4), ("WALK_FROM_M", 1000)):
        monkeypatch.setattr(in_redis, name, value)  # so that a town is large enough for every way to walk
    world, made, random = town(7)
    ids = {drug.pk for drug in made.drugs}
    systems = Redis(), Sqlite(), Orm()
    for system in systems:
        system.load(world, ids)
    try:
        for _turn in range(15):
            asked = question(random, made, sort, plain=True)
            for system in systems:
                away = spheroid(world, asked) if system.name == "orm" else None
                assert system.ask(asked) == referee.answer(world, asked, away), (system.name, asked)
    finally:
        systems[0].close()
        systems[1].close()


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_the_trial_of_all_pairs_finds_the_baskets_that_the_search_finds(seed: int) -> None:
    world, made, random = town(seed)
    stops = set()
    for _turn in range(15):
        targets = [Target.of_drug(drug) for drug in made.drugs]
        targets.append(Target.of_preparation(made.drugs[0].preparation, tuple(made.drugs)))
        lines = tuple(Line(target, random.randint(1, 5)) for target in random.sample(targets, min(3, len(targets))))
        where = Where(Wgs84(*ORIGIN), random.choice([300.0, 1500.0, 10_000.0]))
        basket = baskets.Basket(lines, where, AT, Decimal(random.choice(["0", "0.1", "1"])))
        found = baskets.plans(baskets.ours(basket))
        assert baskets.answer(world, basket) == found, basket
        stops |= {len(plan.stops) for plan in found}
    assert 1 in stops


@pytest.mark.django_db
def test_the_referee_measures_as_postgis_does() -> None:
    world, _made, _random = town(1)
    where = Where(Wgs84(*ORIGIN), 5000.0)
    shops = world.shops
    measured = referee.distance(shops, shops.at(shops.ids), where)
    for pharmacy, away in brute_force.distances(where).items():
        assert measured[shops.at(np.array([pharmacy]))[0]] == pytest.approx(away, abs=2e-8)


@pytest.mark.django_db
def test_the_referee_hides_and_ages_with_the_clock() -> None:
    world, made, random = town(2)
    asked = replace(question(random, made, "nearest", plain=True), limit=100)
    asked = replace(asked, where=Where(Wgs84(*ORIGIN), 1_000_000.0))
    today = referee.answer(world, asked)
    assert any(not line.stale for line in today)
    assert len(referee.answer(world, replace(asked, at=AT + timedelta(days=12)))) < len(today)
    assert referee.answer(world, replace(asked, at=AT + timedelta(days=400))) == []


def rows(*lines: tuple[int, int, bool]) -> Rows:
    """(distance, price, stale) of pharmacies 0, 1, 2 …"""
    number = np.arange(len(lines))
    away, price, stale = (np.array(column) for column in zip(*lines, strict=True))
    return Rows(number, number, number * 0, price, price, stale.astype(bool), away.astype(float))


def a_drug() -> Drug:
    return Drug(pk=1, pack_count=14)


def frontier(*lines: tuple[int, int, bool]) -> list[int]:
    asked = Question(Target((a_drug(),), 0, 14), Where(), "frontier", AT)
    return [line.pharmacy_id for line in first(asked, rows(*lines))]


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ([(100, 900, False), (200, 800, False), (300, 850, False)], [0, 1]),
        ([(100, 900, False), (100, 900, False), (200, 900, False)], [0, 1]),  # equals stay, a dearer way goes
        ([(100, 900, False), (100, 800, False)], [1]),
        ([(100, 900, True), (200, 900, False)], [1]),  # stale ones stand in nobody's way
        ([(300, 700, False), (100, 900, False), (200, 900, False)], [1, 0]),
        ([(100, 900, True)], []),
    ],
)
def test_the_frontier_is_what_nothing_beats(lines: list[tuple[int, int, bool]], kept: list[int]) -> None:
    assert frontier(*lines) == kept


def test_a_cost_is_the_line_rounded_once_and_the_way() -> None:
    asked = Question(Target((a_drug(),), 28, 14), Where(), "value", AT, quantity=3, yuan_per_km=2)
    # 101 per 1/28 pack of 14: 50.5 a pack, 151.5 for three, 152 in whole 分; 1,500 m at 2 yuan a kilometre are 300 分
    assert cost(asked, rows((1500, 101, False))).tolist() == [152 + 300]


def test_the_small_and_the_large_province_differ_in_nothing_but_their_offers() -> None:
    assert replace(province.SMALL, offers_per_pharmacy=2000) == province.FULL
    assert province.FULL.pharmacies * province.FULL.offers_per_pharmacy == 60_000_000
