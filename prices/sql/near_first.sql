-- Answers: offers of some drugs among few pharmacies, `by_price` or by distance: fresh ones first, then stale ones,
--   each group by (price,) distance, price, pharmacy code, drug code.
-- Plan: reads every pharmacy that passes and probes each one's offers by their key: for a small radius or region.
--   The look-ups are fenced (LATERAL … OFFSET 0).
-- Parameters: those of `search.plans.parameters`; without an origin every distance is 0.
-- Relies on: pharmacytoday_location or pharmacytoday_regions, and the primary key of prices_offer.
WITH near AS NOT MATERIALIZED (
    SELECT t.pharmacy_id, t.designations, t.location,
        COALESCE(t.location <-> %(origin)s::geography, 0) AS distance,
        CASE WHEN %(listed)s THEN (
            SELECT a.id FROM unnest(t.area_ids) WITH ORDINALITY a (id, nearness)
            WHERE a.id = ANY(%(list_areas)s::bigint[]) ORDER BY a.nearness LIMIT 1) END AS list_area,
        CASE WHEN %(barring)s AND t.kind = 'pharmacy' THEN (
            SELECT a.id FROM unnest(t.area_ids) WITH ORDINALITY a (id, nearness)
            WHERE a.id = ANY(%(barring_areas)s::bigint[]) ORDER BY a.nearness LIMIT 1) END AS barring_area
    FROM pharmacies_pharmacytoday t
    WHERE t.ranked
        AND t.kind = ANY(%(kinds)s)
        AND (%(radius_m)s::float8 IS NULL OR (t.location && _ST_Expand(%(origin)s::geography, %(radius_m)s::float8)
            AND t.location <-> %(origin)s::geography <= %(radius_m)s::float8))
        AND (%(region_id)s::bigint IS NULL OR t.region_ids @> ARRAY[%(region_id)s::bigint])
        AND (%(designations)s = 0 OR t.designations & %(designations)s <> 0)
        AND (%(minute)s::int IS NULL OR t.open_minutes @> %(minute)s::int)
),
target AS NOT MATERIALIZED (
    SELECT * FROM unnest(%(drugs)s::int[], %(weights)s::numeric[]) WITH ORDINALITY d (drug_id, weight, n)
),
covered AS NOT MATERIALIZED (
    SELECT * FROM unnest(%(covered_areas)s::bigint[], %(covered_drugs)s::int[]) c (area_id, drug_id)
),
barred AS NOT MATERIALIZED (
    SELECT * FROM unnest(%(barred_areas)s::bigint[], %(barred_drugs)s::int[]) b (area_id, drug_id)
),
offers AS NOT MATERIALIZED (
    SELECT o.drug_id, o.pharmacy_id, o.price_fen, o.stock, said.generated, said.as_of, said.stale
    FROM prices_offer o
    CROSS JOIN LATERAL (
        SELECT f.generated, vouched.at AS as_of, %(at)s > vouched.at + f.cadence * %(stale_after)s AS stale
        FROM prices_feed f
        LEFT JOIN prices_pharmacyfeed m ON m.pharmacy_id = o.pharmacy_id AND m.feed_id = f.id
        CROSS JOIN LATERAL (
            SELECT CASE WHEN o.disputed_since IS NULL THEN GREATEST(o.confirmed_at, m.snapshot_as_of)
                ELSE LEAST(o.confirmed_at, o.disputed_since) END AS at
        ) vouched
        WHERE f.id = o.feed_id
            AND %(at)s <= vouched.at + f.cadence * %(hidden_after)s
        OFFSET 0
    ) said
    WHERE o.state <> 0  -- not `= 1`: a probe has no use for offer_cheapest, whatever the statistics say
        AND o.stock <> 3
        AND (NOT %(in_stock)s OR o.stock IN (1, 2))
),
found AS NOT MATERIALIZED (
    SELECT near.pharmacy_id, near.designations, near.location, near.distance, best.*
    FROM near
    CROSS JOIN LATERAL (
        SELECT d.drug_id, d.n, o.price_fen, o.price_fen * d.weight AS price_key, o.stock, o.generated, o.as_of, o.stale
        FROM target d
        CROSS JOIN LATERAL (
            SELECT * FROM offers WHERE drug_id = d.drug_id AND pharmacy_id = near.pharmacy_id OFFSET 0
        ) o
        WHERE (NOT %(listed)s OR (near.list_area, o.drug_id) IN (SELECT * FROM covered))
            AND (NOT %(barring)s OR ((near.barring_area, o.drug_id) IN (SELECT * FROM barred)) IS NOT TRUE)
        ORDER BY o.stale, price_key, d.n
        LIMIT CASE WHEN %(per_pharmacy)s THEN 1 END
    ) best
),
page AS (
    SELECT * FROM found
    WHERE (stale, CASE WHEN %(by_price)s THEN price_key ELSE 0 END, distance, price_key,
            (SELECT p.code FROM pharmacies_pharmacy p WHERE p.id = found.pharmacy_id) COLLATE "C", n)
        > (%(after_stale)s, CASE WHEN %(by_price)s THEN %(after_price)s::numeric ELSE 0 END,
            %(after_distance)s::float8, %(after_price)s::numeric, %(after_code)s, %(after_drug)s)
)
SELECT r.pharmacy_id, r.drug_id, r.price_fen, r.price_key, r.stock, r.generated, r.as_of, r.stale, r.distance,
    r.designations, ST_X(r.location::geometry) AS lng, ST_Y(r.location::geometry) AS lat,
    p.code, p.name, p.kind, p.address, p.phone, p.hours, p.open_minutes
FROM page r
JOIN pharmacies_pharmacy p ON p.id = r.pharmacy_id
ORDER BY r.stale, CASE WHEN %(by_price)s THEN r.price_key END, r.distance, r.price_key, p.code COLLATE "C", r.n
LIMIT %(rows)s
