-- Answers: which pharmacies stand within a radius, and what they ask for some drugs: fresh prices on sale only, of drugs
--   that they may sell. One row; its columns are packed, since psycopg would make a Python object of every number:
--   shops   of each pharmacy int4 id, float8 distance, float8 lng, float8 lat (big-endian, as all of it)
--   codes   their codes in the same order, with spaces between
--   offers  of each offer int4 pharmacy, int4 number of the drug (from 0, as in `drugs`), int4 price in 分
-- Plan: the circle by its index; then of every cell that has a pharmacy in it each drug's offers in one index range. Who
--   is inside, barred or vouched for is looked up in hashes (IN … IS TRUE keeps the planner from making joins of them,
--   which it would run in nested loops wherever its statistics say that there is nothing). For that `fresh` has
--   search_vouched taken apart: what a pharmacy's mark says is in the hash.
-- Parameters: origin, radius_m, drugs (ids), at, stale_after (× the reporter's cadence), and what is barred from retail
--   (`search.questions.Barred.parameters`).
-- Relies on: pharmacytoday_location, offer_cell (drug_id, cell, price_fen; live offers), the keys of
--   pharmacies_pharmacy, prices_pharmacyfeed and prices_feed.
WITH near AS MATERIALIZED (
    SELECT t.pharmacy_id, t.cell, t.location::geometry AS spot, t.location <-> %(origin)s::geography AS distance,
        (SELECT p.code FROM pharmacies_pharmacy p WHERE p.id = t.pharmacy_id) AS code,
        CASE WHEN %(barring)s THEN (
            SELECT a.id FROM unnest(t.area_ids) WITH ORDINALITY a (id, nearness)
            WHERE a.id = ANY(%(barring_areas)s::bigint[]) ORDER BY a.nearness LIMIT 1) END AS barring_area
    FROM pharmacies_pharmacytoday t
    WHERE t.ranked
        AND t.kind = 'pharmacy'
        AND t.location && _ST_Expand(%(origin)s::geography, %(radius_m)s::float8)
        AND t.location <-> %(origin)s::geography <= %(radius_m)s::float8
),
barred AS NOT MATERIALIZED (
    SELECT near.pharmacy_id, b.drug_id
    FROM near
    JOIN unnest(%(barred_areas)s::bigint[], %(barred_drugs)s::int[]) b (area_id, drug_id) ON b.area_id = barring_area
),
vouched AS NOT MATERIALIZED (
    SELECT m.pharmacy_id, m.feed_id
    FROM near
    JOIN prices_pharmacyfeed m USING (pharmacy_id)
    JOIN prices_feed f ON f.id = m.feed_id
    WHERE %(at)s <= m.snapshot_as_of + f.cadence * %(stale_after)s
),
found AS MATERIALIZED (
    SELECT o.pharmacy_id, d.n, o.price_fen, o.feed_id, o.confirmed_at, o.disputed_since
    FROM (SELECT DISTINCT cell FROM near) cells
    CROSS JOIN unnest(%(drugs)s::int[]) WITH ORDINALITY d (drug_id, n)
    CROSS JOIN LATERAL (
        SELECT * FROM prices_offer x
        WHERE x.drug_id = d.drug_id
            AND x.cell = cells.cell
            AND x.state = 1
            AND x.stock <> 3
            AND (x.pharmacy_id IN (SELECT pharmacy_id FROM near)) IS TRUE
            AND (NOT %(barring)s OR ((x.pharmacy_id, x.drug_id) IN (SELECT * FROM barred)) IS NOT TRUE)
        OFFSET 0
    ) o
),
fresh AS NOT MATERIALIZED (
    SELECT o.pharmacy_id, o.n - 1 AS n, o.price_fen
    FROM found o
    JOIN prices_feed f ON f.id = o.feed_id
    WHERE CASE WHEN o.disputed_since IS NULL
        THEN %(at)s <= o.confirmed_at + f.cadence * %(stale_after)s
            OR ((o.pharmacy_id, o.feed_id) IN (SELECT * FROM vouched)) IS TRUE
        ELSE %(at)s <= LEAST(o.confirmed_at, o.disputed_since) + f.cadence * %(stale_after)s END
)
SELECT shops.shops, shops.codes, offers.offers
FROM (
    SELECT string_agg(int4send(pharmacy_id) || float8send(distance) || float8send(ST_X(spot)) || float8send(ST_Y(spot)),
            ''::bytea) AS shops,
        string_agg(code, ' ') AS codes
    FROM near
) shops
CROSS JOIN (
    SELECT string_agg(int4send(pharmacy_id) || int4send(n::int) || int4send(price_fen), ''::bytea) AS offers FROM fresh
) offers
