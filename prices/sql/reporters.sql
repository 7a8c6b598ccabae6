-- Answers: how the designated retail pharmacies that the areas manage stand with their reports at a moment, the longest
--   behind first: the newest report, whose it was, until when that counts as fresh; `on_time`, `late` (due is past),
--   `silent` (its prices are hidden, or the feed is switched off) or `never`. Of several feeds the one that keeps the shop
--   fresh longest counts, one that is switched off last. Only shops in one of the `states` come, and besides one of every
--   area and state, each with `n`, how many there are like it, and whether it was `wanted`.
-- Plan: 30,000 shops and their marks; a county's by index. Rows of shops nobody asked for would cost more than the look.
-- Parameters: areas (ids of insurance areas), states, at, stale_after, hidden_after (× cadence).
-- Relies on: the primary key of prices_pharmacyfeed.
WITH shop AS (
    SELECT p.id, p.code, p.name, p.phone, p.address, p.chain_id, p.insurance_area_id, told.feed, told.as_of,
        told.as_of + told.cadence * %(stale_after)s AS due,
        CASE WHEN told.as_of IS NULL THEN 'never'
            WHEN NOT told.active OR %(at)s > told.as_of + told.cadence * %(hidden_after)s THEN 'silent'
            WHEN %(at)s > told.as_of + told.cadence * %(stale_after)s THEN 'late'
            ELSE 'on_time' END AS state
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
    ) told ON true
    WHERE t.ranked AND t.kind = 'pharmacy' AND p.insurance_area_id = ANY (%(areas)s)
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
