-- What do others charge for these drugs (%(drugs)s, int[])? Median of up to 101 live offers each, at least 5.
-- Walks prices_offer_pkey; which 101 does not matter for telling a factor of ten.
SELECT d.id AS drug_id, percentile_disc(0.5) WITHIN GROUP (ORDER BY o.price_fen) AS peers_fen
FROM unnest(%(drugs)s::int[]) d (id)
CROSS JOIN LATERAL (
    SELECT price_fen FROM prices_offer WHERE drug_id = d.id AND state = 1 ORDER BY pharmacy_id LIMIT 101
) o
GROUP BY d.id
HAVING count(*) >= 5
