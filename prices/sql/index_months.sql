-- Answers: what the middle shop of an area asked for each product at the end of each month, and how many shops asked.
-- Parameters: area_id, days (dates, one for each month, in order), min_shops.
-- Relies on: the primary key of prices_areaprice: one probe for each product and month.
SELECT d.id, m.number - 1, p.median_fen, p.count
FROM catalog_drug d
CROSS JOIN unnest(%(days)s::date[]) WITH ORDINALITY m (day, number)
CROSS JOIN LATERAL (
    SELECT median_fen, count FROM prices_areaprice
    WHERE drug_id = d.id AND region_id = %(area_id)s AND "on" <= m.day ORDER BY "on" DESC LIMIT 1
) p
WHERE p.count >= %(min_shops)s
