-- Answers: what `reporters.sql` answers, as it was at a moment in the past: of the shops that were designated and in good
--   standing on that day by what is known today, and of the reports that had been received by then. A report older than
--   `oldest` is none, and of a shop's last four the one that keeps it fresh longest counts.
-- Plan: four steps back in the index for each shop.
-- Parameters: areas (ids of insurance areas), states, at, day (the same in Shanghai), oldest, stale_after, hidden_after.
-- Relies on: run_of_pharmacy.
WITH span AS MATERIALIZED (
    SELECT min(id) AS first, max(id) AS last FROM prices_feedrun WHERE received_at BETWEEN %(oldest)s AND %(at)s
), told AS (
    SELECT DISTINCT ON (newest.pharmacy_id) newest.pharmacy_id, coalesce(nullif(f.name, ''), f.slug) AS feed, f.cadence,
        newest.as_of
    FROM (
        SELECT rp.*
        FROM pharmacies_pharmacy p
        CROSS JOIN span
        CROSS JOIN LATERAL (
            SELECT pharmacy_id, run_id, as_of FROM prices_runpharmacy
            WHERE pharmacy_id = p.id AND run_id BETWEEN span.first AND span.last
            ORDER BY run_id DESC LIMIT 4
        ) rp
        WHERE p.insurance_area_id = ANY (%(areas)s)
    ) newest
    JOIN prices_feedrun run ON run.id = newest.run_id AND run.received_at BETWEEN %(oldest)s AND %(at)s
    JOIN prices_feed f ON f.id = run.feed_id
    ORDER BY newest.pharmacy_id, newest.as_of + f.cadence * %(stale_after)s DESC, f.id
), shop AS (
    SELECT p.id, p.code, p.name, p.phone, p.address, p.chain_id, p.insurance_area_id, told.feed, told.as_of,
        told.as_of + told.cadence * %(stale_after)s AS due,
        CASE WHEN told.as_of IS NULL THEN 'never'
            WHEN %(at)s > told.as_of + told.cadence * %(hidden_after)s THEN 'silent'
            WHEN %(at)s > told.as_of + told.cadence * %(stale_after)s THEN 'late'
            ELSE 'on_time' END AS state
    FROM pharmacies_pharmacy p
    LEFT JOIN told ON told.pharmacy_id = p.id
    WHERE p.kind = 'pharmacy' AND p.insurance_area_id = ANY (%(areas)s)
        AND EXISTS (SELECT FROM pharmacies_designation d
            WHERE d.pharmacy_id = p.id AND d.kind = 'designated' AND d.valid @> %(day)s::date)
        AND NOT EXISTS (SELECT FROM pharmacies_pharmacystatus s
            WHERE s.pharmacy_id = p.id AND s.valid @> %(day)s::date AND s.status <> 'normal')
), counted AS (
    SELECT *, count(*) OVER (PARTITION BY insurance_area_id, state) AS n,
        row_number() OVER (PARTITION BY insurance_area_id, state) = 1 AS is_first
    FROM shop
)
SELECT s.id, s.code, s.name, s.phone, s.address, r.name AS area, r.code AS area_code, coalesce(c.name, '') AS chain,
    s.feed, s.as_of, s.due, s.state, s.n, s.is_first, s.state = ANY (%(states)s) AS wanted
FROM counted s
JOIN pharmacies_region r ON r.id = s.insurance_area_id
LEFT JOIN pharmacies_chain c ON c.id = s.chain_id
WHERE s.is_first OR s.state = ANY (%(states)s)
ORDER BY s.due NULLS FIRST, s.code COLLATE "C"
