-- What: PharmacyToday of one calendar day (Asia/Shanghai), computed from the base tables; rows that do not change are
--       not written. Returns one row per row written.
-- Parameters: day date; kinds text[] and bits int[] (Designation.Kind in the order of its members);
--             night int4multirange of minutes of the week; pharmacy_ids int[] or NULL for all; special_ids int[] and
--             special_minutes text[] of multiranges: shops whose hours differ on one of the days of a week from now on, and
--             their hours of that week.
-- Relies on: primary keys and the GiST indexes of the exclusion constraints (pharmacy_id, …, valid).
-- A pharmacy cannot be without regions nor a row without its pharmacy: foreign keys see to it, so nothing is deleted.
WITH RECURSIVE ancestry (start_id, id, depth) AS (
    SELECT id, id, 0 FROM pharmacies_region
    UNION ALL
    SELECT a.start_id, r.parent_id, a.depth + 1
    FROM ancestry a JOIN pharmacies_region r ON r.id = a.id
    WHERE r.parent_id IS NOT NULL
) CYCLE id SET is_cycle USING path,
ancestors AS (
    SELECT start_id, array_agg(id ORDER BY depth) AS ids FROM ancestry GROUP BY start_id
),
held AS (
    SELECT d.pharmacy_id, bit_or(k.bit) AS bits, bool_or(d.kind = 'designated') AS designated
    FROM pharmacies_designation d JOIN unnest(%(kinds)s::text[], %(bits)s::int[]) AS k (kind, bit) USING (kind)
    WHERE d.valid @> %(day)s::date AND (%(pharmacy_ids)s::int[] IS NULL OR d.pharmacy_id = ANY (%(pharmacy_ids)s))
    GROUP BY d.pharmacy_id
)
INSERT INTO pharmacies_pharmacytoday AS today
    (pharmacy_id, day, kind, status, ranked, designations, region_ids, area_ids, location, open_minutes, night, cell)
SELECT
    p.id,
    %(day)s::date,
    p.kind,
    coalesce(s.status, 'normal'),
    coalesce(s.status, 'normal') = 'normal' AND coalesce(held.designated, false),
    coalesce(held.bits, 0),
    ARRAY(SELECT DISTINCT id FROM unnest(division.ids || area.ids) AS id ORDER BY id),
    area.ids,
    p.location,
    coalesce(special.minutes, p.open_minutes),
    coalesce(coalesce(special.minutes, p.open_minutes) && %(night)s::int4multirange, false),
    p.cell
FROM pharmacies_pharmacy p
JOIN ancestors division ON division.start_id = p.division_id
JOIN ancestors area ON area.start_id = p.insurance_area_id
LEFT JOIN pharmacies_pharmacystatus s ON s.pharmacy_id = p.id AND s.valid @> %(day)s::date
LEFT JOIN held ON held.pharmacy_id = p.id
LEFT JOIN unnest(%(special_ids)s::int[], %(special_minutes)s::text[]::int4multirange[]) AS special (pharmacy_id, minutes)
    ON special.pharmacy_id = p.id
WHERE %(pharmacy_ids)s::int[] IS NULL OR p.id = ANY (%(pharmacy_ids)s)
ORDER BY p.id
ON CONFLICT (pharmacy_id) DO UPDATE SET
    day = excluded.day,
    kind = excluded.kind,
    status = excluded.status,
    ranked = excluded.ranked,
    designations = excluded.designations,
    region_ids = excluded.region_ids,
    area_ids = excluded.area_ids,
    location = excluded.location,
    open_minutes = excluded.open_minutes,
    night = excluded.night,
    cell = excluded.cell
WHERE (today.day, today.kind, today.status, today.ranked, today.designations, today.region_ids, today.area_ids,
       today.location, today.open_minutes, today.night, today.cell)
    IS DISTINCT FROM
    (excluded.day, excluded.kind, excluded.status, excluded.ranked, excluded.designations, excluded.region_ids,
     excluded.area_ids, excluded.location, excluded.open_minutes, excluded.night, excluded.cell)
