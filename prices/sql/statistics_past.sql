-- Fills area_count for past days: for every day of %(first)s … %(last)s on which something changed for an area, how many
--   shops asked which price at %(hour)s o'clock local time of that day. Reconstructed from the change history with
--   hindsight: a price held from its `effective_at` until the next change's; the newest one until search stops calling
--   it fresh (its newest confirmation + cadence × stale_after). The shop must have been ranked that day by the dates of
--   its status and designations. What the past does not tell: whether a shop was out of stock.
-- Plan: a piece of a price's life is two events (+1, -1); prices are summed up over the days with events only.
-- Parameters: drugs (ids), first, last (dates), zone, hour (interval), stale_after.
-- Relies on: the primary keys of prices_pricechange and prices_offer.
INSERT INTO area_count (drug_id, region_id, "on", price_fen, shops)
WITH told AS (
    SELECT drug_id, pharmacy_id, new_fen AS price_fen, effective_at AS since,
        lead(effective_at) OVER (PARTITION BY drug_id, pharmacy_id ORDER BY xid, id) AS until
    FROM prices_pricechange
    WHERE drug_id = ANY (%(drugs)s)
    UNION ALL  -- generated offers may have no history
    SELECT drug_id, pharmacy_id, price_fen, changed_at, NULL
    FROM prices_offer o
    -- NOT IN would look through all the changes for each offer as soon as they do not fit into work_mem.
    WHERE drug_id = ANY (%(drugs)s) AND state = 1 AND NOT EXISTS (
        SELECT FROM prices_pricechange c
        WHERE c.drug_id = ANY (%(drugs)s) AND c.drug_id = o.drug_id AND c.pharmacy_id = o.pharmacy_id)
), held AS (
    SELECT told.drug_id, told.pharmacy_id, told.price_fen, told.since,
        COALESCE(told.until, interval '1 microsecond' + f.cadence * %(stale_after)s
            + search_vouched(o.confirmed_at, o.disputed_since, m.snapshot_as_of)) AS until
    FROM told
    LEFT JOIN prices_offer o ON told.until IS NULL AND o.drug_id = ANY (%(drugs)s)
        AND o.drug_id = told.drug_id AND o.pharmacy_id = told.pharmacy_id
    LEFT JOIN prices_feed f ON f.id = o.feed_id
    LEFT JOIN prices_pharmacyfeed m ON m.pharmacy_id = o.pharmacy_id AND m.feed_id = o.feed_id
    WHERE told.price_fen IS NOT NULL
), ranked AS MATERIALIZED (
    SELECT t.pharmacy_id, t.region_ids, COALESCE(
        (SELECT range_agg(d.valid) FROM pharmacies_designation d
            WHERE d.pharmacy_id = t.pharmacy_id AND d.kind = 'designated')
        - COALESCE((SELECT range_agg(s.valid) FROM pharmacies_pharmacystatus s
            WHERE s.pharmacy_id = t.pharmacy_id AND s.status <> 'normal'), datemultirange()),
        datemultirange()) * datemultirange(daterange(%(first)s, %(last)s, '[]')) AS days
    FROM pharmacies_pharmacytoday t
    WHERE t.kind = 'pharmacy'
), lasting AS (
    SELECT h.drug_id, r.region_ids, h.price_fen, lower(day) AS first, upper(day) AS behind
    FROM held h
    -- The first day whose hour is not before the moment; a price covers the days from the one to the other.
    CROSS JOIN LATERAL (SELECT
        ((h.since AT TIME ZONE %(zone)s) - %(hour)s::interval - interval '1 microsecond')::date + 1 AS first,
        ((h.until AT TIME ZONE %(zone)s) - %(hour)s::interval - interval '1 microsecond')::date + 1 AS behind) d
    JOIN ranked r ON r.pharmacy_id = h.pharmacy_id
    CROSS JOIN LATERAL unnest(r.days * datemultirange(daterange(d.first, GREATEST(d.first, d.behind)))) day
), event AS MATERIALIZED (
    SELECT e.drug_id, region_id, e.price_fen, e."on", sum(e.shops) AS shops
    FROM (
        SELECT l.drug_id, l.region_ids, l.price_fen, e."on", sum(e.shops) AS shops
        FROM lasting l CROSS JOIN LATERAL (VALUES (l.first, 1), (l.behind, -1)) e ("on", shops)
        WHERE e."on" <= %(last)s
        GROUP BY l.drug_id, l.region_ids, l.price_fen, e."on"
    ) e
    CROSS JOIN LATERAL unnest(e.region_ids) region_id
    GROUP BY e.drug_id, region_id, e.price_fen, e."on"
    HAVING sum(e.shops) <> 0
), changed AS (
    SELECT DISTINCT drug_id, region_id, "on" FROM event
), priced AS (
    SELECT DISTINCT drug_id, region_id, price_fen FROM event
)
SELECT drug_id, region_id, "on", price_fen, shops
FROM (
    SELECT drug_id, region_id, c."on", p.price_fen, e.shops AS came,
        sum(COALESCE(e.shops, 0)) OVER (PARTITION BY drug_id, region_id, p.price_fen ORDER BY c."on") AS shops
    FROM changed c
    JOIN priced p USING (drug_id, region_id)
    LEFT JOIN event e USING (drug_id, region_id, price_fen, "on")
) grid
-- A price nobody asks says nothing, but where the last shop left: then the day must be looked at.
WHERE shops > 0 OR came < 0
