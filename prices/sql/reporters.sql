-- Answers: how shops stand with their reports at a moment, the longest behind first: until when the newest report counts
--   as fresh (`due`); `on_time`, `late` (due is past), `silent` (its prices are hidden, or the feed is switched off) or
--   `never`. Only shops in one of the `states` come, and besides one of every area and state, each with `n`, how many
--   there are like it, and whether it was `wanted`.
-- Reads `told`: the shops and their newest reports, of `reporters_now.sql` or `reporters_past.sql`.
-- Plan: theirs; then all are looked at, as rows of shops nobody asked for would cost more than the look.
-- Parameters: states, at, stale_after, hidden_after (× cadence).
SELECT s.id, s.code, s.name, s.phone, s.address, r.name AS area, r.code AS area_code, coalesce(c.name, '') AS chain,
    s.feed, s.as_of, s.due, s.state, s.n, s.is_first, s.state = ANY (%(states)s) AS wanted
FROM (
    SELECT *, count(*) OVER (PARTITION BY insurance_area_id, state) AS n,
        row_number() OVER (PARTITION BY insurance_area_id, state) = 1 AS is_first
    FROM (
        SELECT *, as_of + cadence * %(stale_after)s AS due,
            CASE WHEN as_of IS NULL THEN 'never'
                WHEN NOT active OR %(at)s > as_of + cadence * %(hidden_after)s THEN 'silent'
                WHEN %(at)s > as_of + cadence * %(stale_after)s THEN 'late'
                ELSE 'on_time' END AS state
        FROM told
    ) shop
) s
JOIN pharmacies_region r ON r.id = s.insurance_area_id
LEFT JOIN pharmacies_chain c ON c.id = s.chain_id
WHERE s.is_first OR s.state = ANY (%(states)s)
ORDER BY s.due NULLS FIRST, s.code COLLATE "C"
