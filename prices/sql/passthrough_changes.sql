-- Answers: every recorded change of the products, in no order, as one row of arrays: product and shop in one number, the
--   price before and after in one (0: off the shelf), the day it took effect as an ordinal, and its place in the order in
--   which changes were written, xid and id.
-- Parameters: drugs (ids), shops (ids, NULL for all), zone.
-- Relies on: the primary key of prices_pricechange (drug_id first).
SELECT array_agg(drug_id::bigint << 32 | pharmacy_id),
    array_agg(COALESCE(old_fen, 0)::bigint << 32 | COALESCE(new_fen, 0)),
    array_agg((effective_at AT TIME ZONE %(zone)s)::date - '0001-01-01'::date + 1),
    array_agg(xid::text::bigint),
    array_agg(id)
FROM prices_pricechange
WHERE drug_id = ANY (%(drugs)s)
    AND (%(shops)s::int[] IS NULL OR pharmacy_id = ANY (%(shops)s::int[]))
