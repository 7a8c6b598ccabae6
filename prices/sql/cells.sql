-- Answers: the cells whose pharmacies can pass: (cell, pharmacies in it, west, south, east, north in degrees).
-- Parameters: origin, radius_m (NULL or infinite: no limit), region_id (NULL: any).
-- Relies on: nothing; there is one row a county.
SELECT c.cell, c.pharmacies, ST_XMin(c.box), ST_YMin(c.box), ST_XMax(c.box), ST_YMax(c.box)
FROM pharmacies_pharmacycell c
WHERE (%(region_id)s::bigint IS NULL OR %(region_id)s::bigint = ANY (c.region_ids))
ORDER BY c.cell
