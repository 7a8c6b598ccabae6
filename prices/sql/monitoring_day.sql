-- Every change of a price that was received from %(since)s to before %(until)s, as it stands in the change history.
-- Moments are microseconds since 1970.
-- Parameters: since, until (timestamptz: a day in Shanghai).
-- Relies on: pricechange_received (BRIN): a day is a stretch of its month's partition.
SELECT id, drug_id, pharmacy_id, feed_id, old_fen, new_fen,
    (extract(epoch FROM effective_at) * 1000000)::bigint AS since_us,
    (extract(epoch FROM received_at) * 1000000)::bigint AS received_us
FROM prices_pricechange
WHERE received_at >= %(since)s AND received_at < %(until)s
