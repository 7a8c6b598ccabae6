-- Answers: every fresh offer to which no other is both at least as near and at least as cheap, and better in one: by
--   distance, the nearest first, each cheaper than all before. Not cut by `rows`.
-- Plan: the nearest offers give the lowest price nearby; only cheaper ones can follow them. Of the cells that have any,
--   the cheapest offer is read: it caps the prices of all cells that begin farther away. What is under the caps is read.
-- Relies on: as search_nearest_walk and search_price_walk.
CREATE FUNCTION search_frontier(q search_question) RETURNS SETOF search_row
LANGUAGE plpgsql STABLE ROWS 20
SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_memoize = off
AS $$
#variable_conflict use_column
DECLARE
    asked int;
    near search_row[];
    edge float8;
    cap numeric;
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
    lows := ARRAY(
        SELECT w
        FROM unnest(q.cells) c (cell)
        CROSS JOIN LATERAL (
            SELECT d.*
            FROM unnest(q.drugs, q.weights) WITH ORDINALITY d (drug_id, weight, n)
            CROSS JOIN LATERAL (
                SELECT x.price_fen FROM prices_offer x
                WHERE x.drug_id = d.drug_id AND x.cell = c.cell AND x.state = 1 ORDER BY x.price_fen LIMIT 1
            ) lowest
            WHERE cap IS NULL OR lowest.price_fen * d.weight < cap
            ORDER BY lowest.price_fen * d.weight LIMIT 1
        ) d
        CROSS JOIN LATERAL (
            SELECT w FROM search_offered(q, d.drug_id, d.weight, d.n, c.cell, 0, search_at_most(cap - 1, d.weight), NULL) w
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
    RETURN QUERY SELECT * FROM search_frontier_among(q, near || lows || ARRAY(
        SELECT w
        FROM unnest(q.drugs, q.weights) WITH ORDINALITY d (drug_id, weight, n)
        CROSS JOIN unnest(q.cells, caps) c (cell, cap)
        CROSS JOIN LATERAL search_offered(
            q, d.drug_id, d.weight, d.n, c.cell, 0, search_at_most(c.cap - 1, d.weight), NULL
        ) w
        WHERE w.distance >= edge AND NOT w.stale
    ));
END $$;
