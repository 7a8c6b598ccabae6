"""Which cells a circle touches: none that has a pharmacy within it is ever left out, anywhere on the globe."""

from random import Random

import pytest

from pharmacies.geo import Wgs84, haversine_m
from prices.search.cells import Cell, around, touched


def somewhere(random: Random) -> Wgs84:
    """Anywhere, often at a pole or the date line."""
    lng = random.choice([random.uniform(-180, 180), random.uniform(179, 180), random.uniform(-180, -179)])
    lat = random.choice([random.uniform(-90, 90), random.uniform(88, 90), random.uniform(20, 40)])
    return Wgs84(lng, lat)


@pytest.mark.parametrize("seed", range(20))
def test_a_cell_within_reach_is_never_left_out(seed: int) -> None:
    random = Random(seed)
    for _case in range(200):
        west, south = random.uniform(-180, 178), random.uniform(-90, 88)
        east, north = west + random.uniform(0, 2), south + random.uniform(0, 2)
        cell = Cell(1, 10, 0, 0, 0, west, south, east, north)
        shop = Wgs84(random.uniform(west, east), random.uniform(south, north))
        origin = random.choice([somewhere(random), Wgs84(shop.lng, min(90.0, shop.lat + random.uniform(0, 3)))])
        away = haversine_m(origin, shop)
        box = around(origin, away)
        assert cell.reach_m(origin) <= away
        assert touched([cell], origin, away)
        if box.west is not None:
            assert box.west <= east  # type: ignore[operator]  # a fixture that is a function
            assert west <= box.east  # type: ignore[operator]  # a fixture that is a function
            assert box.south <= north  # type: ignore[operator]  # a fixture that is a function
            assert south <= box.north  # type: ignore[operator]  # a fixture that is a function


def test_cells_come_nearest_first_and_those_out_of_reach_not_at_all() -> None:
    near, far = Cell(1, 10, 0, 0, 0, 114.0, 30.0, 114.1, 30.1), Cell(2, 10, 0, 0, 0, 115.0, 30.0, 115.1, 30.1)
    assert [cell.id for cell, _m in touched([far, near], Wgs84(114.05, 30.05), 200_000)] == [1, 2]
    assert [cell.id for cell, _m in touched([far, near], Wgs84(114.05, 30.05), 20_000)] == [1]
    assert [metres for _cell, metres in touched([far], None, float("inf"))] == [0.0]


def test_a_small_circle_covers_a_small_share_of_its_cell() -> None:
    cell = Cell(1, 1000, 0, 0, 0, 114.0, 30.0, 114.3, 30.3)
    assert 0 < cell.share_of_circle(500) < 0.01 < cell.share_of_circle(5_000) <= cell.share_of_circle(500_000) == 1
