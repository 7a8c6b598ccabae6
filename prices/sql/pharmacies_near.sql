-- Answers: pharmacies and institutions of any status within a radius, nearest first, then by code; after a place.
-- Parameters: origin (geography), radius_m, after_distance, after_code, rows.
-- Relies on: pharmacytoday_location (GiST, ordered by `<->`); cut WITH TIES by distance inside, full order outside.
WITH walk AS MATERIALIZED (
    SELECT t.pharmacy_id, t.location <-> %(origin)s::geography AS distance
    FROM pharmacies_pharmacytoday t
    WHERE ST_DWithin(t.location, %(origin)s::geography, %(radius_m)s::float8, false)
        AND (t.location <-> %(origin)s::geography,
            (SELECT p.code FROM pharmacies_pharmacy p WHERE p.id = t.pharmacy_id) COLLATE "C")
            > (%(after_distance)s::float8, %(after_code)s)
    ORDER BY t.location <-> %(origin)s::geography
    FETCH FIRST %(rows)s ROWS WITH TIES
)
SELECT p.id, p.code, p.name, p.kind, p.address, p.phone, p.hours, t.open_minutes, t.designations,
    ST_X(t.location::geometry) AS lng, ST_Y(t.location::geometry) AS lat, r.code AS region, t.status, walk.distance
FROM walk
JOIN pharmacies_pharmacytoday t ON t.pharmacy_id = walk.pharmacy_id
JOIN pharmacies_pharmacy p ON p.id = t.pharmacy_id
JOIN pharmacies_region r ON r.id = p.division_id
ORDER BY walk.distance, p.code COLLATE "C"
LIMIT %(rows)s
