-- Answers: as search_cell_walk.
-- Plan: the same over the whole province at once, for questions that touch most of it: each drug's live offers upward from
--   the lowest price, as many as the page has rows, cap the page; then everything up to the cap.
-- Relies on: offer_cheapest (drug_id, price_fen; live offers) and the key of pharmacies_pharmacytoday.
CREATE FUNCTION search_price_walk(q search_question) RETURNS SETOF search_row
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
    cap numeric;
BEGIN
    FOREACH old IN ARRAY ARRAY[false, true] LOOP
        CONTINUE WHEN q.after_stale AND NOT old;
        SELECT k.price_key INTO cap
        FROM (
            SELECT f.price_key, row_number() OVER (PARTITION BY f.pharmacy_id ORDER BY f.price_key) AS place
            FROM unnest(q.drugs, q.weights) WITH ORDINALITY d (drug_id, weight, n)
            CROSS JOIN LATERAL (
                SELECT w.pharmacy_id, w.price_key
                FROM search_offered_anywhere(q, d.drug_id, d.weight, d.n, 2147483647) w
                WHERE w.stale = old AND ((q.first_page AND NOT old) OR search_follows(q, w))
                ORDER BY w.price_fen
                LIMIT missing
            ) f
        ) k
        WHERE k.place = 1 OR NOT q.per_pharmacy
        ORDER BY k.price_key
        OFFSET missing - 1 LIMIT 1;
        RETURN QUERY
        SELECT f.pharmacy_id, f.drug_id, f.n, f.price_fen, f.price_key, f.stock, f.generated, f.as_of, f.stale, f.distance
        FROM (
            SELECT w.*, row_number() OVER (PARTITION BY w.pharmacy_id ORDER BY w.price_key, w.n) AS place
            FROM unnest(q.drugs, q.weights) WITH ORDINALITY d (drug_id, weight, n)
            CROSS JOIN LATERAL search_offered_anywhere(q, d.drug_id, d.weight, d.n, search_at_most(cap, d.weight)) w
            WHERE w.stale = old AND ((q.first_page AND NOT old) OR search_follows(q, w))
        ) f
        JOIN pharmacies_pharmacy p ON p.id = f.pharmacy_id
        WHERE f.place = 1 OR NOT q.per_pharmacy
        ORDER BY f.price_key, f.distance, p.code COLLATE "C", f.n
        LIMIT missing;
        GET DIAGNOSTICS got = ROW_COUNT;
        missing := missing - got;
        EXIT WHEN missing <= 0;
    END LOOP;
END $$;
