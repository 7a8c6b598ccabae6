-- Answers: the cheapest offers of some drugs: fresh ones first, then stale ones, each group by price (per smallest unit
--   for several drugs), distance, pharmacy code, drug code. Reads no further than the ties of the page's last price.
-- Plan: walks each drug's live offers upward from the lowest price and keeps those whose pharmacy passes. The page is
--   among the first rows of every drug: a pharmacy has one offer of a drug, so what stands behind that many offers of
--   its own drug stands behind as many pharmacies (of the stale ones, those with a fresh offer are fewer than the rows
--   the fresh ones left open). Only from the second page on must a walked offer be proved its pharmacy's best, since
--   the better one may have stood on an earlier page. The look-ups are fenced (LATERAL … OFFSET 0).
-- Parameters: those of `search.plans.parameters`; without an origin every distance is 0.
-- Relies on: offer_cheapest (drug_id, price_fen; live offers) and the primary key of pharmacies_pharmacytoday.
WITH shops AS NOT MATERIALIZED (
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
        AND (%(radius_m)s::float8 IS NULL OR t.location <-> %(origin)s::geography <= %(radius_m)s::float8)
        AND (%(region_id)s::bigint IS NULL OR %(region_id)s::bigint = ANY(t.region_ids))
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
    WHERE o.state = 1
        AND o.stock <> 3
        AND (NOT %(in_stock)s OR o.stock IN (1, 2))
),
fresh AS MATERIALIZED (
    SELECT w.*
    FROM target d
    CROSS JOIN LATERAL (
        SELECT d.drug_id, d.n, o.price_fen, o.price_fen * d.weight AS price_key, o.stock, o.generated, o.as_of, o.stale,
            shop.pharmacy_id, shop.designations, shop.location, shop.distance
        FROM offers o
        CROSS JOIN LATERAL (SELECT * FROM shops WHERE shops.pharmacy_id = o.pharmacy_id OFFSET 0) shop
        WHERE o.drug_id = d.drug_id
            AND (NOT %(listed)s OR (shop.list_area, o.drug_id) IN (SELECT * FROM covered))
            AND (NOT %(barring)s OR ((shop.barring_area, o.drug_id) IN (SELECT * FROM barred)) IS NOT TRUE)
            AND (o.stale, o.price_fen * d.weight, shop.distance,
                (SELECT p.code FROM pharmacies_pharmacy p WHERE p.id = shop.pharmacy_id) COLLATE "C", d.n)
                > (%(after_stale)s, %(after_price)s::numeric, %(after_distance)s::float8, %(after_code)s,
                    %(after_drug)s)
            AND (NOT %(per_pharmacy)s OR %(first_page)s OR NOT EXISTS (
                SELECT FROM target e
                CROSS JOIN LATERAL (
                    SELECT * FROM offers WHERE drug_id = e.drug_id AND pharmacy_id = o.pharmacy_id OFFSET 0
                ) other
                WHERE (NOT %(listed)s OR (shop.list_area, other.drug_id) IN (SELECT * FROM covered))
                    AND (NOT %(barring)s OR ((shop.barring_area, other.drug_id) IN (SELECT * FROM barred)) IS NOT TRUE)
                    AND (other.stale, other.price_fen * e.weight, e.n) < (o.stale, o.price_fen * d.weight, d.n)))
            AND NOT o.stale AND NOT %(after_stale)s
            AND o.price_fen >= LEAST(ceil(%(after_price)s::numeric / d.weight), 2147483647)::int
        ORDER BY o.price_fen
        FETCH FIRST %(rows)s ROWS WITH TIES
    ) w
),
old AS MATERIALIZED (
    SELECT w.*
    FROM target d
    CROSS JOIN LATERAL (
        SELECT d.drug_id, d.n, o.price_fen, o.price_fen * d.weight AS price_key, o.stock, o.generated, o.as_of, o.stale,
            shop.pharmacy_id, shop.designations, shop.location, shop.distance
        FROM offers o
        CROSS JOIN LATERAL (SELECT * FROM shops WHERE shops.pharmacy_id = o.pharmacy_id OFFSET 0) shop
        WHERE o.drug_id = d.drug_id
            AND (NOT %(listed)s OR (shop.list_area, o.drug_id) IN (SELECT * FROM covered))
            AND (NOT %(barring)s OR ((shop.barring_area, o.drug_id) IN (SELECT * FROM barred)) IS NOT TRUE)
            AND (o.stale, o.price_fen * d.weight, shop.distance,
                (SELECT p.code FROM pharmacies_pharmacy p WHERE p.id = shop.pharmacy_id) COLLATE "C", d.n)
                > (%(after_stale)s, %(after_price)s::numeric, %(after_distance)s::float8, %(after_code)s,
                    %(after_drug)s)
            AND (NOT %(per_pharmacy)s OR %(first_page)s OR NOT EXISTS (
                SELECT FROM target e
                CROSS JOIN LATERAL (
                    SELECT * FROM offers WHERE drug_id = e.drug_id AND pharmacy_id = o.pharmacy_id OFFSET 0
                ) other
                WHERE (NOT %(listed)s OR (shop.list_area, other.drug_id) IN (SELECT * FROM covered))
                    AND (NOT %(barring)s OR ((shop.barring_area, other.drug_id) IN (SELECT * FROM barred)) IS NOT TRUE)
                    AND (other.stale, other.price_fen * e.weight, e.n) < (o.stale, o.price_fen * d.weight, d.n)))
            AND o.stale
        ORDER BY o.price_fen
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
