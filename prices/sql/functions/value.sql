-- Answers: offers by what the line and the way there cost together, then distance, pharmacy, drug: fresh ones first.
-- Plan: the offers of the nearest pharmacies and the cheapest ones bound what the page's last row can cost. Under that
--   bound a cell's prices are capped by how far away its nearest point is; everything under the caps is read.
-- Relies on: as search_nearest_walk and search_cell_walk.
CREATE FUNCTION search_value(q search_question) RETURNS SETOF search_row
LANGUAGE plpgsql STABLE ROWS 20
SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_memoize = off
AS $$
#variable_conflict use_column
DECLARE
    old boolean;
    got int;
    missing int := q.rows;
    bound float8;
    ask search_question := q;
BEGIN
    ask.first_page := true;
    ask.after_stale := false;
    FOREACH old IN ARRAY ARRAY[false, true] LOOP
        CONTINUE WHEN q.after_stale AND NOT old;
        bound := NULL;
        IF q.first_page AND NOT old THEN
            ask.rows := missing;
            SELECT k.total INTO bound
            FROM (
                SELECT DISTINCT w.pharmacy_id, w.drug_id, search_total(q, w.price_key, w.distance) AS total
                FROM (
                    SELECT * FROM search_nearest_walk(ask) UNION ALL SELECT * FROM search_cell_walk(ask)
                ) w
                WHERE NOT w.stale
            ) k
            ORDER BY k.total OFFSET missing - 1 LIMIT 1;
        END IF;
        RETURN QUERY
        SELECT f.pharmacy_id, f.drug_id, f.n, f.price_fen, f.price_key, f.stock, f.generated, f.as_of, f.stale, f.distance
        FROM (
            SELECT w.*, search_total(q, w.price_key, w.distance) AS total,
                row_number() OVER (PARTITION BY w.pharmacy_id ORDER BY w.price_key, w.n) AS place
            FROM unnest(q.drugs, q.weights) WITH ORDINALITY d (drug_id, weight, n)
            CROSS JOIN unnest(q.cells, q.reach_m) c (cell, reach_m)
            CROSS JOIN LATERAL search_offered(
                q, d.drug_id, d.weight, d.n, c.cell,
                search_at_most(search_key_within(q, bound - c.reach_m * q.fen_per_m), d.weight), NULL
            ) w
            WHERE w.stale = old AND ((q.first_page AND NOT old) OR search_is_best(q, w))
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
