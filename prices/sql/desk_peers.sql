-- What do the other pharmacies of a region ask for a product? For each of the pairs (%(drugs)s, %(fens)s, parallel
-- int[]): how many others in region %(region)s sell it, how many of them for less than that price, and their median.
-- Retail pharmacies that are ranked today; never pharmacy %(pharmacy)s itself, nor what is out of stock.
-- Plan: the region's cells, then prices_offer by offer_cell.
SELECT s.drug_id, count(*) AS shops, count(*) FILTER (WHERE o.price_fen < s.fen) AS below,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY o.price_fen) AS median
FROM unnest(%(drugs)s::int[], %(fens)s::int[]) s (drug_id, fen)
CROSS JOIN LATERAL (
    SELECT price_fen FROM prices_offer
    JOIN pharmacies_pharmacytoday t USING (pharmacy_id)
    WHERE drug_id = s.drug_id AND prices_offer.state = 1 AND stock <> 3 AND pharmacy_id <> %(pharmacy)s
        AND prices_offer.cell = ANY (ARRAY(
            SELECT cell FROM pharmacies_pharmacycell WHERE region_ids @> ARRAY[%(region)s::bigint]))
        AND t.ranked AND t.kind = 'pharmacy' AND t.region_ids @> ARRAY[%(region)s::bigint]
    OFFSET 0
) o
GROUP BY s.drug_id, s.fen
