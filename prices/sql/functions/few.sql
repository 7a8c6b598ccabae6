-- Answers: as search_value and search_frontier.
-- Plan: of drugs that few pharmacies carry every offer is read (search_drug_first) and put in order.
-- Relies on: as search_drug_first.

-- All offers of the question, whatever its page.
CREATE FUNCTION search_all_of_few(q search_question) RETURNS SETOF search_row
LANGUAGE plpgsql STABLE ROWS 100 AS $$
BEGIN
    q.rows := 2147483647;
    q.first_page := true;
    q.after_stale := false;
    q.after_price := -1;
    q.after_distance := -1;
    q.after_code := '';
    q.after_n := 0;
    RETURN QUERY SELECT * FROM search_drug_first(q, false);
END $$;

CREATE FUNCTION search_value_of_few(q search_question) RETURNS SETOF search_row
LANGUAGE plpgsql STABLE ROWS 20 AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT f.pharmacy_id, f.drug_id, f.n, f.price_fen, f.price_key, f.stock, f.generated, f.as_of, f.stale, f.distance
    FROM (
        SELECT w.*, search_total(q, w.price_key, w.distance) AS total, p.code COLLATE "C" AS code
        FROM search_all_of_few(q) w
        JOIN pharmacies_pharmacy p ON p.id = w.pharmacy_id
    ) f
    WHERE q.first_page OR (f.stale, f.total, f.distance, f.code, f.n)
        > (q.after_stale, search_total(q, q.after_price, q.after_distance), q.after_distance, q.after_code, q.after_n)
    ORDER BY f.stale, f.total, f.distance, f.code, f.n
    LIMIT q.rows;
END $$;

CREATE FUNCTION search_frontier_of_few(q search_question) RETURNS SETOF search_row
LANGUAGE plpgsql STABLE ROWS 20 AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT e.pharmacy_id, e.drug_id, e.n, e.price_fen, e.price_key, e.stock, e.generated, e.as_of, e.stale, e.distance
    FROM (
        SELECT w.*, min(w.price_key) OVER (ORDER BY w.distance RANGE UNBOUNDED PRECEDING EXCLUDE GROUP) AS nearer,
            min(w.price_key) OVER (PARTITION BY w.distance) AS here
        FROM search_all_of_few(q) w
        WHERE NOT w.stale
    ) e
    JOIN pharmacies_pharmacy p ON p.id = e.pharmacy_id
    WHERE e.price_key = e.here AND (e.nearer IS NULL OR e.price_key < e.nearer)
    ORDER BY e.distance, e.price_key, p.code COLLATE "C", e.n;
END $$;
