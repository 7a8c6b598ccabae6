-- Answers: what `reporters_now.sql` answers, as it was at a moment in the past: of the shops that were designated and in
--   good standing on that day by what is known today, and of the reports that had been received by then. A report older
--   than `oldest` is none, and of a shop's last four the one that keeps it fresh longest counts. Whether a feed was
--   switched on then is not known.
-- Plan: four steps back in the index for each shop.
-- Parameters: areas (ids of insurance areas), at, day (the same in Shanghai), oldest, stale_after (× cadence).
-- Relies on: run_of_pharmacy.
WITH span AS MATERIALIZED (
    SELECT min(id) AS first, max(id) AS last FROM prices_feedrun WHERE received_at BETWEEN %(oldest)s AND %(at)s
), newest AS (
    SELECT DISTINCT ON (rp.pharmacy_id) rp.pharmacy_id, coalesce(nullif(f.name, ''), f.slug) AS feed, f.cadence,
        rp.as_of
    FROM (
        SELECT last_four.*
        FROM pharmacies_pharmacy p
        CROSS JOIN span
        CROSS JOIN LATERAL (
            SELECT pharmacy_id, run_id, as_of FROM prices_runpharmacy
            WHERE pharmacy_id = p.id AND run_id BETWEEN span.first AND span.last
            ORDER BY run_id DESC LIMIT 4
        ) last_four
        WHERE p.insurance_area_id = ANY (%(areas)s)
    ) rp
    JOIN prices_feedrun run ON run.id = rp.run_id AND run.received_at BETWEEN %(oldest)s AND %(at)s
    JOIN prices_feed f ON f.id = run.feed_id
    ORDER BY rp.pharmacy_id, rp.as_of + f.cadence * %(stale_after)s DESC, f.id
)
SELECT p.id, p.code, p.name, p.phone, p.address, p.chain_id, p.insurance_area_id, newest.feed, newest.as_of,
    newest.cadence, true AS active
FROM pharmacies_pharmacy p
LEFT JOIN newest ON newest.pharmacy_id = p.id
WHERE p.kind = 'pharmacy' AND p.insurance_area_id = ANY (%(areas)s)
    AND EXISTS (SELECT FROM pharmacies_designation d
        WHERE d.pharmacy_id = p.id AND d.kind = 'designated' AND d.valid @> %(day)s::date)
    AND NOT EXISTS (SELECT FROM pharmacies_pharmacystatus s
        WHERE s.pharmacy_id = p.id AND s.valid @> %(day)s::date AND s.status <> 'normal')
