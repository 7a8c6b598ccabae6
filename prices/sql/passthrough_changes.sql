-- Answers: every recorded change of the products: (drug, pharmacy, the day it took effect as an ordinal, fen before and
--   fen then, NULL off the shelf, and its place in the order in which changes were written). In no order.
-- Parameters: drugs (ids), shops (ids, NULL for all), zone.
-- Relies on: the primary key of prices_pricechange (drug_id first).
SELECT drug_id, pharmacy_id, (effective_at AT TIME ZONE %(zone)s)::date - '0001-01-01'::date + 1 AS day, old_fen, new_fen,
    xid, id
FROM prices_pricechange
WHERE drug_id = ANY (%(drugs)s)
    AND (%(shops)s::int[] IS NULL OR pharmacy_id = ANY (%(shops)s::int[]))
