-- Answers: pharmacies and institutions of any status in a box of degrees, edges included, by code; after a place.
-- Parameters: west, south, east, north, after_code, rows.
-- Relies on: pharmacytoday_geometry; the index's boxes are rounded outward, so the degrees are compared too. A box on
--   geography would follow great circles and return strangers.
SELECT p.id, p.code, p.name, p.kind, p.address, p.phone, p.hours, t.open_minutes, t.designations,
    ST_X(t.location::geometry) AS lng, ST_Y(t.location::geometry) AS lat, r.code AS region, t.status,
    NULL::float8 AS distance
FROM pharmacies_pharmacytoday t
JOIN pharmacies_pharmacy p ON p.id = t.pharmacy_id
JOIN pharmacies_region r ON r.id = p.division_id
WHERE t.location::geometry && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)
    AND ST_X(t.location::geometry) BETWEEN %(west)s AND %(east)s
    AND ST_Y(t.location::geometry) BETWEEN %(south)s AND %(north)s
    AND p.code COLLATE "C" > %(after_code)s
ORDER BY p.code COLLATE "C"
LIMIT %(rows)s
