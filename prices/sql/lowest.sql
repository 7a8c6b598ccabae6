-- Answers: for each of many drugs the lowest fresh price at a ranked retail pharmacy anywhere: what a line of search
--   results says ("from"). The same offer that `cheapest` over the province puts first, without the rest of the answer.
-- Plan: per drug the index (drug_id, price_fen) upward, each offer's pharmacy looked up, stop at the first that passes.
-- Parameters: drugs (ids), at, stale_after (× the reporter's cadence), and what is barred from retail
--   (`search.questions.Barred.parameters`).
-- Relies on: offer_cheapest, the primary keys of pharmacies_pharmacytoday and prices_pharmacyfeed's (pharmacy, feed).
SELECT d.drug_id, lowest.price_fen
FROM unnest(%(drugs)s::int[]) d (drug_id)
CROSS JOIN LATERAL (
    SELECT o.price_fen
    FROM prices_offer o
    JOIN pharmacies_pharmacytoday t ON t.pharmacy_id = o.pharmacy_id
    JOIN prices_feed f ON f.id = o.feed_id
    LEFT JOIN prices_pharmacyfeed m ON m.pharmacy_id = o.pharmacy_id AND m.feed_id = o.feed_id
    CROSS JOIN LATERAL (SELECT search_vouched(o.confirmed_at, o.disputed_since, m.snapshot_as_of) AS at) vouched
    WHERE o.drug_id = d.drug_id
        AND o.state = 1
        AND o.stock <> 3
        AND t.ranked
        AND t.kind = 'pharmacy'
        AND (NOT %(barring)s OR ((
            (SELECT a.id FROM unnest(t.area_ids) WITH ORDINALITY a (id, nearness)
                WHERE a.id = ANY(%(barring_areas)s::bigint[]) ORDER BY a.nearness LIMIT 1),
            o.drug_id
        ) IN (SELECT * FROM unnest(%(barred_areas)s::bigint[], %(barred_drugs)s::int[]))) IS NOT TRUE)
        AND %(at)s <= vouched.at + f.cadence * %(stale_after)s
    ORDER BY o.price_fen
    LIMIT 1
) lowest
