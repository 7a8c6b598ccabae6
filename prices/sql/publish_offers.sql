-- Publish the staged prices of the shops %(pharmacies)s: change, confirm, append history. Returns (pharmacy_id, changed).
--
-- An assertion counts only if (effective_at, received_at, run) is newer than what the offer already knows: its own last
-- statement, the newest complete snapshot of its feed that vouches for it, and the newest complete snapshot of this
-- feed, which would have said so.
-- Parameters: run, feed, received_at.
WITH incoming AS MATERIALIZED (
    SELECT
        s.*, p.as_of AS reported_at,
        o.price_fen AS old_fen, o.changed_at AS old_changed_at,
        coalesce(o.state = 1, false) AS live,
        coalesce(o.state = 1 AND o.price_fen = s.price_fen, false) AS same_price,
        coalesce(o.state = 1 AND o.price_fen = s.price_fen AND o.stock = s.stock, false) AS same,
        -- The snapshot's mark will vouch for this offer: an unchanged one need not be rewritten.
        coalesce(p.complete AND s.effective_at = p.mark AND o.feed_id = %(feed)s AND o.disputed_since IS NULL, false)
            AS vouched
    FROM staged_pharmacy p
    JOIN staged s USING (pharmacy_id)
    LEFT JOIN LATERAL (
        SELECT * FROM prices_offer WHERE drug_id = s.drug_id AND pharmacy_id = s.pharmacy_id OFFSET 0
    ) o ON true
    LEFT JOIN prices_feedrun said ON said.id = o.run_id
    LEFT JOIN prices_pharmacyfeed theirs
        ON theirs.pharmacy_id = o.pharmacy_id AND theirs.feed_id = o.feed_id
        AND o.state = 1 AND o.disputed_since IS NULL
    LEFT JOIN prices_pharmacyfeed mine ON mine.pharmacy_id = s.pharmacy_id AND mine.feed_id = %(feed)s
    CROSS JOIN LATERAL (SELECT (s.effective_at, %(received_at)s::timestamptz, %(run)s::int) AS position) this
    WHERE p.pharmacy_id = ANY (%(pharmacies)s)
        AND (o.drug_id IS NULL OR this.position > (o.confirmed_at, said.received_at, o.run_id))
        AND (theirs.snapshot_as_of IS NULL
            OR this.position > (theirs.snapshot_as_of, theirs.snapshot_received_at, theirs.snapshot_run_id))
        AND (mine.snapshot_as_of IS NULL
            OR this.position > (mine.snapshot_as_of, mine.snapshot_received_at, mine.snapshot_run_id))
), written AS (
    INSERT INTO prices_offer AS o (drug_id, pharmacy_id, price_fen, stock, state, as_of, changed_at, confirmed_at,
        disputed_since, feed_id, run_id, cell)
    SELECT drug_id, pharmacy_id, price_fen, stock, 1, effective_at,
        CASE WHEN same_price THEN old_changed_at ELSE effective_at END, effective_at, NULL, %(feed)s, %(run)s,
        (SELECT cell FROM pharmacies_pharmacy WHERE id = pharmacy_id)
    FROM incoming
    WHERE NOT (same AND vouched)
    ON CONFLICT (drug_id, pharmacy_id) DO UPDATE SET
        price_fen = excluded.price_fen, stock = excluded.stock, state = 1, as_of = excluded.as_of,
        changed_at = excluded.changed_at, confirmed_at = excluded.confirmed_at, disputed_since = NULL,
        feed_id = excluded.feed_id, run_id = excluded.run_id
), history AS (
    INSERT INTO prices_pricechange (effective_at, reported_at, received_at, drug_id, pharmacy_id, old_fen, new_fen,
        feed_id, run_id)
    SELECT effective_at, reported_at, %(received_at)s, drug_id, pharmacy_id, CASE WHEN live THEN old_fen END, price_fen,
        %(feed)s, %(run)s
    FROM incoming
    WHERE NOT same_price
)
SELECT pharmacy_id, count(*) FROM incoming WHERE NOT same GROUP BY pharmacy_id
