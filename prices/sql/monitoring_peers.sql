-- What most shops of each of the cities %(cities)s (bigint[]) asked for each of the drugs %(drugs)s (int[]) on the day
-- %(on)s: the row of prices_areaprice in force then. Nothing where nobody sells the drug.
-- Parameters: drugs, cities, on (date).
-- Relies on: the primary key of prices_areaprice (drug_id, region_id, "on"): one probe a pair.
SELECT d.id AS drug_id, c.id AS city_id, p.median_fen, p.mad_ln, p.mode_fen, p.count AS shops
FROM unnest(%(drugs)s::int[]) d (id)
CROSS JOIN unnest(%(cities)s::bigint[]) c (id)
CROSS JOIN LATERAL (
    SELECT median_fen, mad_ln, mode_fen, count FROM prices_areaprice
    WHERE drug_id = d.id AND region_id = c.id AND "on" <= %(on)s
    ORDER BY "on" DESC LIMIT 1
) p
WHERE p.count > 0
