-- No longer sold, says somebody at the desk: take the offers of staged_removed in the shops %(pharmacies)s off the
-- shelf, whichever feed had put them there, unless something newer has been heard since. Returns (pharmacy_id, removed).
-- Parameters: run, feed, received_at.
WITH gone AS (
    UPDATE prices_offer o
    SET state = 0, as_of = s.effective_at, confirmed_at = s.effective_at, disputed_since = NULL, feed_id = %(feed)s,
        run_id = %(run)s
    FROM staged_removed s
    CROSS JOIN LATERAL (SELECT (s.effective_at, %(received_at)s::timestamptz, %(run)s::int) AS position) this
    WHERE s.pharmacy_id = ANY (%(pharmacies)s)
        AND o.drug_id = s.drug_id AND o.pharmacy_id = s.pharmacy_id AND o.state = 1
        AND this.position > (o.confirmed_at, (SELECT received_at FROM prices_feedrun WHERE id = o.run_id), o.run_id)
        AND NOT EXISTS (  -- nor has a newer snapshot vouched for it, its own feed's or this one's
            SELECT FROM prices_pharmacyfeed f
            WHERE f.pharmacy_id = o.pharmacy_id AND f.snapshot_as_of IS NOT NULL
                AND (f.feed_id = %(feed)s OR (f.feed_id = o.feed_id AND o.disputed_since IS NULL))
                AND this.position <= (f.snapshot_as_of, f.snapshot_received_at, f.snapshot_run_id))
    RETURNING o.drug_id, o.pharmacy_id, o.price_fen, s.effective_at
), history AS (
    INSERT INTO prices_pricechange (effective_at, reported_at, received_at, drug_id, pharmacy_id, old_fen, new_fen,
        feed_id, run_id)
    SELECT effective_at, effective_at, %(received_at)s, drug_id, pharmacy_id, price_fen, NULL, %(feed)s, %(run)s
    FROM gone
)
SELECT pharmacy_id, count(*) FROM gone GROUP BY pharmacy_id
