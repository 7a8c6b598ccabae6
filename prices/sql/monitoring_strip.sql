-- For the picture beside a lead: which prices (分) how many shops of the cities ask for the drugs (%(drugs)s, %(cities)s,
-- parallel arrays) right now. Ranked retail pharmacies, nothing that is out of stock; every pair once.
-- Parameters: drugs, cities.
-- Relies on: offer_cell (drug_id, cell, price_fen).
SELECT s.drug_id, s.city_id, o.price_fen, count(*) AS shops
FROM unnest(%(drugs)s::int[], %(cities)s::bigint[]) s (drug_id, city_id)
CROSS JOIN LATERAL (
    SELECT price_fen FROM prices_offer
    JOIN pharmacies_pharmacytoday t USING (pharmacy_id)
    WHERE drug_id = s.drug_id AND prices_offer.state = 1 AND stock <> 3
        AND prices_offer.cell = ANY (ARRAY(
            SELECT cell FROM pharmacies_pharmacycell WHERE region_ids @> ARRAY[s.city_id]))
        AND t.ranked AND t.kind = 'pharmacy' AND t.region_ids @> ARRAY[s.city_id]
    OFFSET 0
) o
GROUP BY s.drug_id, s.city_id, o.price_fen
ORDER BY s.drug_id, s.city_id, o.price_fen
