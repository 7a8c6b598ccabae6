-- Answers: the price levels of every offer of products with a procurement price, oldest first: (reference, pharmacy, the
--   area that manages it, the day the level began as an ordinal, fen or NULL off the shelf). What an offer cost before its
--   first recorded change has the day 1; an offer without a history has its only level.
-- Parameters: references, drugs, areas (pairwise ids: the product and the area in which the price holds), zone.
-- Relies on: the primary keys of prices_pricechange and prices_offer.
WITH asked AS (
    SELECT * FROM unnest(%(references)s::bigint[], %(drugs)s::int[], %(areas)s::bigint[]) a (reference_id, drug_id, area_id)
), change AS MATERIALIZED (
    SELECT drug_id, pharmacy_id, old_fen, new_fen, effective_at, xid, id,
        row_number() OVER (PARTITION BY drug_id, pharmacy_id ORDER BY xid, id) AS n
    FROM prices_pricechange
    WHERE drug_id = ANY (%(drugs)s)
), level AS (
    SELECT drug_id, pharmacy_id, n, (effective_at AT TIME ZONE %(zone)s)::date AS day, new_fen AS fen FROM change
    UNION ALL
    SELECT drug_id, pharmacy_id, 0, '0001-01-01', old_fen FROM change WHERE n = 1 AND old_fen IS NOT NULL
    UNION ALL
    SELECT o.drug_id, o.pharmacy_id, 0, (o.changed_at AT TIME ZONE %(zone)s)::date, o.price_fen
    FROM prices_offer o
    WHERE o.drug_id = ANY (%(drugs)s) AND o.state = 1
        AND NOT EXISTS (SELECT FROM change c WHERE c.drug_id = o.drug_id AND c.pharmacy_id = o.pharmacy_id)
)
SELECT a.reference_id, l.pharmacy_id, t.area_ids[1] AS area_id, l.day - '0001-01-01'::date + 1 AS day, l.fen
FROM asked a
JOIN level l ON l.drug_id = a.drug_id
JOIN pharmacies_pharmacytoday t ON t.pharmacy_id = l.pharmacy_id AND t.kind = 'pharmacy' AND t.ranked
    AND t.area_ids @> ARRAY[a.area_id]
ORDER BY a.reference_id, l.pharmacy_id, l.n
