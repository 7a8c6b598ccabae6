-- Answers: the cheapest offers of some drugs: fresh ones first, then stale ones, each group by price (per smallest unit
--   for several drugs), distance, pharmacy code, drug code. Reads no further than the ties of the page's last price.
-- Plan: walks each drug's live offers upward from the lowest price and keeps those whose pharmacy passes. The page is
--   among the first rows of every drug: a pharmacy has one offer of a drug, so what stands behind that many offers of
--   its own drug stands behind as many pharmacies (of the stale ones, those with a fresh offer are fewer than the rows
--   the fresh ones left open). Only from the second page on must a walked offer be proved its pharmacy's best, since
--   the better one may have stood on an earlier page.
-- Parameters: those of `search.plans.parameters`; without an origin every distance is 0.
-- Relies on: offer_cheapest (drug_id, price_fen; live offers) and the primary key of pharmacies_pharmacytoday.
WITH near AS NOT MATERIALIZED (
    SELECT t.pharmacy_id, t.designations, t.location, p.code,
        COALESCE(t.location <-> %(origin)s::geography, 0) AS distance,
        CASE WHEN %(listed)s THEN (
            SELECT a.id FROM unnest(t.area_ids) WITH ORDINALITY a (id, nearness)
            WHERE a.id = ANY(%(list_areas)s::bigint[]) ORDER BY a.nearness LIMIT 1) END AS list_area
    FROM pharmacies_pharmacytoday t
    JOIN pharmacies_pharmacy p ON p.id = t.pharmacy_id
    WHERE t.ranked
        AND t.kind = ANY(%(kinds)s)
        AND (%(radius_m)s::float8 IS NULL OR ST_DWithin(t.location, %(origin)s::geography, %(radius_m)s::float8, false))
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
offers AS NOT MATERIALIZED (
    SELECT o.drug_id, o.pharmacy_id, o.price_fen, o.stock, f.generated, vouched.at AS as_of,
        %(at)s > vouched.at + f.cadence * %(stale_after)s AS stale
    FROM prices_offer o
    JOIN prices_feed f ON f.id = o.feed_id
    LEFT JOIN prices_pharmacyfeed m ON m.pharmacy_id = o.pharmacy_id AND m.feed_id = o.feed_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN o.disputed_since IS NULL THEN GREATEST(o.confirmed_at, m.snapshot_as_of)
            ELSE LEAST(o.confirmed_at, o.disputed_since) END AS at
    ) vouched
    WHERE o.state = 1
        AND o.stock <> 3
        AND (NOT %(in_stock)s OR o.stock IN (1, 2))
        AND %(at)s <= vouched.at + f.cadence * %(hidden_after)s
),
walk AS NOT MATERIALIZED (
    SELECT near.pharmacy_id, near.designations, near.location, near.distance, near.code, near.list_area,
        d.drug_id, d.n, o.price_fen, o.price_fen * d.weight AS price_key, o.stock, o.generated, o.as_of, o.stale
    FROM target d
    JOIN offers o ON o.drug_id = d.drug_id
    JOIN near ON near.pharmacy_id = o.pharmacy_id
    WHERE (NOT %(listed)s OR (near.list_area, o.drug_id) IN (SELECT * FROM covered))
        AND (o.stale, o.price_fen * d.weight, near.distance, near.code COLLATE "C", d.n)
            > (%(after_stale)s, %(after_price)s::numeric, %(after_distance)s::float8, %(after_code)s, %(after_drug)s)
        AND (NOT %(per_pharmacy)s OR %(first_page)s OR NOT EXISTS (
            SELECT FROM target e
            JOIN offers other ON other.drug_id = e.drug_id AND other.pharmacy_id = o.pharmacy_id
            WHERE (NOT %(listed)s OR (near.list_area, other.drug_id) IN (SELECT * FROM covered))
                AND (other.stale, other.price_fen * e.weight, e.n) < (o.stale, o.price_fen * d.weight, d.n)))
),
fresh AS MATERIALIZED (
    SELECT w.*
    FROM target
    CROSS JOIN LATERAL (
        SELECT * FROM walk
        WHERE walk.drug_id = target.drug_id AND NOT stale AND NOT %(after_stale)s
            AND price_fen >= LEAST(ceil(%(after_price)s::numeric / target.weight), 2147483647)::int
        ORDER BY price_fen
        FETCH FIRST %(rows)s ROWS WITH TIES
    ) w
),
old AS MATERIALIZED (
    SELECT w.*
    FROM target
    CROSS JOIN LATERAL (
        SELECT * FROM walk
        WHERE walk.drug_id = target.drug_id AND stale
        ORDER BY price_fen
        FETCH FIRST %(rows)s ROWS WITH TIES
    ) w
    WHERE (SELECT CASE WHEN %(per_pharmacy)s THEN count(DISTINCT pharmacy_id) ELSE count(*) END FROM fresh) < %(rows)s
),
page AS (
    SELECT *, row_number() OVER (PARTITION BY pharmacy_id ORDER BY stale, price_key, n) AS place
    FROM (SELECT * FROM fresh UNION ALL SELECT * FROM old) both_groups
)
SELECT r.pharmacy_id, r.drug_id, r.price_fen, r.price_key, r.stock, r.generated, r.as_of, r.stale, r.distance,
    r.designations, ST_X(r.location::geometry) AS lng, ST_Y(r.location::geometry) AS lat,
    p.code, p.name, p.kind, p.address, p.phone, p.hours, p.open_minutes
FROM page r
JOIN pharmacies_pharmacy p ON p.id = r.pharmacy_id
WHERE r.place = 1 OR NOT %(per_pharmacy)s
ORDER BY r.stale, r.price_key, r.distance, p.code COLLATE "C", r.n
LIMIT %(rows)s
