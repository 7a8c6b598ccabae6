-- The map's outlines (示意图): one row per feature: what it is ('land', 'city', 'county', 'name'), its name, its GeoJSON.
-- Borders are the lines that neighbours share, taken once and then simplified, so that no border is drawn twice and no
-- gap opens between neighbours. Parameters: day, tolerance (degrees). Reads all of pharmacies_outline (hundreds of
-- rows, no index): 0.4 s for a province of 103 counties, so the answer is cached.
WITH divisions AS (
    SELECT region.level, region.name, outline.shape
    FROM pharmacies_region region JOIN pharmacies_outline outline ON outline.region_id = region.id
    WHERE region.kind = 'division' AND region.valid @> %(day)s::date
), borders AS (
    SELECT level, ST_LineMerge(ST_Union(ST_Boundary(shape))) AS line
    FROM divisions
    WHERE level IN ('city', 'district')
    GROUP BY level
)
SELECT 'land' AS feature, '' AS name,
       ST_AsGeoJSON(ST_SimplifyPreserveTopology(shape, %(tolerance)s), 4) AS geometry
FROM divisions
WHERE level = 'province'
UNION ALL
SELECT CASE level WHEN 'city' THEN 'city' ELSE 'county' END, '',
       ST_AsGeoJSON(ST_SimplifyPreserveTopology(line, %(tolerance)s), 4)
FROM borders
UNION ALL
SELECT 'name', name, ST_AsGeoJSON(ST_PointOnSurface(shape), 4)
FROM divisions
WHERE level = 'district'
