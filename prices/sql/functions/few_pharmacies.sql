-- Answers: where few pharmacies can pass (a small circle or region, 双通道, open at night, hospitals only), all they sell.
-- Plan: those pharmacies; then of each drug what they have, in one pass over its index.
-- Relies on: search_shops and the key of prices_offer (drug_id, pharmacy_id).
CREATE FUNCTION search_few_pharmacies(q search_question) RETURNS SETOF search_row
LANGUAGE plpgsql STABLE ROWS 100
SET plan_cache_mode = force_generic_plan SET jit = off SET max_parallel_workers_per_gather = 0
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = on SET enable_hashjoin = on SET enable_nestloop = off
SET enable_mergejoin = off SET enable_memoize = off
AS $$
#variable_conflict use_column
DECLARE
    shops int[];
    distances float8[];
    kinds text[];
    list_areas bigint[];
    bar_areas bigint[];
BEGIN
    SELECT array_agg(s.pharmacy_id), array_agg(s.distance), array_agg(s.kind),
        array_agg(search_nearest_area(s.area_ids, q.list_areas)), array_agg(search_nearest_area(s.area_ids, q.bar_areas))
    INTO shops, distances, kinds, list_areas, bar_areas
    FROM search_shops(q) s;
    RETURN QUERY
    SELECT w.pharmacy_id, w.drug_id, w.n, w.price_fen, w.price_key, w.stock, w.generated, w.as_of, w.stale, w.distance
    FROM (
        SELECT o.pharmacy_id, d.drug_id, d.n, o.price_fen, o.price_fen * d.weight AS price_key, o.stock,
            s.generated, s.as_of, s.stale, away.distance,
            row_number() OVER (PARTITION BY o.pharmacy_id ORDER BY s.stale, o.price_fen * d.weight, d.n) AS place
        FROM unnest(q.drugs, q.weights) WITH ORDINALITY d (drug_id, weight, n)
        CROSS JOIN LATERAL (
            SELECT * FROM prices_offer x
            WHERE x.drug_id = d.drug_id AND x.pharmacy_id = ANY (shops) AND x.state <> 0 AND x.stock <> 3
                AND (NOT q.in_stock OR x.stock IN (1, 2))
            OFFSET 0
        ) o
        JOIN unnest(shops, distances, kinds, list_areas, bar_areas) away (pharmacy_id, distance, kind, list_area, bar_area)
            ON away.pharmacy_id = o.pharmacy_id
                AND (q.anywhere OR search_names(q, away.kind, away.list_area, away.bar_area, d.drug_id))
        CROSS JOIN LATERAL search_said(q, o.feed_id, o.pharmacy_id, o.confirmed_at, o.disputed_since) s
    ) w
    WHERE w.place = 1 OR NOT q.per_pharmacy;
END $$;
