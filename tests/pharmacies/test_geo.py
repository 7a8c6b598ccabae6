import csv
import time
from math import hypot, inf, nan
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacies.geo import (
    Bd09,
    CoordinateError,
    Datum,
    Fit,
    Gcj02,
    Point,
    Wgs84,
    bd09_of,
    coarse,
    coarse_point,
    coordinates_to_wgs84,
    fitting_readings,
    gcj02_of,
    haversine_m,
    read_datum,
    read_point,
    wgs84_of,
)

VECTORS = Path(__file__).parents[2] / "../shared/data/geo/coord_test_vectors.csv"
TOWER = Wgs84(114.3024, 30.5446)
VALLEY = Wgs84(114.3980, 30.5063)
METRES_PER_DEGREE = 111_195.08

lngs = st.floats(min_value=74.0, max_value=135.0)
lats = st.floats(min_value=3.0, max_value=53.5)
points = st.builds(Wgs84, lngs, lats)

# (wgs, gcj, bd), each (lng, lat): three public libraries agree on these within 2e-6 degrees.
KNOWN = [
    ((114.3024, 30.5446), (114.307837, 30.542168), (114.314418, 30.547853)),  # 黄鹤楼
    ((114.3980, 30.5063), (114.403541, 30.503994), (114.410119, 30.509776)),  # 光谷
    ((111.2860, 30.6920), (111.291658, 30.689560), (111.298223, 30.695253)),  # 宜昌
]


def assert_near(point: Point, expected: tuple[float, float], tolerance: float = 1e-5) -> None:
    assert (point.lng, point.lat) == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize(("wgs", "gcj", "bd"), KNOWN)
def test_known_places_convert_every_way(
    wgs: tuple[float, float], gcj: tuple[float, float], bd: tuple[float, float]
) -> None:
    for point in (Wgs84(*wgs), Gcj02(*gcj), Bd09(*bd)):
        assert_near(wgs84_of(point), wgs)
        assert_near(gcj02_of(point), gcj)
        assert_near(bd09_of(point), bd)


def test_a_place_abroad_is_the_same_in_every_datum() -> None:
    tokyo = Wgs84(139.7671, 35.6812)
    assert gcj02_of(tokyo) == Gcj02(139.7671, 35.6812)
    assert bd09_of(tokyo) == Bd09(139.7671, 35.6812)
    assert wgs84_of(Gcj02(139.7671, 35.6812)) == tokyo
    assert wgs84_of(Bd09(139.7671, 35.6812)) == tokyo


def test_a_thousand_places_in_the_province_agree_with_public_packages_within_two_centimetres() -> None:
    if not VECTORS.exists():
        pytest.skip("coordinate vectors (../shared/data/geo) are not here")
    worst = 0.0
    with VECTORS.open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1000
    for row in rows:
        wgs = Wgs84(float(row["wgs_lon"]), float(row["wgs_lat"]))
        gcj = Gcj02(float(row["gcj_lon_eviltransform"]), float(row["gcj_lat_eviltransform"]))
        bd = Bd09(float(row["bd_lon_coordconvert"]), float(row["bd_lat_coordconvert"]))
        for got, expected in ((gcj02_of(wgs), gcj), (bd09_of(wgs), bd), (wgs84_of(gcj), wgs), (wgs84_of(bd), wgs)):
            off = hypot(got.lng - expected.lng, got.lat - expected.lat) * METRES_PER_DEGREE
            worst = max(worst, off)
    assert worst < 0.02


@given(points)
def test_there_and_back_is_the_same_place_to_a_ten_thousandth_of_a_millimetre(point: Wgs84) -> None:
    for there in (gcj02_of(point), bd09_of(point)):
        back = wgs84_of(there)
        assert abs(back.lng - point.lng) < 1e-9
        assert abs(back.lat - point.lat) < 1e-9


@given(lngs, lats)
def test_bd_and_gcj_are_inverse_without_passing_wgs(lng: float, lat: float) -> None:
    back = gcj02_of(bd09_of(Gcj02(lng, lat)))
    assert_near(back, (lng, lat), 1e-9)


def test_the_three_datums_lie_far_apart_in_wuhan() -> None:
    gcj, bd = gcj02_of(TOWER), bd09_of(TOWER)
    assert haversine_m(TOWER, Wgs84(gcj.lng, gcj.lat)) == pytest.approx(586, abs=5)
    assert haversine_m(TOWER, Wgs84(bd.lng, bd.lat)) == pytest.approx(1200, abs=30)


@pytest.mark.parametrize(
    ("lng", "lat", "reason"),
    [
        (nan, 30.0, "coordinate_unreadable"),
        (114.0, inf, "coordinate_unreadable"),
        (114.0, -inf, "coordinate_unreadable"),
        (30.5, 114.3, "coordinate_swapped"),
        (114.3, 91.0, "coordinate_range"),
        (114.3, -91.0, "coordinate_range"),
        (181.0, 30.0, "coordinate_range"),
        (1143024.0, 305446.0, "coordinate_range"),
    ],
)
def test_no_point_lies_off_the_globe(lng: float, lat: float, reason: str) -> None:
    for kind in (Wgs84, Gcj02, Bd09):
        with pytest.raises(CoordinateError) as refused:
            kind(lng, lat)
        assert refused.value.reason == reason


def test_points_of_different_datums_are_never_equal() -> None:
    here: list[Point] = [Wgs84(114.3, 30.5), Gcj02(114.3, 30.5), Bd09(114.3, 30.5)]
    assert len(set(here)) == 3
    assert here[0] == Wgs84(114.3, 30.5)


def test_a_point_is_read_from_text() -> None:
    assert read_point(" 114.302437", "３０．５", "gcj02") == Gcj02(114.302437, 30.5)


@pytest.mark.parametrize(
    "text", ["", "abc", "NaN", "inf", "1e999", "114°18'", "114,30", "0x10", "1_14", "1.14E+02", "٣٠"]
)
def test_text_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(CoordinateError) as refused:
        read_point(text, "30.5", "wgs84")
    assert refused.value.reason == "coordinate_unreadable"


@pytest.mark.parametrize(("text", "datum"), [("wgs84", "wgs84"), (" GCJ-02 ", "gcj02"), ("BD_09", "bd09")])
def test_a_datum_is_read_by_name(text: str, datum: Datum) -> None:
    assert read_datum(text) == datum


@pytest.mark.parametrize("text", ["", "cgcs2000", "bd09ll", "4326"])
def test_an_unknown_datum_is_refused_and_the_three_are_named(text: str) -> None:
    with pytest.raises(CoordinateError, match="wgs84、gcj02 或 bd09"):
        read_datum(text)


def test_nested_rings_convert_and_stay_closed() -> None:
    ring = [[114.307837, 30.542168], [114.403541, 30.503994], [111.291658, 30.68956, 12.0], [114.307837, 30.542168]]
    converted = coordinates_to_wgs84([[ring], [ring]], "gcj02")
    out = converted[1][0]
    assert out[0] == out[-1]
    assert out[0] == pytest.approx([114.3024, 30.5446], abs=1e-5)
    assert out[2] == pytest.approx([111.2860, 30.6920], abs=1e-5)
    assert ring[0] == [114.307837, 30.542168]


@pytest.mark.parametrize(
    "bad", [[], [[]], [1.0], ["a", "b"], [[114.0, "30"]], [[114.0, 30.0], 5], [True, False], [None]]
)
def test_a_broken_ring_is_refused(bad: list[object]) -> None:
    with pytest.raises(CoordinateError) as refused:
        coordinates_to_wgs84(bad, "gcj02")
    assert refused.value.reason == "geometry_unreadable"


def test_a_province_of_positions_converts_in_seconds() -> None:
    ring = [[108.0 + 8.0 * i / 40_000, 29.0 + 4.0 * ((i * 7919) % 40_000) / 40_000] for i in range(40_000)]
    started = time.process_time()
    coordinates_to_wgs84([ring], "gcj02")
    # A quarter of the province's positions: the whole must stay under 10 s even on a slow machine.
    assert time.process_time() - started < 2.5


def test_great_circle_distance() -> None:
    assert haversine_m(TOWER, VALLEY) == pytest.approx(10098.8, abs=0.1)
    assert haversine_m(TOWER, TOWER) == 0
    assert haversine_m(Wgs84(0, 90), Wgs84(0, -90)) == pytest.approx(6371008.8 * 3.141592653589793)


@given(points, points)
def test_distance_is_the_same_both_ways(a: Wgs84, b: Wgs84) -> None:
    assert haversine_m(a, b) == pytest.approx(haversine_m(b, a), abs=1e-6)


def test_a_position_is_made_coarse() -> None:
    assert coarse(114.302437, 30.544612, digits=2) == ("114.30", "30.54")
    assert coarse(114.302437, 30.544612) == ("114.302", "30.545")
    assert coarse_point("114.302437", "30.544612") == Wgs84(114.302, 30.545)


def test_coarse_rounds_half_up_as_written_not_as_stored() -> None:
    assert coarse(114.0005, 30.0025) == ("114.001", "30.003")
    assert coarse("114.0005", "30.0015") == ("114.001", "30.002")
    assert coarse(-0.0004, -0.0005) == ("0.000", "-0.001")


@pytest.mark.parametrize(("lng", "lat"), [(nan, 30.0), (inf, 30.0), ("x", "30"), (114.0, 91.0), ("1e400", "30")])
def test_coarse_refuses_what_is_no_position(lng: float | str, lat: float) -> None:
    with pytest.raises(CoordinateError):
        coarse(lng, lat)


def near(centre: Wgs84, metres: float, point: Wgs84) -> bool:
    return haversine_m(centre, point) < metres


@pytest.mark.parametrize("actual", ["wgs84", "gcj02", "bd09"])
@pytest.mark.parametrize("stated", ["wgs84", "gcj02", "bd09"])
def test_the_datum_that_would_fit_is_named(actual: Datum, stated: Datum) -> None:
    given_point = {"wgs84": TOWER, "gcj02": gcj02_of(TOWER), "bd09": bd09_of(TOWER)}[actual]
    fits = fitting_readings(given_point.lng, given_point.lat, stated, lambda point: near(TOWER, 100, point))
    assert [(fit.datum, fit.swapped) for fit in fits] == [(actual, False)]
    assert near(TOWER, 0.01, fits[0].point)


def test_swapped_numbers_are_recognised() -> None:
    fits = fitting_readings(TOWER.lat, TOWER.lng, "wgs84", lambda point: near(TOWER, 100, point))
    assert fits == [Fit("wgs84", True, TOWER)]


def test_what_was_stated_comes_first_when_it_fits() -> None:
    fits = fitting_readings(TOWER.lng, TOWER.lat, "gcj02", lambda point: near(TOWER, 5000, point))
    assert [fit.datum for fit in fits] == ["gcj02", "wgs84", "bd09"]


def test_nothing_fits_a_point_in_another_province() -> None:
    assert fitting_readings(121.47, 31.23, "wgs84", lambda point: near(TOWER, 5000, point)) == []
