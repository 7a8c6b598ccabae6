-- Answers: what the shops of each region asked for each product on the day before %(first)s, as worked out then, in no
--   order, as one row of arrays: product, region, the median, the mode (0: none), how many shops, and how far they stray
--   (mad_ln, nan: not known).
-- Parameters: regions (ids), first (date).
-- Relies on: the primary key of prices_areaprice: one probe for each product and region.
SELECT array_agg(d.id), array_agg(r.id), array_agg(p.median_fen), array_agg(COALESCE(p.mode_fen, 0)), array_agg(p.count),
    array_agg(COALESCE(p.mad_ln, 'nan'::real))
FROM catalog_drug d
CROSS JOIN unnest(%(regions)s::int[]) r (id)
CROSS JOIN LATERAL (
    SELECT * FROM prices_areaprice
    WHERE drug_id = d.id AND region_id = r.id AND "on" < %(first)s ORDER BY "on" DESC LIMIT 1
) p
WHERE p.count > 0
