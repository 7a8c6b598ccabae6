-- Answers: what began to hold in those regions on a day from %(first)s to %(last)s, in no order, as one row of arrays: the
--   days since %(first)s, then as past_peers_before.sql says; count 0 where nobody asked anything any more.
-- Parameters: regions (ids), first, last (dates).
-- Relies on: the primary key of prices_areaprice: one range for each product and region.
SELECT array_agg(p."on" - %(first)s::date), array_agg(d.id), array_agg(r.id), array_agg(COALESCE(p.median_fen, 0)),
    array_agg(COALESCE(p.mode_fen, 0)), array_agg(p.count), array_agg(COALESCE(p.mad_ln, 'nan'::real))
FROM catalog_drug d
CROSS JOIN unnest(%(regions)s::int[]) r (id)
CROSS JOIN LATERAL (
    SELECT * FROM prices_areaprice
    WHERE drug_id = d.id AND region_id = r.id AND "on" BETWEEN %(first)s AND %(last)s
    OFFSET 0
) p
