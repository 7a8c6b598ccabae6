-- Answers: where few pharmacies can pass (a small region, 双通道, open at night, hospitals only), what they sell.
-- Plan: those pharmacies by an index that holds just them, each one's offers probed by their key.
-- Relies on: pharmacytoday_cell, pharmacytoday_dual_channel, pharmacytoday_night, pharmacytoday_institution and the key of
--   prices_offer (drug_id, pharmacy_id).

CREATE FUNCTION search_few_shops(q search_question)
RETURNS TABLE (pharmacy_id int, kind text, area_ids bigint[], distance float8)
LANGUAGE plpgsql STABLE ROWS 1000
SET plan_cache_mode = force_generic_plan SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
BEGIN
    CASE q.source
        WHEN 'dual_channel' THEN
            RETURN QUERY SELECT s.* FROM pharmacies_pharmacytoday p CROSS JOIN LATERAL search_shop_of(q, p) s
            WHERE p.designations & 2 <> 0;
        WHEN 'night' THEN
            RETURN QUERY SELECT s.* FROM pharmacies_pharmacytoday p CROSS JOIN LATERAL search_shop_of(q, p) s
            WHERE p.night;
        WHEN 'institutions' THEN
            RETURN QUERY SELECT s.* FROM pharmacies_pharmacytoday p CROSS JOIN LATERAL search_shop_of(q, p) s
            WHERE p.kind <> 'pharmacy';
        ELSE
            RETURN QUERY SELECT s.* FROM unnest(q.cells) c (cell)
            CROSS JOIN LATERAL (SELECT * FROM pharmacies_pharmacytoday p WHERE p.cell = c.cell OFFSET 0) p
            CROSS JOIN LATERAL search_shop_of(q, p) s;
    END CASE;
END $$;

-- All they sell.
CREATE FUNCTION search_few_pharmacies(q search_question) RETURNS SETOF search_row
LANGUAGE plpgsql STABLE ROWS 100
SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_memoize = off
AS $$
BEGIN
    RETURN QUERY
    SELECT best.* FROM search_few_shops(q) t
    CROSS JOIN LATERAL search_sold(q, t.pharmacy_id, t.kind, t.area_ids, t.distance) best;
END $$;

-- The nearest of it: no pharmacy is asked once the page is full.
CREATE FUNCTION search_nearest_of_few(q search_question) RETURNS SETOF search_row
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
BEGIN
    FOREACH old IN ARRAY ARRAY[false, true] LOOP
        CONTINUE WHEN q.after_stale AND NOT old;
        RETURN QUERY
        SELECT w.*
        FROM (
            SELECT best.*
            FROM (SELECT * FROM search_few_shops(q) s ORDER BY s.distance) t
            CROSS JOIN LATERAL search_sold(q, t.pharmacy_id, t.kind, t.area_ids, t.distance) best
            WHERE best.stale = old AND search_is_farther(q, best)
            ORDER BY t.distance
            FETCH FIRST missing ROWS WITH TIES
        ) w
        JOIN pharmacies_pharmacy p ON p.id = w.pharmacy_id
        ORDER BY w.distance, w.price_key, p.code COLLATE "C", w.n
        LIMIT missing;
        GET DIAGNOSTICS got = ROW_COUNT;
        missing := missing - got;
        EXIT WHEN missing <= 0;
    END LOOP;
END $$;
