-- Answers: the live offers of the products, in no order, as one row of arrays: product and shop in one number, the day the
--   price began as an ordinal, fen.
-- Parameters: drugs (ids), shops (ids, NULL for all), zone.
-- Relies on: offer_cheapest; of few shops the primary key of prices_offer.
SELECT array_agg(drug_id::bigint << 32 | pharmacy_id),
    array_agg((changed_at AT TIME ZONE %(zone)s)::date - '0001-01-01'::date + 1),
    array_agg(price_fen)
FROM prices_offer
WHERE drug_id = ANY (%(drugs)s) AND state = 1
    AND (%(shops)s::int[] IS NULL OR pharmacy_id = ANY (%(shops)s::int[]))
