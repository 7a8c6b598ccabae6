-- Answers: everything that a plan finds where there is little to find, in the order that is asked for.
CREATE FUNCTION search_all(plan text, q search_question) RETURNS SETOF search_row
LANGUAGE plpgsql STABLE ROWS 100 AS $$
BEGIN
    IF plan = 'few_offers' THEN
        RETURN QUERY SELECT * FROM search_few_offers(q);
    ELSE
        RETURN QUERY SELECT * FROM search_few_pharmacies(q);
    END IF;
END $$;

-- Nearest, cheapest, value: fresh offers first, a page of them. The other parts of the key are the same for all three.
CREATE FUNCTION search_in_order(plan text, q search_question, sort text) RETURNS SETOF search_row
LANGUAGE plpgsql STABLE ROWS 20
SET plan_cache_mode = force_generic_plan SET jit = off SET max_parallel_workers_per_gather = 0
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT f.pharmacy_id, f.drug_id, f.n, f.price_fen, f.price_key, f.stock, f.generated, f.as_of, f.stale, f.distance
    FROM (
        SELECT w.*, search_first_key(q, sort, w.price_key, w.distance) AS first,
            CASE WHEN sort = 'nearest' THEN w.price_key ELSE 0 END AS third, p.code COLLATE "C" AS code
        FROM search_all(plan, q) w
        JOIN pharmacies_pharmacy p ON p.id = w.pharmacy_id
    ) f
    WHERE q.first_page OR (f.stale, f.first, f.distance, f.third, f.code, f.n)
        > (q.after_stale, search_first_key(q, sort, q.after_price, q.after_distance), q.after_distance,
            CASE WHEN sort = 'nearest' THEN q.after_price ELSE 0 END, q.after_code, q.after_n)
    ORDER BY f.stale, f.first, f.distance, f.third, f.code, f.n
    LIMIT q.rows;
END $$;

-- The frontier among offers: by distance, each cheaper than all before. With several at one place and price all of them.
CREATE FUNCTION search_frontier_among(q search_question, offers search_row[]) RETURNS SETOF search_row
LANGUAGE plpgsql STABLE ROWS 20
SET plan_cache_mode = force_generic_plan SET jit = off SET max_parallel_workers_per_gather = 0
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT e.pharmacy_id, e.drug_id, e.n, e.price_fen, e.price_key, e.stock, e.generated, e.as_of, e.stale, e.distance
    FROM (
        SELECT k.*, first_value(k.price_key) OVER place AS here, first_value(k.lower) OVER place AS nearer
        FROM (
            SELECT w.*, min(w.price_key) OVER (
                ORDER BY w.distance, w.price_key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS lower
            FROM unnest(offers) w
            WHERE NOT w.stale
        ) k
        WINDOW place AS (PARTITION BY k.distance ORDER BY k.price_key)
    ) e
    JOIN pharmacies_pharmacy p ON p.id = e.pharmacy_id
    WHERE e.price_key = e.here AND (e.nearer IS NULL OR e.price_key < e.nearer)
        AND search_is_best(q, (e.pharmacy_id, e.drug_id, e.n, e.price_fen, e.price_key, e.stock, e.generated, e.as_of,
            e.stale, e.distance)::search_row)
    ORDER BY e.distance, e.price_key, p.code COLLATE "C", e.n;
END $$;
