-- Answers: the cheapest offers: fresh ones first, then stale ones, each group by price, distance, pharmacy, drug.
-- Plan: guess and verify. The lists of prices of the drugs in the cells that the question touches (`whole`: of the drugs in
--   the province) are looked at from below, without asking who passes, for a price that three times the page's rows do
--   not exceed (more where a filter leaves few). Everything up to that price is read, ties and all: distance decides among them. Where too few of it pass,
--   the guess is raised; no cap in the end. From the second page on an offer must be proved its pharmacy's best
--   (`search_follows`), since the better one may have stood on an earlier page.
-- Relies on: offer_cell (drug_id, cell, price_fen), offer_cheapest (drug_id, price_fen; both of live offers) and the key of
--   pharmacies_pharmacytoday.

-- The price to compare by up to which the lists have `most` offers; NULL where they have not so many.
CREATE FUNCTION search_guess(q search_question, whole boolean, at_least numeric, most int) RETURNS numeric
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan SET jit = off SET max_parallel_workers_per_gather = 0
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_memoize = off
AS $$
DECLARE
    lists int := cardinality(q.drugs) * CASE WHEN whole THEN 1 ELSE cardinality(q.cells) END;
    -- Of many rows one list alone has not all: a guess may be too high.
    each int := LEAST(most, GREATEST(100, 8 * most / GREATEST(lists, 1)));
    cap numeric;
BEGIN
    -- The offer looked for is in one of the `most` lists that begin lowest.
    IF whole THEN
        SELECT o.price_fen * d.weight INTO cap
        FROM unnest(q.drugs, q.weights) d (drug_id, weight)
        CROSS JOIN LATERAL (
            SELECT x.price_fen FROM prices_offer x
            WHERE x.drug_id = d.drug_id AND x.state = 1 AND x.price_fen >= search_at_least(at_least, d.weight)
            ORDER BY x.price_fen LIMIT each
        ) o
        ORDER BY 1 OFFSET most - 1 LIMIT 1;
    ELSE
        SELECT o.price_fen * l.weight INTO cap
        FROM (
            SELECT d.drug_id, d.weight, c.cell
            FROM unnest(q.drugs, q.weights) d (drug_id, weight)
            CROSS JOIN unnest(q.cells) c (cell)
            CROSS JOIN LATERAL (
                SELECT x.price_fen FROM prices_offer x
                WHERE x.drug_id = d.drug_id AND x.cell = c.cell AND x.state = 1
                    AND x.price_fen >= search_at_least(at_least, d.weight)
                ORDER BY x.price_fen LIMIT 1
            ) lowest
            ORDER BY lowest.price_fen * d.weight LIMIT most
        ) l
        CROSS JOIN LATERAL (
            SELECT x.price_fen FROM prices_offer x
            WHERE x.drug_id = l.drug_id AND x.cell = l.cell AND x.state = 1
                AND x.price_fen >= search_at_least(at_least, l.weight)
            ORDER BY x.price_fen LIMIT each
        ) o
        ORDER BY 1 OFFSET most - 1 LIMIT 1;
    END IF;
    RETURN cap;
END $$;

CREATE FUNCTION search_price_walk(q search_question, whole boolean) RETURNS SETOF search_row
LANGUAGE plpgsql STABLE ROWS 20
SET plan_cache_mode = force_generic_plan SET jit = off SET max_parallel_workers_per_gather = 0
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_memoize = off
AS $$
#variable_conflict use_column
DECLARE
    old boolean;
    often int;
    got int;
    missing int := q.rows;
    cap numeric;
    beyond numeric;
    page search_row[];
BEGIN
    FOREACH old IN ARRAY ARRAY[false, true] LOOP
        CONTINUE WHEN q.after_stale AND NOT old;
        beyond := CASE WHEN q.first_page OR old <> q.after_stale THEN 0 ELSE q.after_price END;
        FOREACH often IN ARRAY ARRAY[3, 15, NULL] LOOP
            cap := CASE WHEN often IS NOT NULL THEN search_guess(q, whole, beyond, ceil(often * missing / q.share)::int) END;
            page := ARRAY(
                SELECT w
                FROM unnest(q.drugs, q.weights) WITH ORDINALITY d (drug_id, weight, n)
                CROSS JOIN LATERAL search_offered_anywhere(
                    q, d.drug_id, d.weight, d.n, search_at_least(beyond, d.weight), search_at_most(cap, d.weight)
                ) w
                WHERE whole AND w.stale = old AND ((q.first_page AND NOT old) OR search_follows(q, w))
                UNION ALL
                SELECT w
                FROM unnest(q.drugs, q.weights) WITH ORDINALITY d (drug_id, weight, n)
                CROSS JOIN unnest(q.cells) c (cell)
                CROSS JOIN LATERAL search_offered(
                    q, d.drug_id, d.weight, d.n, c.cell, search_at_least(beyond, d.weight), search_at_most(cap, d.weight),
                    NULL
                ) w
                WHERE NOT whole AND w.stale = old AND ((q.first_page AND NOT old) OR search_follows(q, w))
            );
            EXIT WHEN cap IS NULL OR missing <= CASE WHEN q.per_pharmacy
                THEN (SELECT count(DISTINCT w.pharmacy_id) FROM unnest(page) w) ELSE cardinality(page) END;
        END LOOP;
        RETURN QUERY
        SELECT f.pharmacy_id, f.drug_id, f.n, f.price_fen, f.price_key, f.stock, f.generated, f.as_of, f.stale, f.distance
        FROM (
            SELECT w.*, row_number() OVER (PARTITION BY w.pharmacy_id ORDER BY w.price_key, w.n) AS place
            FROM unnest(page) w
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
