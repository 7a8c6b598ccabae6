-- Answers: how every designated retail pharmacy that the areas manage stood with its reports at a moment, the longest
--   behind first: its newest report, whose it was, until when that counted as fresh, and until when its prices are shown.
--   Of several feeds the one that keeps the shop fresh longest counts, one that is switched off last. Nulls for a shop
--   that never reported.
-- Plan: 30,000 shops and their marks, hashed; a county's by index.
-- Parameters: areas (ids of insurance areas), at, stale_after, hidden_after (× cadence).
-- Relies on: the primary key of prices_pharmacyfeed.
SELECT p.id, p.code, p.name, p.phone, p.address, r.name AS area, r.code AS area_code, coalesce(c.name, '') AS chain,
    told.feed, told.active, told.as_of,
    told.as_of + told.cadence * %(stale_after)s AS due,
    told.as_of + told.cadence * %(hidden_after)s AS hidden
FROM pharmacies_pharmacytoday t
JOIN pharmacies_pharmacy p ON p.id = t.pharmacy_id
JOIN pharmacies_region r ON r.id = p.insurance_area_id
LEFT JOIN pharmacies_chain c ON c.id = p.chain_id
LEFT JOIN LATERAL (
    SELECT coalesce(nullif(f.name, ''), f.slug) AS feed, f.cadence, f.active,
        GREATEST(m.as_of, m.snapshot_as_of) AS as_of
    FROM prices_pharmacyfeed m
    JOIN prices_feed f ON f.id = m.feed_id
    WHERE m.pharmacy_id = p.id
    ORDER BY f.active DESC, GREATEST(m.as_of, m.snapshot_as_of) + f.cadence * %(stale_after)s DESC, f.id
    LIMIT 1
) told ON true
WHERE t.ranked AND t.kind = 'pharmacy' AND p.insurance_area_id = ANY (%(areas)s)
ORDER BY due NULLS FIRST, p.code COLLATE "C"
