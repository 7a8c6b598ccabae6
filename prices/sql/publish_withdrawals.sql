-- Withdraw what a complete snapshot of the shops %(pharmacies)s no longer lists, unless unresolved rows block it or the
-- offer has heard something newer since. Returns (pharmacy_id, withdrawn). Parameters: run, feed, received_at.
WITH gone AS (
    UPDATE prices_offer o
    SET state = 0, as_of = p.as_of, confirmed_at = p.as_of, disputed_since = NULL, run_id = %(run)s
    FROM staged_vanishing v
    JOIN staged_pharmacy p ON p.pharmacy_id = v.pharmacy_id AND NOT p.blocked
    LEFT JOIN prices_pharmacyfeed mine ON mine.pharmacy_id = p.pharmacy_id AND mine.feed_id = %(feed)s
    WHERE v.pharmacy_id = ANY (%(pharmacies)s)
        -- A newer snapshot may vouch for the offer without having rewritten it.
        AND (mine.snapshot_as_of IS NULL OR (p.as_of, %(received_at)s::timestamptz, %(run)s::int)
            > (mine.snapshot_as_of, mine.snapshot_received_at, mine.snapshot_run_id))
        AND o.drug_id = v.drug_id AND o.pharmacy_id = v.pharmacy_id AND o.state = 1 AND o.feed_id = %(feed)s
        AND (p.as_of, %(received_at)s::timestamptz, %(run)s::int)
            > (o.confirmed_at, (SELECT received_at FROM prices_feedrun WHERE id = o.run_id), o.run_id)
    RETURNING o.drug_id, o.pharmacy_id, o.price_fen, p.as_of
), history AS (
    INSERT INTO prices_pricechange (effective_at, reported_at, received_at, drug_id, pharmacy_id, old_fen, new_fen,
        feed_id, run_id)
    SELECT as_of, as_of, %(received_at)s, drug_id, pharmacy_id, price_fen, NULL, %(feed)s, %(run)s
    FROM gone
)
SELECT pharmacy_id, count(*) FROM gone GROUP BY pharmacy_id
