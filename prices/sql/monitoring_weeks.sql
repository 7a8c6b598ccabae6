-- The median of products in cities (%(drugs)s, %(cities)s, parallel arrays) on each of the days %(days)s (date[]).
-- `place` is the pair's place in the arrays, `week` the day's (both from 0); nothing where nobody sold it.
-- Parameters: drugs, cities, days.
-- Relies on: the primary key of prices_areaprice.
SELECT s.place - 1 AS place, w.week - 1 AS week, p.median_fen
FROM unnest(%(drugs)s::int[], %(cities)s::bigint[]) WITH ORDINALITY s (drug_id, city_id, place)
CROSS JOIN unnest(%(days)s::date[]) WITH ORDINALITY w (day, week)
CROSS JOIN LATERAL (
    SELECT median_fen FROM prices_areaprice
    WHERE drug_id = s.drug_id AND region_id = s.city_id AND "on" <= w.day ORDER BY "on" DESC LIMIT 1
) p
WHERE p.median_fen IS NOT NULL
