-- What stands where the rows of a spreadsheet would go? For each pair of %(drugs)s, %(pharmacies)s (int[], the same
-- length) that was ever priced: (drug_id, pharmacy_id, price_fen, stock, state). Probes prices_offer_pkey.
SELECT o.drug_id, o.pharmacy_id, o.price_fen, o.stock, o.state
FROM unnest(%(drugs)s::int[], %(pharmacies)s::int[]) AS asked (drug_id, pharmacy_id)
CROSS JOIN LATERAL (
    SELECT drug_id, pharmacy_id, price_fen, stock, state FROM prices_offer
    WHERE drug_id = asked.drug_id AND pharmacy_id = asked.pharmacy_id
    OFFSET 0
) o
