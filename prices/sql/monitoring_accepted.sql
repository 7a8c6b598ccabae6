-- Of the prices (drugs, pharmacies, pairwise) those that a named person stood up for with a reason when they changed in
-- the time from %(since)s to before %(until)s: (drug_id, pharmacy_id).
-- Parameters: drugs, pharmacies (arrays of the same length), since, until (timestamptz: a day in Shanghai).
-- Relies on: the key of prices_pricechange (drug_id, pharmacy_id, received_at, run_id).
SELECT DISTINCT c.drug_id, c.pharmacy_id
FROM unnest(%(drugs)s::int[], %(pharmacies)s::int[]) asked (drug_id, pharmacy_id)
JOIN prices_pricechange c ON c.drug_id = asked.drug_id AND c.pharmacy_id = asked.pharmacy_id
    AND c.received_at >= %(since)s AND c.received_at < %(until)s
JOIN prices_feedrun r ON r.id = c.run_id AND r.override_reason <> ''
