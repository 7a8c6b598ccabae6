-- Answers: offers of drugs that few pharmacies carry, by price or by distance: fresh ones first, then stale ones.
-- Plan: every live offer of the drugs, each one's pharmacy looked up.
-- Relies on: offer_cheapest (drug_id, price_fen; live offers) and the key of pharmacies_pharmacytoday.
CREATE FUNCTION search_drug_first(q search_question, by_price boolean) RETURNS SETOF search_row
LANGUAGE plpgsql STABLE ROWS 20
SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_memoize = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT w.pharmacy_id, w.drug_id, w.n, w.price_fen, w.price_key, w.stock, w.generated, w.as_of, w.stale, w.distance
    FROM (
        SELECT o.pharmacy_id, d.drug_id, d.n, o.price_fen, o.price_fen * d.weight AS price_key, o.stock,
            s.generated, s.as_of, s.stale, t.distance,
            row_number() OVER (PARTITION BY o.pharmacy_id ORDER BY s.stale, o.price_fen * d.weight, d.n) AS place
        FROM unnest(q.drugs, q.weights) WITH ORDINALITY d (drug_id, weight, n)
        CROSS JOIN LATERAL (
            SELECT * FROM prices_offer x
            WHERE x.drug_id = d.drug_id AND x.state = 1 AND x.stock <> 3 AND (NOT q.in_stock OR x.stock IN (1, 2))
            OFFSET 0
        ) o
        CROSS JOIN LATERAL search_shop(q, o.pharmacy_id, d.drug_id) t
        CROSS JOIN LATERAL search_said(q, o.feed_id, o.pharmacy_id, o.confirmed_at, o.disputed_since) s
    ) w
    JOIN pharmacies_pharmacy p ON p.id = w.pharmacy_id
    WHERE (w.place = 1 OR NOT q.per_pharmacy)
        AND (w.stale, CASE WHEN by_price THEN w.price_key ELSE 0 END, w.distance, w.price_key, p.code COLLATE "C", w.n)
            > (q.after_stale, CASE WHEN by_price THEN q.after_price ELSE 0 END, q.after_distance, q.after_price,
                q.after_code, q.after_n)
    ORDER BY w.stale, CASE WHEN by_price THEN w.price_key END, w.distance, w.price_key, p.code COLLATE "C", w.n
    LIMIT q.rows;
END $$;
