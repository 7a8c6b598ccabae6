"""GeoJSON geometry into a boundary in WGS-84; rings that are no rings are refused, never repaired."""

from typing import Any

from django.contrib.gis.geos import GEOSException, MultiPolygon, Polygon
from django.utils.translation import gettext as _

from pharmacies.geo import Datum, coordinates_to_wgs84
from pharmacies.importers.reading import CellError

SRID = 4326


def read_boundary(geometry: Any, datum: Datum) -> MultiPolygon | None:
    """The multipolygon of a GeoJSON geometry in `datum`, or None for null.

    Raises `CellError` for another geometry and for rings that are unclosed, too short or cross themselves, and
    `CoordinateError` for positions off the globe.
    """
    if geometry is None:
        return None
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    coordinates = geometry.get("coordinates") if kind in ("Polygon", "MultiPolygon") else None
    if not isinstance(coordinates, list) or not coordinates:
        raise CellError("boundary_kind", _("边界应为 Polygon、MultiPolygon 或 null：请按 GeoJSON 重新导出"))
    parts = [coordinates] if kind == "Polygon" else coordinates
    for number, rings in enumerate(parts, 1):
        _check_rings(rings, number)
    # Checked before it is converted too, so that what is wrong is told in the sender's own numbers.
    _valid(coordinates_to_wgs84(parts, "wgs84"))
    return _valid(coordinates_to_wgs84(parts, datum))


def _check_rings(rings: Any, part: int) -> None:
    if not isinstance(rings, list) or not rings:
        raise CellError("boundary_empty", _("边界的第 %(part)d 块没有环：请检查导出") % {"part": part})
    for number, ring in enumerate(rings, 1):
        place = {"part": part, "ring": number}
        if not isinstance(ring, list) or len(ring) < 4:
            raise CellError("ring_too_short", _("边界第 %(part)d 块第 %(ring)d 环不足 4 个点：请补全") % place)
        if not all(_is_position(position) for position in ring):
            raise CellError(
                "boundary_unreadable",
                _("边界第 %(part)d 块第 %(ring)d 环读不通：每个位置应为 [经度, 纬度] 两个数字") % place,
            )
        if ring[0] != ring[-1]:
            raise CellError("ring_unclosed", _("边界第 %(part)d 块第 %(ring)d 环没有闭合：首尾应是同一点") % place)


def _is_position(position: Any) -> bool:
    return (
        isinstance(position, list)
        and len(position) >= 2
        and all(type(part) in (int, float) and abs(part) < 1e9 for part in position)
    )


def _valid(parts: list[Any]) -> MultiPolygon:
    try:
        found = MultiPolygon([Polygon(*rings) for rings in parts], srid=SRID)
    except GEOSException as error:
        raise CellError("boundary_unreadable", _("边界读不通（%(why)s）：请重新导出") % {"why": error}) from error
    if not found.valid:
        raise CellError(
            "ring_crosses", _("边界不合法（%(why)s）：环不能自交或互相重叠，请修正") % {"why": found.valid_reason}
        )
    return found
