-- Answers: what began to hold in those regions on a day from %(first)s to %(last)s, in the order of days: the days since
--   %(first)s, then as past_peers_before.sql says; count 0 where nobody asked anything any more.
-- Parameters: regions (ids), first, last (dates).
-- Relies on: the primary key of prices_areaprice: one range for each product and region.
SELECT p."on" - %(first)s::date, d.id, r.id, COALESCE(p.median_fen, 0), COALESCE(p.mode_fen, 0), p.count,
    COALESCE(p.mad_ln, 'nan'::real)
FROM catalog_drug d
CROSS JOIN unnest(%(regions)s::int[]) r (id)
CROSS JOIN LATERAL (
    SELECT * FROM prices_areaprice
    WHERE drug_id = d.id AND region_id = r.id AND "on" BETWEEN %(first)s AND %(last)s
    OFFSET 0
) p
ORDER BY 1
