-- Answers: for every area asked about: how many products of the catalogue in force have a fresh price there, of how many
--   products enough shops ask a price to speak of dispersion, and the middle one of their quartile coefficients
--   (Q3 - Q1) / (Q3 + Q1).
-- Parameters: areas (ids), day, min_shops.
-- Relies on: the primary key of prices_areaprice: one probe for each product and area, however long the history.
WITH product AS MATERIALIZED (
    SELECT DISTINCT m.drug_id
    FROM catalog_listingmatch m
    JOIN catalog_listing l ON l.id = m.listing_id
    JOIN catalog_edition e ON e.id = l.edition_id AND e.state = 'ready' AND e.valid @> %(day)s::date
    WHERE m.state = 'accepted'
), priced AS MATERIALIZED (
    SELECT p.region_id, p.drug_id, p.q1_fen, p.q3_fen, p.count
    FROM catalog_drug d
    CROSS JOIN unnest(%(areas)s::int[]) area_id
    CROSS JOIN LATERAL (
        SELECT * FROM prices_areaprice
        WHERE drug_id = d.id AND region_id = area_id AND "on" <= %(day)s ORDER BY "on" DESC LIMIT 1
    ) p
    WHERE p.count > 0
)
SELECT region_id, (SELECT count(*) FROM product) AS products,
    count(product.drug_id) AS covered,
    count(*) FILTER (WHERE count >= %(min_shops)s) AS dispersed,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY (q3_fen - q1_fen)::float8 / (q3_fen + q1_fen))
        FILTER (WHERE count >= %(min_shops)s) AS dispersion
FROM priced LEFT JOIN product USING (drug_id)
GROUP BY region_id
UNION ALL
SELECT NULL, count(*), 0, 0, NULL FROM product
