-- Settlements dearer than the shelf: of those that came in from %(since)s to before %(until)s, however long after the
-- settling, and were settled while the present shelf price already held: what was paid a pack (分), what the shelf said.
-- A delivery comes in when it is published; one that is being published counts by when it was received. Moments are
-- microseconds since 1970.
-- Parameters: since, until (timestamptz).
-- Plan: reads prices_sourceprice through (there is no index by time), then prices_offer_pkey for the few that are dearer.
SELECT s.drug_id, s.pharmacy_id, (s.total * 100 / s.quantity)::float8 AS settled_fen, o.price_fen AS new_fen,
    (extract(epoch FROM o.changed_at) * 1000000)::bigint AS since_us,
    (extract(epoch FROM s.as_of) * 1000000)::bigint AS settled_us
FROM prices_sourceprice s
JOIN prices_feedrun r ON r.id = s.run_id
CROSS JOIN LATERAL (
    SELECT price_fen, changed_at FROM prices_offer
    WHERE drug_id = s.drug_id AND pharmacy_id = s.pharmacy_id AND state = 1
    OFFSET 0
) o
WHERE s.kind = 'settled'
    AND coalesce(r.finished_at, r.received_at) >= %(since)s AND coalesce(r.finished_at, r.received_at) < %(until)s
    AND o.changed_at <= s.as_of AND s.total * 100 / s.quantity > o.price_fen
ORDER BY s.drug_id, s.pharmacy_id
