"""The one gate for coordinates. A point knows its datum; nothing else in the project converts.

WGS-84 is what the database, GPS and browsers speak; GCJ-02 is 高德, 腾讯 and Apple in the mainland; BD-09 is 百度. In
Wuhan they lie 590 m to 1.2 km apart, so a mixed-up point sends a patient to another block. The GCJ-02 and BD-09
formulas are the public, unofficial ones; inverses are found by iteration, to about 1e-12 degrees.
Outside the rectangle in which those formulas are defined every conversion is the identity.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from math import asin, atan2, cos, hypot, isfinite, pi, radians, sin, sqrt
from typing import Any, ClassVar, Literal

from django.utils.translation import gettext as _

Datum = Literal["wgs84", "gcj02", "bd09"]
Number = float | str | Decimal

EARTH_RADIUS_M = 6371008.8

_KRASOVSKY_A = 6378245.0
_KRASOVSKY_EE = 0.00669342162296594323
_BD_PI = pi * 3000.0 / 180.0
_DEGREES = re.compile(r"[-+]?[0-9]{1,9}(?:\.[0-9]{1,20})?")
_STEP_DEGREES = 1e-12
_MAX_STEPS = 12


class CoordinateError(ValueError):
    """A coordinate that cannot be taken. `reason` is stable; the message says what to do."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Point:
    """Longitude and latitude in degrees, in the datum of the subclass. Raises `CoordinateError` when off the globe."""

    lng: float
    lat: float
    datum: ClassVar[Datum]

    def __post_init__(self) -> None:
        if not (isfinite(self.lng) and isfinite(self.lat)):
            raise CoordinateError("coordinate_unreadable", _("经纬度必须是有限的数字"))
        if abs(self.lat) > 90 and abs(self.lat) <= 180 and abs(self.lng) <= 90:
            raise CoordinateError(
                "coordinate_swapped",
                _("纬度 %(lat)s 超出 ±90：经度和纬度可能写反了，请交换后再试") % {"lat": self.lat},
            )
        if abs(self.lng) > 180 or abs(self.lat) > 90:
            raise CoordinateError(
                "coordinate_range",
                _("坐标 %(lng)s, %(lat)s 超出范围：经度应在 ±180 之内，纬度应在 ±90 之内")
                % {"lng": self.lng, "lat": self.lat},
            )


@dataclass(frozen=True, slots=True)
class Wgs84(Point):
    datum: ClassVar[Datum] = "wgs84"


@dataclass(frozen=True, slots=True)
class Gcj02(Point):
    datum: ClassVar[Datum] = "gcj02"


@dataclass(frozen=True, slots=True)
class Bd09(Point):
    datum: ClassVar[Datum] = "bd09"


DATUMS: dict[Datum, type[Wgs84] | type[Gcj02] | type[Bd09]] = {"wgs84": Wgs84, "gcj02": Gcj02, "bd09": Bd09}


def read_datum(text: str) -> Datum:
    """The datum named in a file: `wgs84`, `gcj02` or `bd09`, in any case, `GCJ-02` too."""
    name = text.strip().lower().replace("-", "").replace("_", "")
    for datum in DATUMS:
        if name == datum:
            return datum
    raise CoordinateError("datum_unknown", _("坐标系“%(text)s”未知：请填写 wgs84、gcj02 或 bd09") % {"text": text[:40]})


def read_point(lng: Number, lat: Number, datum: Datum) -> Point:
    """A point from numbers or text (full-width digits are taken). Raises `CoordinateError`."""
    return DATUMS[datum](float(_decimal(lng)), float(_decimal(lat)))


def _decimal(value: Number) -> Decimal:
    """Text must be plain decimal degrees; `Decimal` alone would also take 1_1, 1e2 and other scripts' digits."""
    plain = unicodedata.normalize("NFKC", value).strip() if isinstance(value, str) else value
    if (isinstance(plain, str) and not _DEGREES.fullmatch(plain)) or not (number := Decimal(str(plain))).is_finite():
        raise CoordinateError(
            "coordinate_unreadable",
            _("坐标“%(text)s”不是数字：请填写十进制的度，例如 114.302437") % {"text": str(value)[:40]},
        )
    return number


# -- conversions ------------------------------------------------------------------------------------------------------


def wgs84_of(point: Point) -> Wgs84:
    """The same place in WGS-84."""
    if isinstance(point, Wgs84):
        return point
    return Wgs84(*_wgs_from_gcj(*_gcj_pair(point)))


def gcj02_of(point: Point) -> Gcj02:
    """The same place in GCJ-02."""
    if isinstance(point, Gcj02):
        return point
    return Gcj02(*_gcj_pair(point))


def bd09_of(point: Point) -> Bd09:
    """The same place in BD-09."""
    if isinstance(point, Bd09):
        return point
    return Bd09(*_bd_from_gcj(*_gcj_pair(point)))


def _gcj_pair(point: Point) -> tuple[float, float]:
    if isinstance(point, Wgs84):
        return _gcj_from_wgs(point.lng, point.lat)
    if isinstance(point, Bd09):
        return _gcj_from_bd(point.lng, point.lat)
    return point.lng, point.lat


def _abroad(lng: float, lat: float) -> bool:
    return not (72.004 <= lng <= 137.8347 and 0.8293 <= lat <= 55.8271)


def _gcj_from_wgs(lng: float, lat: float) -> tuple[float, float]:
    if _abroad(lng, lat):
        return lng, lat
    x, y = lng - 105.0, lat - 35.0
    xy, root = x * y, sqrt(abs(x))
    # Both polynomials share this wave along the parallel, in metres.
    wave = (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * xy + 0.2 * root + wave
    north += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * xy + 0.1 * root + wave
    east += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    phi = radians(lat)
    magic = 1.0 - _KRASOVSKY_EE * sin(phi) ** 2
    meridian = _KRASOVSKY_A * (1.0 - _KRASOVSKY_EE) / (magic * sqrt(magic))
    parallel = _KRASOVSKY_A / sqrt(magic) * cos(phi)
    return lng + east * 180.0 / (parallel * pi), lat + north * 180.0 / (meridian * pi)


def _bd_from_gcj(lng: float, lat: float) -> tuple[float, float]:
    if _abroad(lng, lat):
        return lng, lat
    r = hypot(lng, lat) + 0.00002 * sin(lat * _BD_PI)
    theta = atan2(lat, lng) + 0.000003 * cos(lng * _BD_PI)
    return r * cos(theta) + 0.0065, r * sin(theta) + 0.006


def _wgs_from_gcj(lng: float, lat: float) -> tuple[float, float]:
    return _inverse(_gcj_from_wgs, lng, lat)


def _gcj_from_bd(lng: float, lat: float) -> tuple[float, float]:
    return _inverse(_bd_from_gcj, lng, lat)


def _inverse(forward: Callable[[float, float], tuple[float, float]], lng: float, lat: float) -> tuple[float, float]:
    """The point that `forward` maps to (lng, lat): fixed-point iteration, which gains over two digits a step here."""
    if _abroad(lng, lat):
        return lng, lat
    guess_lng, guess_lat = lng, lat
    for _step in range(_MAX_STEPS):
        there_lng, there_lat = forward(guess_lng, guess_lat)
        off_lng, off_lat = there_lng - lng, there_lat - lat
        guess_lng -= off_lng
        guess_lat -= off_lat
        if abs(off_lng) < _STEP_DEGREES and abs(off_lat) < _STEP_DEGREES:
            break
    return guess_lng, guess_lat


def coordinates_to_wgs84(coordinates: list[Any], datum: Datum) -> list[Any]:
    """GeoJSON `coordinates` of any nesting, converted to WGS-84; a height is dropped.

    Rings stay closed: equal positions give equal results. Raises `CoordinateError` for a position that is not two
    numbers. A province of 160,000 positions takes about two seconds.
    """
    known: dict[tuple[float, float], list[float]] = {}

    def position(lng: float, lat: float) -> list[float]:
        if (found := known.get((lng, lat))) is None:
            point = wgs84_of(DATUMS[datum](lng, lat))
            found = known[lng, lat] = [point.lng, point.lat]
        return list(found)

    def walk(node: Any) -> list[Any]:
        if isinstance(node, list | tuple) and node:
            if _is_number(node[0]) and len(node) >= 2 and _is_number(node[1]):
                return position(float(node[0]), float(node[1]))
            if all(isinstance(child, list | tuple) for child in node):
                return [walk(child) for child in node]
        raise CoordinateError(
            "geometry_unreadable",
            _("边界坐标“%(text)s”不对：每个位置应为 [经度, 纬度] 两个数字") % {"text": str(node)[:60]},
        )

    return walk(coordinates)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# -- distance, rounding, diagnosis ------------------------------------------------------------------------------------


def haversine_m(a: Wgs84, b: Wgs84) -> float:
    """Great-circle distance in metres (直线距离) on the sphere of radius 6371008.8 m."""
    return great_circle_m(a.lng, a.lat, b.lng, b.lat)


def great_circle_m(lng_a: float, lat_a: float, lng_b: float, lat_b: float) -> float:
    """`haversine_m` of bare degrees, unchecked, for many at a time."""
    half_lat, half_lng = radians(lat_b - lat_a) / 2, radians(lng_b - lng_a) / 2
    h = sin(half_lat) ** 2 + cos(radians(lat_a)) * cos(radians(lat_b)) * sin(half_lng) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(h)))


def coarse(lng: Number, lat: Number, digits: int = 3) -> tuple[str, str]:
    """A citizen's position, rounded half up as written (3 decimals: about 100 m) before anything else sees it.

    Returns (lng, lat) as decimal text; raises `CoordinateError` for what is no position on the globe.
    """
    grain = Decimal(1).scaleb(-digits)
    exact = _decimal(lng), _decimal(lat)
    Wgs84(float(exact[0]), float(exact[1]))
    rounded = (number.quantize(grain, ROUND_HALF_UP) for number in exact)
    east, north = (str(number if number else abs(number)) for number in rounded)
    return east, north


def coarse_point(lng: Number, lat: Number, digits: int = 3) -> Wgs84:
    """`coarse` as a point."""
    east, north = coarse(lng, lat, digits)
    return Wgs84(float(east), float(north))


@dataclass(frozen=True, slots=True)
class Fit:
    """A reading of two numbers under which they fall where they are said to fall."""

    datum: Datum
    swapped: bool
    point: Wgs84


def fitting_readings(lng: float, lat: float, stated: Datum, contains: Callable[[Wgs84], bool]) -> list[Fit]:
    """Which readings of a coordinate would put it where `contains` holds (inside its region, say).

    Tried in this order: as stated, the other datums, then the same with longitude and latitude swapped. A first
    answer that equals what was stated means there is nothing to report; near a border several may fit, and then it is
    for a person to choose.
    """
    order = [stated, *(datum for datum in DATUMS if datum != stated)]
    fits = []
    for swapped in (False, True):
        east, north = (lat, lng) if swapped else (lng, lat)
        for datum in order:
            try:
                point = wgs84_of(DATUMS[datum](east, north))
            except CoordinateError:
                break  # off the globe in one datum is off it in all
            if contains(point):
                fits.append(Fit(datum, swapped, point))
    return fits
