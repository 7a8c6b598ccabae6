-- In the snapshot shops %(pharmacies)s, carry without confirming: offers whose row was refused, and offers that could
-- not be withdrawn because unresolved rows block it. They age from here; what the newest snapshot had vouched for until
-- then is written down, because its mark stops counting. Returns (pharmacy_id, disputed).
-- Parameters: feed.
WITH doubtful AS (
    SELECT r.drug_id, r.pharmacy_id, p.as_of
    FROM staged_refused r JOIN staged_pharmacy p USING (pharmacy_id)
    WHERE p.complete AND r.pharmacy_id = ANY (%(pharmacies)s)
    UNION
    SELECT v.drug_id, v.pharmacy_id, p.as_of
    FROM staged_vanishing v JOIN staged_pharmacy p USING (pharmacy_id)
    WHERE p.blocked AND v.pharmacy_id = ANY (%(pharmacies)s)
), carried AS (
    UPDATE prices_offer o
    SET disputed_since = d.as_of,
        (confirmed_at, run_id) = (
            SELECT m.as_of, m.run_id
            FROM (VALUES (o.confirmed_at, o.run_id), (mine.snapshot_as_of, mine.snapshot_run_id)) m (as_of, run_id)
            ORDER BY m.as_of DESC NULLS LAST, m.run_id DESC LIMIT 1)
    FROM doubtful d
    LEFT JOIN prices_pharmacyfeed mine ON mine.pharmacy_id = d.pharmacy_id AND mine.feed_id = %(feed)s
    WHERE (mine.snapshot_as_of IS NULL OR d.as_of >= mine.snapshot_as_of)
        AND o.drug_id = d.drug_id AND o.pharmacy_id = d.pharmacy_id AND o.state = 1 AND o.feed_id = %(feed)s
        AND o.disputed_since IS NULL AND o.confirmed_at <= d.as_of
    RETURNING o.pharmacy_id
)
SELECT pharmacy_id, count(*) FROM carried GROUP BY pharmacy_id
