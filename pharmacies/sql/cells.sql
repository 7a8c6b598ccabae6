-- What: PharmacyCell from PharmacyToday: of each cell the box around its pharmacies (some 100 m wider, so that it is never
--       flat), the regions they are in, and how many
--       they are. Rows that do not change are not written.
-- Parameters: pharmacy_ids int[] or NULL for all: only their cells.
-- Relies on: pharmacytoday_cell.
INSERT INTO pharmacies_pharmacycell AS known (cell, box, region_ids, pharmacies, dual_channel, night, institutions)
SELECT t.cell, ST_SetSRID(ST_Expand(ST_Extent(t.location::geometry), 0.001)::geometry, 4326),
    ARRAY(
        SELECT DISTINCT region_id FROM pharmacies_pharmacytoday r, unnest(r.region_ids) region_id
        WHERE r.cell = t.cell ORDER BY region_id
    ),
    count(*), count(*) FILTER (WHERE t.designations & 2 <> 0), count(*) FILTER (WHERE t.night),
    count(*) FILTER (WHERE t.kind <> 'pharmacy')
FROM pharmacies_pharmacytoday t
WHERE %(pharmacy_ids)s::int[] IS NULL
    OR t.cell IN (SELECT cell FROM pharmacies_pharmacytoday WHERE pharmacy_id = ANY (%(pharmacy_ids)s))
GROUP BY t.cell
ORDER BY t.cell
ON CONFLICT (cell) DO UPDATE SET box = excluded.box, region_ids = excluded.region_ids,
    pharmacies = excluded.pharmacies, dual_channel = excluded.dual_channel, night = excluded.night,
    institutions = excluded.institutions
WHERE (known.region_ids, known.box, known.pharmacies, known.dual_channel, known.night, known.institutions)
    IS DISTINCT FROM (excluded.region_ids, excluded.box, excluded.pharmacies, excluded.dual_channel, excluded.night,
        excluded.institutions)
