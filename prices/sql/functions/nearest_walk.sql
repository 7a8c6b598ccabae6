-- Answers: the nearest offers: fresh ones first, then stale ones, each group by distance, price, pharmacy, drug.
-- Plan: pharmacies outward from the origin, each one's offers probed by their key, until the page is full. A second key
--   of order would switch the walk off, so it is cut WITH TIES by distance alone and ordered fully outside.
-- Relies on: pharmacytoday_location (GiST, ordered by <->) and the key of prices_offer (drug_id, pharmacy_id).
CREATE FUNCTION search_nearest_walk(q search_question) RETURNS SETOF search_row
LANGUAGE plpgsql STABLE ROWS 20
SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_sort = off SET enable_memoize = off
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
            FROM (
                SELECT p.pharmacy_id, p.kind, p.area_ids, p.location <-> q.origin AS distance
                FROM pharmacies_pharmacytoday p
                WHERE p.location && q.box AND search_passes(q, p)
                ORDER BY p.location <-> q.origin
            ) t
            CROSS JOIN LATERAL search_sold(q, t.pharmacy_id, t.kind, t.area_ids, t.distance) best
            WHERE t.distance <= q.radius_m AND best.stale = old AND search_is_farther(q, best)
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
