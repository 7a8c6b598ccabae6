-- What the offers (%(drugs)s, %(pharmacies)s, parallel int[]) cost in the days before a day: their changes received from
-- %(since)s to before %(until)s, `place` being the offer's place in the arrays (from 0), oldest first.
-- Parameters: drugs, pharmacies, since, until (timestamptz).
-- Relies on: the primary key of prices_pricechange (drug_id, pharmacy_id, received_at, run_id), one probe a month.
SELECT s.place - 1 AS place, (extract(epoch FROM h.received_at) * 1000000)::bigint AS at_us, h.old_fen, h.new_fen
FROM unnest(%(drugs)s::int[], %(pharmacies)s::int[]) WITH ORDINALITY s (drug_id, pharmacy_id, place)
CROSS JOIN LATERAL (
    SELECT id, received_at, old_fen, new_fen FROM prices_pricechange
    WHERE drug_id = s.drug_id AND pharmacy_id = s.pharmacy_id AND received_at >= %(since)s AND received_at < %(until)s
    OFFSET 0
) h
ORDER BY s.place, h.id
