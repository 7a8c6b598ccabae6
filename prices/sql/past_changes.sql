-- Answers: every change received in [%(since)s, %(until)s), in no order, as one row of arrays: product and shop in one
--   number, the price before and after in one (0: none), the place in the history, and the feed × 2, + 1 where it was to
--   take effect only after it was received.
-- Parameters: since, until, skew (interval).
-- Plan: one message of 36 MB for a million changes; a message for each of them would take four times as long to read.
-- Relies on: pricechange_received (BRIN), which knows the pages of a day.
SELECT array_agg(drug_id::bigint << 32 | pharmacy_id),
    array_agg(COALESCE(old_fen, 0)::bigint << 32 | COALESCE(new_fen, 0)),
    array_agg(id),
    array_agg(feed_id * 2 + (effective_at > received_at + %(skew)s::interval)::int)
FROM prices_pricechange
WHERE received_at >= %(since)s AND received_at < %(until)s
