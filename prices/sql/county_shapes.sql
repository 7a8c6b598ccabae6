-- The counties of an area as paths of a drawing (示意图): one row each: id, code, name, level, path, where its name stands
--   (x, y), and the drawing's own measures (west, north, squeeze, scale, width, height), the same in every row.
--   x grows to the east, y to the south; a degree of longitude is squeezed by the cosine of the middle latitude.
--   Cities come as lines to be drawn over their counties.
-- Parameters: regions (ids), width and height that the drawing may have. Corners closer than 0.6 of a unit are left out.
-- Relies on: nothing but the keys of pharmacies_region and pharmacies_outline; 0.3 s for a province of 103 counties, so the answer is cached.
WITH wanted AS (
    SELECT region.id, region.code, region.name, region.level, outline.shape
    FROM pharmacies_region region JOIN pharmacies_outline outline ON outline.region_id = region.id
    WHERE region.id = ANY(%(regions)s::bigint[])
), box AS (
    SELECT ST_Extent(shape)::geometry AS b FROM wanted
), unit AS (
    SELECT ST_XMin(b) AS west, ST_YMax(b) AS north, cos(radians((ST_YMin(b) + ST_YMax(b)) / 2)) AS squeeze,
        ST_XMax(b) - ST_XMin(b) AS wide, ST_YMax(b) - ST_YMin(b) AS high
    FROM box
), drawing AS (
    SELECT west, north, squeeze, wide, high, LEAST(%(width)s / (wide * squeeze), %(height)s / high) AS scale
    FROM unit
)
SELECT w.id, w.code, w.name, w.level,
    ST_AsSVG(
        ST_Affine(ST_SimplifyPreserveTopology(w.shape, 0.6 / d.scale),
            d.scale * d.squeeze, 0, 0, d.scale, -d.west * d.scale * d.squeeze, -d.north * d.scale), 0, 1),
    (ST_X(ST_PointOnSurface(w.shape)) - d.west) * d.scale * d.squeeze,
    (d.north - ST_Y(ST_PointOnSurface(w.shape))) * d.scale,
    d.west, d.north, d.squeeze, d.scale, d.wide * d.squeeze * d.scale, d.high * d.scale
FROM wanted w CROSS JOIN drawing d
ORDER BY w.level DESC, w.code
