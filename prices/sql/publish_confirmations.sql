-- The same bytes again: everything the confirmed run said about the shops %(pharmacies)s still holds at %(received_at)s.
-- Rewrites only confirmations older than %(slack)s; the sign-off moves the mark. Parameters: run, feed.
UPDATE prices_offer
SET confirmed_at = %(received_at)s, run_id = %(run)s
WHERE pharmacy_id = ANY (%(pharmacies)s) AND feed_id = %(feed)s AND state = 1 AND disputed_since IS NULL
    AND confirmed_at <= %(received_at)s::timestamptz - %(slack)s::interval
