-- Answers: every change received in [%(since)s, %(until)s), in no order; 0 stands for no price, `late` is 1 where it was
--   to take effect only after it was received (`slips.CLOCK_SKEW`).
-- Parameters: since, until, skew (interval).
-- Relies on: pricechange_received (BRIN), which knows the pages of a day.
SELECT id, drug_id, pharmacy_id, COALESCE(old_fen, 0), COALESCE(new_fen, 0), feed_id,
    (effective_at > received_at + %(skew)s::interval)::int
FROM prices_pricechange
WHERE received_at >= %(since)s AND received_at < %(until)s
