-- Answers: the cheapest offers: fresh ones first, then stale ones, each group by price, distance, pharmacy, drug.
-- Plan: first a cap. Of every drug in every cell that the question touches the lowest price is looked up; the lists that
--   begin lowest are read a little. Any so many pharmacies found there cap the page, for it can only have cheaper ones.
--   Then everything up to the cap, ties and all: distance decides among them. From the second page on an offer must be
--   proved its pharmacy's best (`search_follows`), since the better one may have stood on an earlier page.
-- Relies on: offer_cell (drug_id, cell, price_fen; live offers) and the key of pharmacies_pharmacytoday.
CREATE FUNCTION search_cell_walk(q search_question) RETURNS SETOF search_row
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
    lists int;
BEGIN
    FOREACH old IN ARRAY ARRAY[false, true] LOOP
        CONTINUE WHEN q.after_stale AND NOT old;
        -- Where the lowest lists hold too few that pass, all lists are read; no cap even so: everything fits on the page.
        FOREACH lists IN ARRAY ARRAY[24, NULL] LOOP
            SELECT k.price_key INTO cap
            FROM (
                SELECT f.price_key, row_number() OVER (PARTITION BY f.pharmacy_id ORDER BY f.price_key) AS place
                FROM (
                    SELECT d.*, c.cell
                    FROM unnest(q.drugs, q.weights) WITH ORDINALITY d (drug_id, weight, n)
                    CROSS JOIN unnest(q.cells) c (cell)
                    CROSS JOIN LATERAL (
                        SELECT x.price_fen FROM prices_offer x
                        WHERE x.drug_id = d.drug_id AND x.cell = c.cell AND x.state = 1
                        ORDER BY x.price_fen LIMIT 1
                    ) lowest
                    ORDER BY lowest.price_fen * d.weight
                    LIMIT lists
                ) d
                CROSS JOIN LATERAL (
                    SELECT w.pharmacy_id, w.price_key
                    FROM search_offered(
                        q, d.drug_id, d.weight, d.n, d.cell, 2147483647, CASE WHEN lists IS NOT NULL THEN 3 * missing END
                    ) w
                    WHERE w.stale = old AND ((q.first_page AND NOT old) OR search_follows(q, w))
                    ORDER BY w.price_fen
                    LIMIT missing
                ) f
            ) k
            WHERE k.place = 1 OR NOT q.per_pharmacy
            ORDER BY k.price_key
            OFFSET missing - 1 LIMIT 1;
            EXIT WHEN cap IS NOT NULL;
        END LOOP;
        RETURN QUERY
        SELECT f.pharmacy_id, f.drug_id, f.n, f.price_fen, f.price_key, f.stock, f.generated, f.as_of, f.stale, f.distance
        FROM (
            SELECT w.*, row_number() OVER (PARTITION BY w.pharmacy_id ORDER BY w.price_key, w.n) AS place
            FROM unnest(q.drugs, q.weights) WITH ORDINALITY d (drug_id, weight, n)
            CROSS JOIN unnest(q.cells) c (cell)
            CROSS JOIN LATERAL search_offered(
                q, d.drug_id, d.weight, d.n, c.cell, search_at_most(cap, d.weight), NULL
            ) w
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
