"""A place to start from for somebody who names a district instead of giving a position."""

from pharmacies.geo import Wgs84, coarse_point
from prices.search.statements import run


def middle_of(region_id: int) -> Wgs84 | None:
    """The middle of where its ranked pharmacies stand, rounded like any origin; None where there are none.

    Raises `SearchTimeout`.
    """
    ((lng, lat),) = run("middle_of_region", {"region_id": region_id})
    return None if lng is None else coarse_point(lng, lat)
