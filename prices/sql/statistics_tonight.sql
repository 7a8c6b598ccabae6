-- Fills area_count for the day %(first)s from the current offers of the drugs: those that search shows as fresh (live,
--   not out of stock, vouched for within the reporter's cadence × stale_after) at ranked retail pharmacies that may sell
--   the drug, in every region search knows the pharmacy by.
-- Plan: offers are counted once, by price and set of regions; only those few counts are spread over the regions.
-- Parameters: drugs (ids), first (date), at, stale_after, and what is barred from retail
--   (`search.questions.Barred.parameters`).
-- Relies on: the primary key of prices_offer.
INSERT INTO area_count (drug_id, region_id, "on", price_fen, shops)
WITH counted AS MATERIALIZED (
    SELECT o.drug_id, t.region_ids, o.price_fen, count(*) AS shops
    FROM prices_offer o
    JOIN pharmacies_pharmacytoday t ON t.pharmacy_id = o.pharmacy_id AND t.ranked AND t.kind = 'pharmacy'
    JOIN prices_feed f ON f.id = o.feed_id
    LEFT JOIN prices_pharmacyfeed m ON m.pharmacy_id = o.pharmacy_id AND m.feed_id = o.feed_id
    WHERE o.drug_id = ANY (%(drugs)s)
        AND o.state = 1
        AND o.stock <> 3
        AND %(at)s <= search_vouched(o.confirmed_at, o.disputed_since, m.snapshot_as_of) + f.cadence * %(stale_after)s
        AND (NOT %(barring)s OR ((
            (SELECT a.id FROM unnest(t.area_ids) WITH ORDINALITY a (id, nearness)
                WHERE a.id = ANY(%(barring_areas)s::bigint[]) ORDER BY a.nearness LIMIT 1),
            o.drug_id
        ) IN (SELECT * FROM unnest(%(barred_areas)s::bigint[], %(barred_drugs)s::int[]))) IS NOT TRUE)
    GROUP BY o.drug_id, t.region_ids, o.price_fen
)
SELECT c.drug_id, region_id, %(first)s::date, c.price_fen, sum(c.shops)
FROM counted c CROSS JOIN LATERAL unnest(c.region_ids) region_id
GROUP BY c.drug_id, region_id, c.price_fen
