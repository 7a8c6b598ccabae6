-- Answers: offers by what the line and the way there cost together, then distance, pharmacy, drug: fresh ones first.
-- Plan: the nearest offers and the cheapest of the nearest cells bound what the page's last row can cost, and so which cells
--   can still win; where these are more, the cheapest of all of them bound it better. Under that bound a cell's prices are capped by how far away its nearest point is; everything
--   under the caps is read.
-- Relies on: as search_nearest_walk and search_price_walk.

-- What the page's last row costs at most, of offers that are known; NULL where they do not fill it.
CREATE FUNCTION search_bound(q search_question, known search_row[]) RETURNS float8
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT k.total
    FROM (
        SELECT DISTINCT w.pharmacy_id, w.drug_id, search_total(q, w.price_key, w.distance) AS total
        FROM unnest(known) w WHERE NOT w.stale
    ) k
    ORDER BY k.total OFFSET q.rows - 1 LIMIT 1
$$;

CREATE FUNCTION search_value(q search_question) RETURNS SETOF search_row
LANGUAGE plpgsql STABLE ROWS 20
SET plan_cache_mode = force_generic_plan SET jit = off SET max_parallel_workers_per_gather = 0
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_memoize = off
AS $$
#variable_conflict use_column
DECLARE
    old boolean;
    got int;
    missing int := q.rows;
    known search_row[];
    bound float8;
    cells int;
    ask search_question := q;
BEGIN
    FOREACH old IN ARRAY ARRAY[false, true] LOOP
        CONTINUE WHEN q.after_stale AND NOT old;
        bound := NULL;
        IF q.first_page AND NOT old THEN
            known := ARRAY(SELECT w FROM search_nearest_walk(q) w);
            bound := search_bound(q, known);
            FOREACH cells IN ARRAY ARRAY[3, cardinality(q.cells)] LOOP
                ask.cells := ARRAY(
                    SELECT c.cell FROM unnest(q.cells[:cells], q.reach_m[:cells]) c (cell, reach_m)
                    WHERE bound IS NULL OR c.reach_m * q.fen_per_m < bound
                );
                EXIT WHEN cells > 3 AND cardinality(ask.cells) <= 3;
                known := known || ARRAY(SELECT w FROM search_price_walk(ask, false) w);
                bound := search_bound(q, known);
            END LOOP;
        END IF;
        RETURN QUERY
        SELECT f.pharmacy_id, f.drug_id, f.n, f.price_fen, f.price_key, f.stock, f.generated, f.as_of, f.stale, f.distance
        FROM (
            SELECT w.*, search_total(q, w.price_key, w.distance) AS total,
                row_number() OVER (PARTITION BY w.pharmacy_id ORDER BY w.price_key, w.n) AS place
            FROM unnest(q.drugs, q.weights) WITH ORDINALITY d (drug_id, weight, n)
            CROSS JOIN unnest(q.cells, q.reach_m) c (cell, reach_m)
            CROSS JOIN LATERAL search_offered(
                q, d.drug_id, d.weight, d.n, c.cell, 0,
                search_at_most(search_key_within(q, bound - c.reach_m * q.fen_per_m), d.weight), bound
            ) w
            WHERE (bound IS NULL OR c.reach_m * q.fen_per_m <= bound)
                AND w.stale = old AND ((q.first_page AND NOT old) OR search_is_best(q, w))
        ) f
        JOIN pharmacies_pharmacy p ON p.id = f.pharmacy_id
        WHERE (f.place = 1 OR NOT q.per_pharmacy)
            AND (q.first_page OR old AND NOT q.after_stale
                OR (f.total, f.distance, p.code COLLATE "C", f.n)
                    > (search_total(q, q.after_price, q.after_distance), q.after_distance, q.after_code, q.after_n))
        ORDER BY f.total, f.distance, p.code COLLATE "C", f.n
        LIMIT missing;
        GET DIAGNOSTICS got = ROW_COUNT;
        missing := missing - got;
        EXIT WHEN missing <= 0;
    END LOOP;
END $$;
