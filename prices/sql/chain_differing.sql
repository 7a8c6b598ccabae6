-- Which products have several prices in the shops %(pharmacies)s (int[])? The widest apart first, at most %(limit)s:
-- (drug_id, shops selling it, lowest, most frequent, highest fen). Walks offer_pharmacy once for each shop.
SELECT o.drug_id, count(*), min(o.price_fen), mode() WITHIN GROUP (ORDER BY o.price_fen), max(o.price_fen)
FROM unnest(%(pharmacies)s::int[]) AS shop (id)
CROSS JOIN LATERAL (
    SELECT drug_id, price_fen FROM prices_offer WHERE pharmacy_id = shop.id AND state <> 0 OFFSET 0
) o
GROUP BY o.drug_id
HAVING min(o.price_fen) < max(o.price_fen)
ORDER BY max(o.price_fen)::float / min(o.price_fen) DESC, o.drug_id
LIMIT %(limit)s
