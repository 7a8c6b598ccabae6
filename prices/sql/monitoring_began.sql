-- What did the offers (%(drugs)s, %(pharmacies)s, parallel int[]) cost when a day began? The old price of the first of
-- their changes that were received from %(since)s to before %(until)s; no row for an offer without any.
-- Parameters: drugs, pharmacies, since, until (timestamptz: a day in Shanghai).
-- Relies on: the primary key of prices_pricechange (drug_id, pharmacy_id, received_at, run_id), one probe an offer.
SELECT DISTINCT ON (s.drug_id, s.pharmacy_id) s.drug_id, s.pharmacy_id, h.old_fen
FROM unnest(%(drugs)s::int[], %(pharmacies)s::int[]) s (drug_id, pharmacy_id)
CROSS JOIN LATERAL (
    SELECT id, old_fen FROM prices_pricechange
    WHERE drug_id = s.drug_id AND pharmacy_id = s.pharmacy_id AND received_at >= %(since)s AND received_at < %(until)s
    OFFSET 0
) h
ORDER BY s.drug_id, s.pharmacy_id, h.id
