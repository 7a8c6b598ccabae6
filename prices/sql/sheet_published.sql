-- Which of the offers %(drugs)s, %(pharmacies)s (int[], the same length) are still as run %(run)s left them? Returns
-- (drug_id, pharmacy_id, price_fen, stock, state). Probes prices_offer_pkey.
SELECT o.drug_id, o.pharmacy_id, o.price_fen, o.stock, o.state
FROM unnest(%(drugs)s::int[], %(pharmacies)s::int[]) AS asked (drug_id, pharmacy_id)
CROSS JOIN LATERAL (
    SELECT drug_id, pharmacy_id, price_fen, stock, state, run_id FROM prices_offer
    WHERE drug_id = asked.drug_id AND pharmacy_id = asked.pharmacy_id
    OFFSET 0
) o
WHERE o.run_id = %(run)s
