-- Answers: the designated retail pharmacies that the areas manage, and their newest report as things are known now: whose
--   it was, that feed's cadence, and whether it is still switched on. Of several feeds the one that keeps the shop fresh
--   longest counts, one that is switched off last. Half of an answer: `reporters.sql` reads it as `told`.
-- Plan: 30,000 shops and their marks; a county's by index.
-- Parameters: areas (ids of insurance areas), stale_after (× cadence).
-- Relies on: the primary key of prices_pharmacyfeed.
SELECT p.id, p.code, p.name, p.phone, p.address, p.chain_id, p.insurance_area_id, newest.feed, newest.as_of,
    newest.cadence, newest.active
FROM pharmacies_pharmacytoday t
JOIN pharmacies_pharmacy p ON p.id = t.pharmacy_id
LEFT JOIN LATERAL (
    SELECT coalesce(nullif(f.name, ''), f.slug) AS feed, f.cadence, f.active,
        GREATEST(m.as_of, m.snapshot_as_of) AS as_of
    FROM prices_pharmacyfeed m
    JOIN prices_feed f ON f.id = m.feed_id
    WHERE m.pharmacy_id = p.id
    ORDER BY f.active DESC, GREATEST(m.as_of, m.snapshot_as_of) + f.cadence * %(stale_after)s DESC, f.id
    LIMIT 1
) newest ON true
WHERE t.ranked AND t.kind = 'pharmacy' AND p.insurance_area_id = ANY (%(areas)s)
