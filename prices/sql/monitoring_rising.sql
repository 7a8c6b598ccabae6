-- Products whose median in a city (%(cities)s, bigint[]) is at least %(share)s higher on the day %(last)s than it was on
-- the day %(first)s, with at least %(shops)s shops on both.
-- Parameters: cities, first, last (dates), share (0.05 for 5 %%), shops.
-- Relies on: the primary key of prices_areaprice: two probes for each product and city.
SELECT d.id AS drug_id, c.id AS city_id, now.median_fen, now.count AS shops
FROM catalog_drug d
CROSS JOIN unnest(%(cities)s::bigint[]) c (id)
CROSS JOIN LATERAL (
    SELECT median_fen, count FROM prices_areaprice
    WHERE drug_id = d.id AND region_id = c.id AND "on" <= %(last)s ORDER BY "on" DESC LIMIT 1
) now
CROSS JOIN LATERAL (
    SELECT median_fen, count FROM prices_areaprice
    WHERE drug_id = d.id AND region_id = c.id AND "on" <= %(first)s ORDER BY "on" DESC LIMIT 1
) was
WHERE now.count >= %(shops)s AND was.count >= %(shops)s AND now.median_fen >= was.median_fen * (1 + %(share)s)
ORDER BY d.id, c.id
