"""Baskets in a town that can be reckoned by eye; against a trial of everything; and what the statement reads."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest
from django.contrib.gis.geos import Point
from django.db import connection

from catalog.models import Drug
from pharmacies.geo import Wgs84
from pharmacies.models import Pharmacy
from prices.models import Offer, PharmacyFeed, Stock
from prices.search import baskets
from prices.search.baskets import BasketAnswer, Line, fill
from prices.search.offers import find
from prices.search.questions import Barred, Target, Where
from prices.search.stops import between, on_sphere
from prices.sql import statement
from tests import factories
from tests.factories import AT, ORIGIN, Town

HERE = Where(Wgs84(*ORIGIN), 5000)


@pytest.fixture
def town(db: None) -> Town:
    return factories.small_town()


@pytest.fixture
def other(town: Town) -> Drug:
    """A second drug, which the far shop sells dear, the near one cheap, the middle one not at all."""
    other = factories.drug(factories.preparation("阿司匹林肠溶片", "肠溶片", "100mg"), pack_count=30)
    factories.offer(other, town.near_dear, "4.00")
    factories.offer(other, town.far_cheap, "9.00")
    return other


def one(*asked: Drug | tuple[Drug, int]) -> list[Line]:
    pairs = [each if isinstance(each, tuple) else (each, 1) for each in asked]
    return [Line(Target.of_drug(drug), quantity) for drug, quantity in pairs]


def told(answer: BasketAnswer) -> list[tuple[Any, ...]]:
    """Of every plan the stops with the lines bought there, what is missing, and the totals."""
    return [
        (
            [(stop.shop.name, [bought.line for bought in stop.bought]) for stop in plan.stops],
            plan.missing,
            plan.price_fen,
            round(plan.distance_m),
            str(plan.total),
        )
        for plan in answer.plans
    ]


def test_one_stop_then_two_if_they_are_better(town: Town, other: Drug) -> None:
    """Eight packs: all at the near shop 155.20 + 0.30; or the other drug there and eight packs far away."""
    answer = fill(one((town.drug, 8), other), HERE, at=AT)
    assert told(answer) == [
        ([("远而廉大药房", [0, 1])], (), 10980, 4000, "113.80"),
        ([("近而贵大药房", [1]), ("远而廉大药房", [0])], (), 10480, 4000, "108.80"),
    ]
    assert [bought.price_fen for stop in answer.plans[1].stops for bought in stop.bought] == [400, 1260]
    assert answer.unsold == ()


def test_dear_travel_keeps_one_at_the_corner(town: Town, other: Drug) -> None:
    answer = fill(one(town.drug, other), HERE, at=AT, yuan_per_km=Decimal(10))
    assert told(answer) == [([("近而贵大药房", [0, 1])], (), 2290, 300, "25.90")]


def test_what_nobody_sells_is_missing_and_said_to_be(town: Town, other: Drug) -> None:
    unheard = factories.drug()
    answer = fill(one(unheard, other), HERE, at=AT)
    assert told(answer) == [([("近而贵大药房", [1])], (0,), 400, 300, "4.30")]
    assert answer.unsold == ((0, "not_sold"),)


def test_a_line_that_one_stop_lacks_is_missing_there_alone(town: Town, other: Drug) -> None:
    Offer.objects.filter(drug_id=town.drug.pk, pharmacy_id__in=[town.near_dear.pk, town.far_cheap.pk]).update(
        state=Offer.State.WITHDRAWN
    )
    one_stop, two_stops = fill(one(town.drug, other), HERE, at=AT).plans
    assert (one_stop.missing, two_stops.missing) == ((0,), ())
    assert fill(one(town.drug, other), HERE, at=AT).unsold == ()


def test_stale_sold_out_withdrawn_and_unranked_offers_fill_nothing(town: Town) -> None:
    """The stale and the undesignated shop are cheaper than all others and never answered."""
    assert told(fill(one(town.drug), HERE, at=AT, yuan_per_km=Decimal(0)))[0][0] == [("远而廉大药房", [0])]
    Offer.objects.filter(pharmacy_id=town.far_cheap.pk).update(stock=Stock.OUT)
    assert told(fill(one(town.drug), HERE, at=AT, yuan_per_km=Decimal(0)))[0][0] == [("居中大药房", [0])]
    Offer.objects.filter(pharmacy_id=town.mid.pk).update(state=Offer.State.WITHDRAWN)
    assert told(fill(one(town.drug), HERE, at=AT, yuan_per_km=Decimal(0)))[0][0] == [("近而贵大药房", [0])]
    Offer.objects.filter(pharmacy_id=town.near_dear.pk).update(disputed_since=AT - timedelta(days=11))
    assert fill(one(town.drug), HERE, at=AT).plans == ()


def test_a_snapshot_that_vouches_for_an_old_offer_makes_it_fresh(town: Town) -> None:
    PharmacyFeed.objects.create(
        pharmacy=town.stale,
        feed=factories.feed(),
        as_of=AT,
        last_run_id=1,
        snapshot_as_of=AT,
        snapshot_received_at=AT,
        snapshot_run_id=1,
    )
    assert told(fill(one(town.drug), HERE, at=AT, yuan_per_km=Decimal(0)))[0][0] == [("久未报送药房", [0])]


def test_hospitals_are_no_stops(town: Town) -> None:
    hospital = factories.pharmacy("医院", kind="hospital")
    factories.offer(town.drug, hospital, "0.01")
    factories.rebuild_today()
    assert told(fill(one(town.drug), HERE, at=AT, yuan_per_km=Decimal(0)))[0][0] == [("远而廉大药房", [0])]


def test_nothing_beyond_the_radius_is_a_stop(town: Town, other: Drug) -> None:
    assert told(fill(one(other), Where(HERE.origin, 299), at=AT)) == []
    assert told(fill(one(other), Where(HERE.origin, 301), at=AT)) == [([("近而贵大药房", [0])], (), 400, 300, "4.30")]


def test_what_a_list_bars_from_retail_is_not_bought_where_it_binds(town: Town, other: Drug) -> None:
    factories.drug_list("not_for_retail", factories.hongshan())
    factories.drug_list("not_for_retail", factories.wuchang(), town.drug)
    across = factories.pharmacy("区外药房", north_m=2000, division=factories.hongshan())
    factories.offer(town.drug, across, "30.00")
    factories.rebuild_today()
    assert [stop.shop.name for stop in fill(one(town.drug), HERE, at=AT).plans[0].stops] == ["区外药房"]
    factories.drug_list("not_for_retail", factories.region(), town.drug)
    Offer.objects.filter(pharmacy_id=across.pk).update(state=Offer.State.WITHDRAWN)
    assert fill(one(town.drug), HERE, at=AT).plans == ()


def test_a_drug_that_no_pharmacy_may_sell_says_why(town: Town, other: Drug) -> None:
    factories.drug_list("not_for_retail", factories.region(), town.drug)
    answer = fill(one(town.drug, other), HERE, at=AT)
    assert answer.unsold == ((0, "not_for_retail"),)
    assert answer.plans[0].missing == (0,)


def test_a_preparation_is_counted_in_its_usual_pack_and_rounded_once(town: Town) -> None:
    """Most packs hold 14: two of 27.13 / 28 × 14 are 27.13, not 2 × 13.57."""
    factories.drug(town.drug.preparation, pack_count=14)
    large = factories.drug(town.drug.preparation, pack_count=28)
    factories.offer(large, town.near_dear, "27.13")
    target = Target.of_preparation(
        town.drug.preparation, tuple(town.drug.preparation.drugs.select_related("preparation"))
    )
    (plan,) = fill([Line(target, 2)], HERE, at=AT, yuan_per_km=Decimal(10)).plans
    (bought,) = plan.stops[0].bought
    assert (bought.drug, bought.price_fen, bought.subtotal_fen, plan.price_fen) == (large, 2713, 2713, 2713)
    (plan,) = fill([Line(target, 1)], HERE, at=AT, yuan_per_km=Decimal(10)).plans
    assert plan.stops[0].bought[0].subtotal_fen == 1357


def test_of_drugs_that_cost_the_same_the_first_code_is_bought(town: Town) -> None:
    twin = factories.drug(town.drug.preparation, pack_count=14, code="XC08CAB037A001000000000")
    factories.offer(twin, town.near_dear, "18.90")
    target = Target.of_preparation(town.drug.preparation, (town.drug, twin))
    (plan, *_more) = fill([Line(target, 1)], HERE, at=AT, yuan_per_km=Decimal(100)).plans
    assert plan.stops[0].bought[0].drug == twin


def test_a_preparation_without_drugs_says_so(town: Town, other: Drug) -> None:
    empty = Target.of_preparation(factories.preparation("空制剂"), ())
    answer = fill([Line(empty, 3), *one(other)], HERE, at=AT)
    assert answer.unsold == ((0, "no_products"),)
    assert told(answer)[0][:2] == ([("近而贵大药房", [1])], (0,))
    assert fill([Line(empty, 3)], HERE, at=AT).plans == ()


@pytest.mark.parametrize("place", [(2.352, 48.857), (180.0, 90.0), (0.0, -90.0), (-180.0, 0.0)])
def test_an_origin_abroad_or_at_a_pole_finds_nothing(place: tuple[float, float], town: Town) -> None:
    answer = fill(one(town.drug), Where(Wgs84(*place), baskets.MAX_RADIUS_M), at=AT)
    assert (answer.plans, answer.unsold) == ((), ((0, "not_sold"),))


def test_a_basket_needs_a_radius(town: Town) -> None:
    with pytest.raises(ValueError, match="radius"):
        fill(one(town.drug), Where(HERE.origin), at=AT)


def test_distances_between_stops_are_those_of_the_database(town: Town) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.location <-> b.location, ST_X(a.location::geometry), ST_Y(a.location::geometry),"
            " ST_X(b.location::geometry), ST_Y(b.location::geometry)"
            " FROM pharmacies_pharmacytoday a, pharmacies_pharmacytoday b"
        )
        rows = np.array(cursor.fetchall())
    ours = between(on_sphere(rows[:, 1], rows[:, 2]), on_sphere(rows[:, 3], rows[:, 4]))
    assert np.abs(ours - rows[:, 0]).max() < 1e-6


# -- against a trial of everything ------------------------------------------------------------------------------------


def shelves(lines: list[Line], where: Where) -> dict[Any, dict[int, tuple[int, str]]]:
    """What `find` shows as fresh, pharmacy by pharmacy: the cheapest cost of each line and for which drug."""
    found: dict[Any, dict[int, tuple[int, str]]] = {}
    for number, line in enumerate(lines):
        for row in find(line.target, where, sort="nearest", at=AT, limit=500).results if line.target.drugs else ():
            if not row.stale:
                asked = (line.target.line_fen(row.price_key, line.quantity), row.drug.code)
                shelf = found.setdefault((row.shop.code, row.distance_m, row.shop.lng, row.shop.lat), {})
                shelf[number] = min(asked, shelf.get(number, asked))
    return found


def trial(lines: list[Line], where: Where, yuan_per_km: Decimal) -> list[tuple[Any, ...]]:
    """(total, codes of the stops in the order of travel, (line, drug) bought) of the best one and the best two."""
    found = sorted(shelves(lines, where).items(), key=lambda item: (item[0][1], item[0][0]))

    def key(*stops: Any) -> tuple[Any, ...]:
        spots = [on_sphere(np.array([stop[0][2]]), np.array([stop[0][3]])) for stop in stops]
        metres = stops[0][0][1] + (float(between(*spots)[0]) if len(stops) > 1 else 0.0)
        best = {n: min(stop[1][n] for stop in stops if n in stop[1]) for stop in stops for n in stop[1]}
        price = sum(cost for cost, _code in best.values())
        codes = [stop[0][0] for stop in stops]
        bought = tuple(sorted((n, code) for n, (_cost, code) in best.items()))
        return -len(best), price + Fraction(yuan_per_km) / 10 * Fraction(metres), sorted(codes), codes, bought

    ones = [key(stop) for stop in found]
    twos = [key(near, far) for i, near in enumerate(found) for far in found[i + 1 :]]
    twos = [pair for pair in twos if ones and pair[:2] < min(ones)[:2]]
    return [min(keys)[1:2] + min(keys)[3:] for keys in (ones, twos) if keys]


def build(random: Random) -> list[list[Drug]]:
    """Thirty shops at few addresses, and three preparations of one to three drugs that cost round sums."""
    town = factories.small_town()
    spots = [(random.uniform(-3000, 3000), random.uniform(-3000, 3000)) for _spot in range(8)]
    districts = [factories.wuchang(), factories.hongshan()]
    shops = []
    for _shop in range(30):
        east, north = random.choice(spots)
        division, status = random.choice(districts), random.choice(["normal"] * 9 + ["suspended"])
        shops.append(factories.pharmacy(east_m=east, north_m=north, division=division, status=status))
    groups = [[town.drug]]
    for name in ("盐酸二甲双胍片", "阿司匹林肠溶片", "阿托伐他汀钙片"):
        of = factories.preparation(name)
        groups.append(
            [factories.drug(of, pack_count=random.choice([7, 14, 28])) for _drug in range(random.randint(1, 3))]
        )
    for drug in [drug for group in groups for drug in group]:
        for shop in random.sample(shops, random.randint(0, 20)):
            age = timedelta(days=random.choice([0, 0, 0, 10, 11, 20]))
            stock, price = random.choice([1, 1, 2, 3, 4]), random.choice(["10.00", "10.50", "12.00", "20.00"])
            factories.offer(drug, shop, price, confirmed=AT - age, stock=stock)
    if random.random() < 0.6:
        factories.drug_list("not_for_retail", random.choice(districts), random.choice(groups)[0])
    factories.rebuild_today()
    return groups


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_baskets_are_those_of_a_trial_of_everything_that_is_shown(seed: int) -> None:
    random = Random(seed)
    groups = build(random)
    two_stops = 0
    for _question in range(12):
        lines = []
        for group in random.sample(groups, random.randint(1, len(groups))):
            of_preparation = Target.of_preparation(group[0].preparation, tuple(group))
            target = random.choice([of_preparation, Target.of_drug(random.choice(group))])
            lines.append(Line(target, random.choice([1, 2, 3])))
        where = Where(HERE.origin, random.choice([800, 2000, 5000]))
        yuan_per_km = Decimal(random.choice(["0", "0.3", "1", "10"]))
        expected = trial(lines, where, yuan_per_km)
        answer = fill(lines, where, at=AT, yuan_per_km=yuan_per_km)
        assert [described(plan, yuan_per_km) for plan in answer.plans] == expected
        two_stops += len(expected) == 2
    assert two_stops  # else nothing was proved


def described(plan: baskets.BasketPlan, yuan_per_km: Decimal) -> tuple[Any, ...]:
    total = plan.price_fen + Fraction(yuan_per_km) / 10 * Fraction(plan.distance_m)
    bought = sorted((each.line, each.drug.code) for stop in plan.stops for each in stop.bought)
    return total, [stop.shop.code for stop in plan.stops], tuple(bought)


# -- what it reads ----------------------------------------------------------------------------------------------------


def test_the_statement_reads_the_circle_and_each_cells_own_offers(committed: None) -> None:
    """Another district has 900 shops, of which 90 sell the drug; none of that is read."""
    town = factories.small_town()
    far = factories.region("420281", "大冶市", factories.region("420200", "黄石市", factories.region()))
    Pharmacy.objects.bulk_create(
        Pharmacy(
            code=f"P420281{n:05d}", kind="pharmacy", name="远", address="远", division=far, insurance_area=far,
            cell=far.pk, location=Point(114.9 + n / 10_000, 30.1, srid=4326), source_lng=114.9, source_lat=30.1,
            source_datum="wgs84",
        )
        for n in range(900)
    )  # fmt: skip
    rows = [
        Offer(
            drug_id=drug_id, pharmacy_id=pk, cell=far.pk, price_fen=100, as_of=AT, changed_at=AT, confirmed_at=AT,
            feed_id=factories.feed().pk, run_id=1,
        )
        for pk in Pharmacy.objects.filter(division=far).order_by("pk").values_list("pk", flat=True)[:90]
        for drug_id in (town.drug.pk, *range(900_000, 900_040))
    ]  # fmt: skip
    Offer.objects.bulk_create(rows)
    factories.rebuild_today()
    asked: dict[str, Any] = {
        "origin": HERE.ewkt,
        "radius_m": 5000,
        "drugs": [town.drug.pk],
        "at": AT,
        "stale_after": 1.5,
    }
    factories.settle("prices_offer", "pharmacies_pharmacytoday", "pharmacies_pharmacy")
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) " + statement("basket"), asked | Barred().parameters)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "pharmacytoday_location" in plan, plan
    assert "Seq Scan on pharmacies_pharmacytoday" not in plan, plan
    assert "Seq Scan on prices_offer" not in plan, plan
    assert "hashed SubPlan" in plan
    line = next(line for line in plan.splitlines() if "offer_cell" in line)
    assert int(line.split("actual rows=")[1].split()[0]) <= 5, plan  # one of the cell is outside the circle
