-- Writes, for the day %(day)s, in which counties which dual-channel preparations are at no dual-channel pharmacy in stock;
--   returns how many such gaps there are. A gap keeps the day it began; one that is no more ends on %(day)s. A preparation
--   counts in a county when the list of its nearest area names one of its products. In stock: live, 有货 or 少量, and
--   vouched for within the reporter's cadence × stale_after, at a designated dual-channel pharmacy in good standing that
--   stands in the county or is managed by it. The nearest such pharmacy anywhere is measured in a straight line from the
--   middle of where the county's pharmacies stand.
-- Plan: few hundred dual-channel shops × few hundred products, probed by key.
-- Parameters: day, at, stale_after, dual (bit of the designation).
-- Relies on: the primary keys of prices_offer and prices_pharmacyfeed.
WITH RECURSIVE upward (county_id, id, depth) AS (
    SELECT id, id, 0 FROM pharmacies_region WHERE level = 'district' AND kind = 'division' AND valid @> %(day)s::date
    UNION ALL
    SELECT u.county_id, r.parent_id, u.depth + 1
    FROM upward u JOIN pharmacies_region r ON r.id = u.id WHERE r.parent_id IS NOT NULL
), listed AS MATERIALIZED (
    SELECT area_id, drug_id
    FROM search_listed(ARRAY['dual_channel'], %(day)s::date, ARRAY(SELECT id FROM catalog_drug))
), county AS MATERIALIZED (
    SELECT c.id, bound.area_id, coalesce(middle.point, ST_PointOnSurface(outline.shape)::geography) AS middle
    FROM pharmacies_region c
    LEFT JOIN pharmacies_outline outline ON outline.region_id = c.id
    CROSS JOIN LATERAL (
        SELECT u.id AS area_id FROM upward u
        WHERE u.county_id = c.id AND u.id IN (SELECT area_id FROM listed) ORDER BY u.depth LIMIT 1
    ) bound
    CROSS JOIN LATERAL (
        SELECT ST_SetSRID(ST_MakePoint(
            percentile_cont(0.5) WITHIN GROUP (ORDER BY ST_X(t.location::geometry)),
            percentile_cont(0.5) WITHIN GROUP (ORDER BY ST_Y(t.location::geometry))), 4326)::geography AS point
        FROM pharmacies_pharmacytoday t WHERE t.ranked AND t.region_ids @> ARRAY[c.id]
    ) middle
    WHERE c.id IN (SELECT county_id FROM upward)
), wanted AS MATERIALIZED (
    SELECT DISTINCT c.id AS region_id, d.preparation_id, c.middle
    FROM county c
    JOIN listed l ON l.area_id = c.area_id
    JOIN catalog_drug d ON d.id = l.drug_id
), offered AS MATERIALIZED (
    SELECT d.preparation_id, t.pharmacy_id, t.region_ids, t.location, bool_or(o.stock IN (1, 2)) AS in_stock
    FROM (SELECT DISTINCT drug_id FROM listed WHERE drug_id IS NOT NULL) l
    JOIN catalog_drug d ON d.id = l.drug_id
    CROSS JOIN pharmacies_pharmacytoday t
    CROSS JOIN LATERAL (
        SELECT x.stock, x.feed_id, x.confirmed_at, x.disputed_since FROM prices_offer x
        WHERE x.drug_id = l.drug_id AND x.pharmacy_id = t.pharmacy_id AND x.state = 1 OFFSET 0
    ) o
    JOIN prices_feed f ON f.id = o.feed_id
    LEFT JOIN prices_pharmacyfeed m ON m.pharmacy_id = t.pharmacy_id AND m.feed_id = o.feed_id
    WHERE t.ranked AND t.kind = 'pharmacy' AND t.designations & %(dual)s <> 0
        AND %(at)s <= search_vouched(o.confirmed_at, o.disputed_since, m.snapshot_as_of) + f.cadence * %(stale_after)s
    GROUP BY d.preparation_id, t.pharmacy_id, t.region_ids, t.location
), held AS MATERIALIZED (
    SELECT preparation_id, region_id, bool_or(in_stock) AS in_stock, count(*) FILTER (WHERE NOT in_stock) AS listed
    FROM offered CROSS JOIN LATERAL unnest(region_ids) region_id
    GROUP BY preparation_id, region_id
), gap AS MATERIALIZED (
    SELECT w.region_id, w.preparation_id, w.middle, coalesce(h.listed, 0) AS listed
    FROM wanted w
    LEFT JOIN held h USING (region_id, preparation_id)
    WHERE h.in_stock IS NOT TRUE
), measured AS MATERIALIZED (
    SELECT DISTINCT ON (g.region_id, g.preparation_id) g.region_id, g.preparation_id, g.listed, o.pharmacy_id,
        ST_Distance(o.location, g.middle, false) AS distance_m
    FROM gap g
    LEFT JOIN offered o ON o.preparation_id = g.preparation_id AND o.in_stock AND g.middle IS NOT NULL
    ORDER BY g.region_id, g.preparation_id, distance_m, o.pharmacy_id
), gone AS (
    DELETE FROM prices_accessgap a
    WHERE a.until IS NULL AND a.since = %(day)s
        AND NOT EXISTS (SELECT FROM gap g WHERE g.region_id = a.region_id AND g.preparation_id = a.preparation_id)
), ended AS (
    UPDATE prices_accessgap a SET until = %(day)s
    WHERE a.until IS NULL AND a.since < %(day)s
        AND NOT EXISTS (SELECT FROM gap g WHERE g.region_id = a.region_id AND g.preparation_id = a.preparation_id)
), written AS (
    INSERT INTO prices_accessgap (region_id, preparation_id, since, seen, nearest_id, distance_m, listed)
    SELECT region_id, preparation_id, %(day)s, %(day)s, pharmacy_id, distance_m, listed FROM measured
    ON CONFLICT (region_id, preparation_id) WHERE until IS NULL DO UPDATE SET
        seen = excluded.seen, nearest_id = excluded.nearest_id, distance_m = excluded.distance_m,
        listed = excluded.listed
    RETURNING 1
)
SELECT count(*) FROM written
