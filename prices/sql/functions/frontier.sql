-- Answers: every fresh offer to which no other is both at least as near and at least as cheap, and better in one: by
--   distance, the nearest first, each cheaper than all before. Not cut by `rows`.
-- Plan: the nearest offers give the lowest price nearby; only cheaper ones can follow them. Of the lists of prices (a drug's
--   in a cell) that begin lower, the lowest of every cell is read until an offer passes: it caps the prices of all cells
--   that begin farther away. What is under the caps is read.
-- Relies on: as search_nearest_walk and search_price_walk.
CREATE FUNCTION search_frontier(q search_question) RETURNS SETOF search_row
LANGUAGE plpgsql STABLE ROWS 20
SET plan_cache_mode = force_generic_plan SET jit = off SET max_parallel_workers_per_gather = 0
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_memoize = off
AS $$
#variable_conflict use_column
DECLARE
    asked int;
    near search_row[];
    edge float8;
    cap numeric;
    list_drug bigint[];
    list_cell bigint[];
    list_low numeric[];
    lows search_row[];
    caps numeric[];
    ask search_question := q;
BEGIN
    FOREACH asked IN ARRAY ARRAY[30, 600] LOOP
        ask.rows := asked;
        near := ARRAY(SELECT w FROM search_nearest_walk(ask) w WHERE NOT w.stale);
        EXIT WHEN cardinality(near) < asked;
        -- The farthest of them may have others beside them that did not fit.
        edge := (SELECT max(w.distance) FROM unnest(near) w);
        EXIT WHEN EXISTS (SELECT FROM unnest(near) w WHERE w.distance < edge);
    END LOOP;
    IF cardinality(near) < asked THEN
        RETURN QUERY SELECT * FROM search_frontier_among(q, near);
        RETURN;
    END IF;
    near := ARRAY(SELECT w FROM unnest(near) w WHERE w.distance < edge);
    cap := (SELECT min(w.price_key) FROM unnest(near) w);
    SELECT array_agg(d.n), array_agg(c.place), array_agg(low.price_key) INTO list_drug, list_cell, list_low
    FROM unnest(q.cells) WITH ORDINALITY c (cell, place)
    CROSS JOIN unnest(q.drugs, q.weights) WITH ORDINALITY d (drug_id, weight, n)
    CROSS JOIN LATERAL (
        SELECT x.price_fen * d.weight AS price_key FROM prices_offer x
        WHERE x.drug_id = d.drug_id AND x.cell = c.cell AND x.state = 1 ORDER BY x.price_fen LIMIT 1
    ) low
    WHERE cap IS NULL OR low.price_key < cap;
    lows := ARRAY(
        SELECT w
        FROM (
            SELECT DISTINCT ON (l.place) l.n, l.place FROM unnest(list_drug, list_cell, list_low) l (n, place, low)
            ORDER BY l.place, l.low
        ) l
        CROSS JOIN LATERAL (
            SELECT w FROM search_offered(
                q, q.drugs[l.n], q.weights[l.n], l.n, q.cells[l.place], 0, search_at_most(cap - 1, q.weights[l.n]), NULL
            ) w
            WHERE NOT w.stale LIMIT 1
        ) w
    );
    -- Of every cell the lowest price that is known to be nearer than anything new in it.
    caps := ARRAY(
        SELECT k.cap
        FROM (
            SELECT c.place, min(c.price_key) OVER (ORDER BY c.metres, c.place NULLS LAST ROWS UNBOUNDED PRECEDING) AS cap
            FROM (
                SELECT GREATEST(r.metres, edge) AS metres, r.place, NULL::numeric AS price_key
                FROM unnest(q.reach_m) WITH ORDINALITY r (metres, place)
                UNION ALL
                SELECT w.distance, NULL, w.price_key FROM unnest(near || lows) w
            ) c
        ) k
        WHERE k.place IS NOT NULL
        ORDER BY k.place
    );
    RETURN QUERY SELECT * FROM search_frontier_among(q, ARRAY(
        SELECT w FROM unnest(near || lows) w
        UNION
        SELECT w
        FROM unnest(list_drug, list_cell, list_low) l (n, place, low)
        CROSS JOIN LATERAL search_offered(
            q, q.drugs[l.n], q.weights[l.n], l.n, q.cells[l.place], 0, search_at_most(caps[l.place] - 1, q.weights[l.n]), NULL
        ) w
        WHERE (caps[l.place] IS NULL OR l.low < caps[l.place]) AND w.distance >= edge AND NOT w.stale
    ));
END $$;
