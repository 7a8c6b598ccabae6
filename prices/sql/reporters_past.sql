-- Answers: what `reporters.sql` answers, as it was at a moment in the past: of the shops that were designated and in good
--   standing on that day by what is known today, and of the reports that had been received by then. A report older than
--   `oldest` is none.
-- Parameters: areas (ids of insurance areas), at, day (the same in Shanghai), oldest, stale_after, hidden_after.
-- Relies on: the foreign-key index of prices_runpharmacy on pharmacy_id.
WITH received AS MATERIALIZED (
    SELECT id, feed_id FROM prices_feedrun WHERE received_at BETWEEN %(oldest)s AND %(at)s
)
SELECT p.id, p.code, p.name, p.phone, p.address, r.name AS area, r.code AS area_code, coalesce(c.name, '') AS chain,
    told.feed, told.active, told.as_of,
    told.as_of + told.cadence * %(stale_after)s AS due,
    told.as_of + told.cadence * %(hidden_after)s AS hidden
FROM pharmacies_pharmacy p
JOIN pharmacies_region r ON r.id = p.insurance_area_id
LEFT JOIN pharmacies_chain c ON c.id = p.chain_id
LEFT JOIN (
    SELECT DISTINCT ON (said.pharmacy_id) said.pharmacy_id, coalesce(nullif(f.name, ''), f.slug) AS feed, f.cadence,
        true AS active, said.as_of
    FROM (
        SELECT rp.pharmacy_id, run.feed_id, max(rp.as_of) AS as_of
        FROM received run
        JOIN prices_runpharmacy rp ON rp.run_id = run.id
        WHERE rp.pharmacy_id IN (SELECT id FROM pharmacies_pharmacy WHERE insurance_area_id = ANY (%(areas)s))
        GROUP BY rp.pharmacy_id, run.feed_id
    ) said
    JOIN prices_feed f ON f.id = said.feed_id
    ORDER BY said.pharmacy_id, said.as_of + f.cadence * %(stale_after)s DESC, f.id
) told ON told.pharmacy_id = p.id
WHERE p.kind = 'pharmacy' AND p.insurance_area_id = ANY (%(areas)s)
    AND EXISTS (SELECT FROM pharmacies_designation d
        WHERE d.pharmacy_id = p.id AND d.kind = 'designated' AND d.valid @> %(day)s::date)
    AND coalesce((SELECT s.status FROM pharmacies_pharmacystatus s
        WHERE s.pharmacy_id = p.id AND s.valid @> %(day)s::date), 'normal') = 'normal'
ORDER BY due NULLS FIRST, p.code COLLATE "C"
