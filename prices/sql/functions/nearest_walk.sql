-- Answers: the nearest offers: fresh ones first, then stale ones, each group by distance, price, pharmacy, drug.
-- Plan: pharmacies outward from the origin, each one's offers probed by their key, until the page is full. A second key
--   of order would switch the walk off, so it is cut WITH TIES by distance alone and ordered fully outside. A few rows more
--   than the page make up for stale ones among them; only where that does not do, fresh and stale ones are walked apart.
-- Relies on: search_shops and the key of prices_offer (drug_id, pharmacy_id).

-- The first `most` offers outward, with all that stand at the last one's distance; `old`: only fresh or only stale ones.
CREATE FUNCTION search_outward(q search_question, old boolean, most int) RETURNS SETOF search_row
LANGUAGE plpgsql STABLE ROWS 20
SET plan_cache_mode = force_generic_plan SET jit = off SET max_parallel_workers_per_gather = 0
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_sort = off SET enable_memoize = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT best.*
    FROM search_shops(q) t
    CROSS JOIN LATERAL search_sold(q, t.pharmacy_id, t.kind, t.area_ids, t.distance) best
    WHERE (old IS NULL OR best.stale = old) AND search_is_farther(q, best)
    ORDER BY t.distance
    FETCH FIRST most ROWS WITH TIES;
END $$;

CREATE FUNCTION search_nearest_walk(q search_question) RETURNS SETOF search_row
LANGUAGE plpgsql STABLE ROWS 20
SET plan_cache_mode = force_generic_plan SET jit = off SET max_parallel_workers_per_gather = 0
AS $$
#variable_conflict use_column
DECLARE
    spare CONSTANT int := 10;
    page search_row[] := ARRAY(SELECT w FROM search_outward(q, NULL, q.rows + spare) w);
BEGIN
    IF cardinality(page) >= q.rows + spare AND q.rows > (SELECT count(*) FROM unnest(page) w WHERE NOT w.stale) THEN
        page := ARRAY(SELECT w FROM search_outward(q, false, q.rows) w);
        IF cardinality(page) < q.rows THEN
            page := page || ARRAY(SELECT w FROM search_outward(q, true, q.rows - cardinality(page)) w);
        END IF;
    END IF;
    RETURN QUERY
    SELECT w.*
    FROM unnest(page) w
    JOIN pharmacies_pharmacy p ON p.id = w.pharmacy_id
    ORDER BY w.stale, w.distance, w.price_key, p.code COLLATE "C", w.n
    LIMIT q.rows;
END $$;
