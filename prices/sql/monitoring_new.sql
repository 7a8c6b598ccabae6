-- The changes behind the cursor (%(xid)s, %(change)s), below the oldest transaction that still runs, at most %(most)s:
-- read again and again, none is skipped and none read twice. Moments are microseconds since 1970.
-- Parameters: xid, change (of the last one read), most.
-- Relies on: prices_pricechange_cursor (xid, id).
SELECT id, xid::text::bigint AS xid, drug_id, pharmacy_id, feed_id, old_fen, new_fen,
    (extract(epoch FROM effective_at) * 1000000)::bigint AS since_us,
    (extract(epoch FROM received_at) * 1000000)::bigint AS received_us
FROM prices_pricechange
WHERE (xid, id) > (%(xid)s::text::xid8, %(change)s::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY prices_pricechange.xid, id
LIMIT %(most)s
