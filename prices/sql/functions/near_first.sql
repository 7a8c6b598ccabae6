-- Answers: offers at few pharmacies, by price or by distance: fresh ones first, then stale ones.
-- Plan: every pharmacy of the cells (for 双通道, of the few that are so designated), each one's offers probed by their key.
-- Relies on: pharmacytoday_cell, pharmacytoday_dual_channel and the key of prices_offer (drug_id, pharmacy_id).
CREATE FUNCTION search_near_first(q search_question, by_price boolean) RETURNS SETOF search_row
LANGUAGE plpgsql STABLE ROWS 20
SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_memoize = off
AS $$
#variable_conflict use_column
DECLARE
    shops int[];
BEGIN
    IF q.designations & 2 <> 0 THEN
        shops := ARRAY(SELECT p.pharmacy_id FROM pharmacies_pharmacytoday p WHERE p.designations & 2 <> 0);
    ELSE
        shops := ARRAY(
            SELECT p.pharmacy_id FROM unnest(q.cells) c (cell) JOIN pharmacies_pharmacytoday p USING (cell)
            WHERE search_passes(q, p)
        );
    END IF;
    RETURN QUERY
    SELECT best.*
    FROM unnest(shops) shop (id)
    CROSS JOIN LATERAL (
        SELECT t.kind, t.area_ids, COALESCE(t.location <-> q.origin, 0) AS distance
        FROM pharmacies_pharmacytoday t
        WHERE t.pharmacy_id = shop.id AND search_passes(q, t)
        OFFSET 0
    ) t
    CROSS JOIN LATERAL search_sold(q, shop.id, t.kind, t.area_ids, t.distance) best
    JOIN pharmacies_pharmacy p ON p.id = best.pharmacy_id
    WHERE t.distance <= q.radius_m
        AND (best.stale, CASE WHEN by_price THEN best.price_key ELSE 0 END, best.distance, best.price_key,
                p.code COLLATE "C", best.n)
            > (q.after_stale, CASE WHEN by_price THEN q.after_price ELSE 0 END, q.after_distance, q.after_price,
                q.after_code, q.after_n)
    ORDER BY best.stale, CASE WHEN by_price THEN best.price_key END, best.distance, best.price_key,
        p.code COLLATE "C", best.n
    LIMIT q.rows;
END $$;
