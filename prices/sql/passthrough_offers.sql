-- Answers: the live offers of the products: (drug, pharmacy, the day the price began as an ordinal, fen). In no order.
-- Parameters: drugs (ids), shops (ids, NULL for all), zone.
-- Relies on: offer_cheapest; of few shops the primary key of prices_offer.
SELECT drug_id, pharmacy_id, (changed_at AT TIME ZONE %(zone)s)::date - '0001-01-01'::date + 1 AS day, price_fen
FROM prices_offer
WHERE drug_id = ANY (%(drugs)s) AND state = 1
    AND (%(shops)s::int[] IS NULL OR pharmacy_id = ANY (%(shops)s::int[]))
