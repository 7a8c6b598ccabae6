-- Answers: how many pharmacies pass the filters of a search, counted no further than `most`.
-- Parameters: those of `search.plans.parameters`, and most. Relies on: pharmacytoday_location, pharmacytoday_regions.
SELECT count(*)
FROM (
    SELECT
    FROM pharmacies_pharmacytoday t
    WHERE t.ranked
        AND t.kind = ANY(%(kinds)s)
        AND (%(radius_m)s::float8 IS NULL OR (t.location && _ST_Expand(%(origin)s::geography, %(radius_m)s::float8)
            AND t.location <-> %(origin)s::geography <= %(radius_m)s::float8))
        AND (%(region_id)s::bigint IS NULL OR t.region_ids @> ARRAY[%(region_id)s::bigint])
        AND (%(designations)s = 0 OR t.designations & %(designations)s <> 0)
        AND (%(minute)s::int IS NULL OR t.open_minutes @> %(minute)s::int)
    LIMIT %(most)s
) counted
