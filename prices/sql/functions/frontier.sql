-- Answers: every fresh offer to which no other is both at least as near and at least as cheap, and better in one: by
--   distance, the nearest first, each cheaper than all before. Not cut by `rows`.
-- Plan: the offers of the nearest pharmacies give the lowest price nearby; only cheaper ones can follow them, and those are
--   read cell by cell. Where too many are cheaper, more of the nearest are asked first.
-- Relies on: as search_nearest_walk and search_cell_walk.
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
    cap numeric;
    ask search_question := q;
BEGIN
    FOREACH asked IN ARRAY ARRAY[60, 600] LOOP
        ask.rows := asked;
        near := ARRAY(SELECT w FROM search_nearest_walk(ask) w WHERE NOT w.stale);
        cap := (SELECT min(w.price_key) FROM unnest(near) w);
        EXIT WHEN cardinality(near) < asked OR (
            SELECT count(*) FROM (
                SELECT FROM unnest(q.drugs, q.weights) d (drug_id, weight)
                JOIN prices_offer x ON x.drug_id = d.drug_id AND x.state = 1
                    AND x.price_fen < LEAST(cap / d.weight, 2147483647)
                LIMIT 601
            ) cheaper
        ) <= 600;
    END LOOP;
    RETURN QUERY
    SELECT e.pharmacy_id, e.drug_id, e.n, e.price_fen, e.price_key, e.stock, e.generated, e.as_of, e.stale, e.distance
    FROM (
        SELECT c.*, min(c.price_key) OVER (ORDER BY c.distance RANGE UNBOUNDED PRECEDING EXCLUDE GROUP) AS nearer,
            min(c.price_key) OVER (PARTITION BY c.distance) AS here
        FROM (
            SELECT w.* FROM unnest(near) w
            UNION
            SELECT w.*
            FROM unnest(q.drugs, q.weights) WITH ORDINALITY d (drug_id, weight, n)
            CROSS JOIN unnest(q.cells) c (cell)
            CROSS JOIN LATERAL search_offered(
                q, d.drug_id, d.weight, d.n, c.cell, search_at_most(cap, d.weight), NULL
            ) w
            WHERE cardinality(near) >= asked AND w.price_key < cap AND NOT w.stale
        ) c
    ) e
    JOIN pharmacies_pharmacy p ON p.id = e.pharmacy_id
    WHERE e.price_key = e.here AND (e.nearer IS NULL OR e.price_key < e.nearer)
        AND (NOT q.per_pharmacy OR search_is_best(q, (e.pharmacy_id, e.drug_id, e.n, e.price_fen, e.price_key, e.stock,
            e.generated, e.as_of, e.stale, e.distance)::search_row))
    ORDER BY e.distance, e.price_key, p.code COLLATE "C", e.n;
END $$;
