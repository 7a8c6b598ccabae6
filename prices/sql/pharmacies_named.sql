-- Answers: pharmacies and institutions of any status found by code, name or pinyin initials: the code itself, then
--   names that begin with the words, then names that hold them all, then initials; each group nearest first (with an
--   origin), then by code; after a place.
-- Parameters: code, longest (a LIKE pattern), words (LIKE patterns), starts (a LIKE pattern), initials (a LIKE pattern
--   or null), origin (geography or null), after_grade, after_distance, after_code, rows.
-- Relies on: pharmacy_name_trgm for words of 3 characters and more; shorter ones read the 30,000 names.
WITH found AS (
    SELECT p.id, COALESCE(t.location <-> %(origin)s::geography, 0) AS distance,
        CASE WHEN p.code = %(code)s THEN 0 WHEN p.name ILIKE %(starts)s THEN 1 WHEN p.name ILIKE ALL (%(words)s) THEN 2
            ELSE 3 END AS grade
    FROM pharmacies_pharmacy p
    JOIN pharmacies_pharmacytoday t ON t.pharmacy_id = p.id
    WHERE p.code = %(code)s
        OR (p.name ILIKE %(longest)s AND p.name ILIKE ALL (%(words)s))
        OR p.initials LIKE %(initials)s
)
SELECT p.id, p.code, p.name, p.kind, p.address, p.phone, p.hours, t.open_minutes, t.designations,
    ST_X(t.location::geometry) AS lng, ST_Y(t.location::geometry) AS lat, r.code AS region, t.status,
    found.distance, found.grade
FROM found
JOIN pharmacies_pharmacytoday t ON t.pharmacy_id = found.id
JOIN pharmacies_pharmacy p ON p.id = found.id
JOIN pharmacies_region r ON r.id = p.division_id
WHERE (found.grade, found.distance, p.code COLLATE "C") > (%(after_grade)s, %(after_distance)s::float8, %(after_code)s)
ORDER BY found.grade, found.distance, p.code COLLATE "C"
LIMIT %(rows)s
