-- Answers: of drugs that few pharmacies carry, all that passes.
-- Plan: every live offer of the drugs, each one's pharmacy looked up.
-- Relies on: offer_cheapest (drug_id, price_fen; live offers) and the key of pharmacies_pharmacytoday.
CREATE FUNCTION search_few_offers(q search_question) RETURNS SETOF search_row
LANGUAGE plpgsql STABLE ROWS 100
SET plan_cache_mode = force_generic_plan SET jit = off SET max_parallel_workers_per_gather = 0
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_memoize = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT w.pharmacy_id, w.drug_id, w.n, w.price_fen, w.price_key, w.stock, w.generated, w.as_of, w.stale, w.distance
    FROM (
        SELECT o.*, row_number() OVER (PARTITION BY o.pharmacy_id ORDER BY o.stale, o.price_key, o.n) AS place
        FROM unnest(q.drugs, q.weights) WITH ORDINALITY d (drug_id, weight, n)
        CROSS JOIN LATERAL search_offered_anywhere(q, d.drug_id, d.weight, d.n, 0, 2147483647) o
    ) w
    WHERE w.place = 1 OR NOT q.per_pharmacy;
END $$;
