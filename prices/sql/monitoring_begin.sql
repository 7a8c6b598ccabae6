-- Where the watch begins when it has never run: behind the last line of the change history received before %(before)s.
-- Parameters: before (timestamptz).
-- Relies on: prices_pricechange_cursor (xid, id), read from its end.
SELECT c.xid::text::bigint, c.id
FROM prices_pricechange c
WHERE c.received_at < %(before)s
ORDER BY c.xid DESC, c.id DESC
LIMIT 1
