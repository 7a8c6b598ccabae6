"""The outlines of regions as imports leave them: replaced by others, handed on to a region's next row, never lost."""

from collections.abc import Collection, Mapping

from django.contrib.gis.geos import MultiPolygon
from django.db import connection

from pharmacies.models import Outline

_AT_ONCE = 100

_HAND_ON = """
    INSERT INTO pharmacies_outline (region_id, shape)
    SELECT heir.id, predecessor.shape
    FROM pharmacies_region heir
    CROSS JOIN LATERAL (
        SELECT outline.shape
        FROM pharmacies_region earlier JOIN pharmacies_outline outline ON outline.region_id = earlier.id
        WHERE earlier.code = heir.code AND earlier.valid < heir.valid
        ORDER BY earlier.valid DESC
        LIMIT 1
    ) predecessor
    WHERE heir.id = ANY(%(regions)s::bigint[])
        AND NOT EXISTS (SELECT FROM pharmacies_outline own WHERE own.region_id = heir.id)
    RETURNING region_id
"""


def replace(shapes: Mapping[int, MultiPolygon]) -> set[int]:
    """Give each region, by its key, this outline (WGS-84); the keys of those that had another one or none."""
    stored = Outline.objects.in_bulk(list(shapes))
    changed = [
        Outline(region_id=pk, shape=shape)
        for pk, shape in shapes.items()
        if pk not in stored or not stored[pk].shape.equals_exact(shape)
    ]
    Outline.objects.bulk_create(
        changed, batch_size=_AT_ONCE, update_conflicts=True, unique_fields=["region"], update_fields=["shape"]
    )
    return {each.region_id for each in changed}


def hand_on(regions: Collection[int]) -> set[int]:
    """Give each region (by its key) that has no outline that of the row before it under the same code: an area under a
    new name looks as it did until somebody says otherwise. The keys of those that now have one."""
    with connection.cursor() as cursor:
        cursor.execute(_HAND_ON, {"regions": list(regions)})
        return {pk for (pk,) in cursor.fetchall()}
