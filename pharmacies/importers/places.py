"""Does a pharmacy stand where it is said to stand? If not: how far off, and which reading of its numbers would fit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.gis.geos import Point as Geos
from django.db import connection
from django.utils.translation import gettext as _

from pharmacies.geo import Fit, Point, Wgs84, fitting_readings, wgs84_of
from pharmacies.models import Outline, Region

TOLERANCE_M = 300
"""Published boundaries are that coarse; a wrong datum is at least 500 m off."""

CHINA = (72.0, 0.8, 138.0, 55.9)
"""west, south, east, north: all that can be asked of a point while no outline is loaded."""


@dataclass(frozen=True, slots=True)
class Stand:
    """A point as received and the region it is said to stand in; `key` is the caller's."""

    key: int
    point: Point
    region: Region


_OUTSIDE = """
    SELECT key, ST_Distance(outline.shape::geography, place::geography, false)
    FROM (
        SELECT key, region_id, ST_SetSRID(ST_MakePoint(lng, lat), 4326) AS place
        FROM unnest(%(keys)s::int[], %(regions)s::bigint[], %(lngs)s::float8[], %(lats)s::float8[])
            AS stand (key, region_id, lng, lat)
    ) stand
    JOIN pharmacies_outline outline ON outline.region_id = stand.region_id
    WHERE NOT ST_Covers(outline.shape, place)
"""
_CONTAINING = """
    SELECT DISTINCT ON (key) key, region.code, region.name
    FROM unnest(%(keys)s::int[], %(lngs)s::float8[], %(lats)s::float8[]) AS stand (key, lng, lat)
    JOIN pharmacies_outline outline ON ST_Covers(outline.shape, ST_SetSRID(ST_MakePoint(lng, lat), 4326))
    JOIN pharmacies_region region
        ON region.id = outline.region_id AND region.kind = 'division' AND region.level = 'district'
        AND region.valid @> %(day)s::date
    ORDER BY key, region.id
"""


def advice_for_outside(stands: Iterable[Stand], day: date) -> dict[int, str]:
    """For every stand that lies outside its region by more than the tolerance: what to check, by its key.

    A region is judged by the outline that its code has on that day; one without an outline by the nearest one above it
    that has one; without any, by the extent of China.
    """
    stands = list(stands)
    judged = _with_outlines({stand.region.pk for stand in stands}, day)
    inside = {stand.key: judged[stand.region.pk] for stand in stands if judged[stand.region.pk]}
    bounded = [stand for stand in stands if stand.key in inside]
    abroad = {stand.key: _abroad_advice(stand) for stand in stands if stand.key not in inside and _abroad(stand.point)}
    far = {key: metres for key, metres in _outside(bounded, inside).items() if metres > TOLERANCE_M}
    lost = [stand for stand in bounded if stand.key in far]
    there = containing({stand.key: wgs84_of(stand.point) for stand in lost}, day)
    outlines = Outline.objects.filter(pk__in={inside[stand.key] for stand in lost})
    shapes = {outline.pk: outline.shape.prepared for outline in outlines}
    told = {stand.key: _advice(stand, far[stand.key], shapes[inside[stand.key]], there) for stand in lost}
    return abroad | told


def containing(points: dict[int, Wgs84], day: date) -> dict[int, str]:
    """`420111 洪山区`: the county in which each point lies on that day, by the key of the point."""
    if not points:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            _CONTAINING,
            {
                "keys": list(points),
                "lngs": [point.lng for point in points.values()],
                "lats": [point.lat for point in points.values()],
                "day": day,
            },
        )
        return {key: f"{code} {name}" for key, code, name in cursor.fetchall()}


def _outside(stands: list[Stand], region_ids: dict[int, int]) -> dict[int, float]:
    """Metres to the outline for the points that it does not cover."""
    if not stands:
        return {}
    # In the order of regions: PostGIS then prepares each polygon once.
    stands = sorted(stands, key=lambda stand: region_ids[stand.key])
    places = [wgs84_of(stand.point) for stand in stands]
    with connection.cursor() as cursor:
        cursor.execute(
            _OUTSIDE,
            {
                "keys": [stand.key for stand in stands],
                "regions": [region_ids[stand.key] for stand in stands],
                "lngs": [place.lng for place in places],
                "lats": [place.lat for place in places],
            },
        )
        return dict(cursor.fetchall())


def _with_outlines(region_ids: set[int], day: date) -> dict[int, int]:
    """Whose outline tells where each region lies on a day: that of its code's row in force, its own, or likewise of the
    nearest one above it; 0 where none has one."""
    above = {pk: (parent, code) for pk, parent, code in Region.objects.values_list("pk", "parent_id", "code")}
    in_force = dict(Region.objects.valid(day).values_list("code", "pk"))
    drawn = set(Outline.objects.values_list("pk", flat=True))
    found = {}
    for start in region_ids:
        pk: int | None = start
        outlined = 0
        while pk and not outlined:
            parent, code = above[pk]
            outlined = next((each for each in (in_force.get(code), pk) if each in drawn), 0)
            pk = parent
        found[start] = outlined
    return found


def _abroad(point: Point) -> bool:
    west, south, east, north = CHINA
    return not (west <= point.lng <= east and south <= point.lat <= north)


def _abroad_advice(stand: Stand) -> str:
    return _("坐标 %(lng)s, %(lat)s 不在中国：请核对经度、纬度和坐标系") % {
        "lng": stand.point.lng,
        "lat": stand.point.lat,
    }


def _advice(stand: Stand, metres: float, shape: Any, there: dict[int, str]) -> str:
    point = stand.point
    fits = fitting_readings(point.lng, point.lat, point.datum, lambda place: shape.covers(Geos(place.lng, place.lat)))
    sentence = _("坐标离%(name)s %(distance)s") % {"name": stand.region.name, "distance": _distance(metres)}
    readings = [reading for fit in fits if (reading := _reading(fit, point.datum))]
    if readings:
        sentence += _("；如果%(readings)s则在区内，请核对后改正") % {"readings": _("，或者").join(readings)}
    if stand.key in there:
        sentence += _("；按所写坐标在 %(there)s，若地址确在那里请改 adcode") % {"there": there[stand.key]}
    if not readings and stand.key not in there:
        sentence += _("：请核对 lng、lat、datum 和 adcode")
    return sentence


def _reading(fit: Fit, stated: str) -> str:
    swap = _("把 lng 与 lat 对调") if fit.swapped else ""
    datum = _("把 datum 改为 %(datum)s") % {"datum": fit.datum} if fit.datum != stated else ""
    return _("并").join(part for part in (swap, datum) if part)


def _distance(metres: float) -> str:
    if metres < 1000:
        return _("%(n)d 米") % {"n": round(metres)}
    return _("%(n)s 公里") % {"n": f"{metres / 1000:.1f}"}
