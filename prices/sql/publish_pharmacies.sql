-- Sign off the shops %(pharmacies)s: the run has said its say about them, with counts (parallel arrays pharmacies,
-- changed, withdrawn, disputed). A second sign-off of the same shop fails on run_publishes_a_pharmacy_once.
-- Parameters: run, feed, received_at.
WITH signed AS (
    INSERT INTO prices_runpharmacy (run_id, pharmacy_id, as_of, accepted, changed, unchanged, withdrawn, disputed)
    SELECT %(run)s, p.pharmacy_id, p.as_of, p.accepted, n.changed, p.accepted - n.changed, n.withdrawn, n.disputed
    FROM unnest(%(pharmacies)s::int[], %(changed)s::int[], %(withdrawn)s::int[], %(disputed)s::int[])
        n (pharmacy_id, changed, withdrawn, disputed)
    JOIN staged_pharmacy p USING (pharmacy_id)
)
INSERT INTO prices_pharmacyfeed AS f (pharmacy_id, feed_id, as_of, last_run_id, snapshot_as_of, snapshot_received_at,
    snapshot_run_id)
SELECT pharmacy_id, %(feed)s, as_of, %(run)s, CASE WHEN complete THEN mark END,
    CASE WHEN complete THEN %(received_at)s::timestamptz END, CASE WHEN complete THEN %(run)s END
FROM staged_pharmacy
WHERE pharmacy_id = ANY (%(pharmacies)s)
ON CONFLICT (pharmacy_id, feed_id) DO UPDATE SET
    as_of = greatest(f.as_of, excluded.as_of),
    last_run_id = excluded.last_run_id,
    (snapshot_as_of, snapshot_received_at, snapshot_run_id) = (
        SELECT m.as_of, m.received_at, m.run_id
        FROM (VALUES (f.snapshot_as_of, f.snapshot_received_at, f.snapshot_run_id),
            (excluded.snapshot_as_of, excluded.snapshot_received_at, excluded.snapshot_run_id))
            m (as_of, received_at, run_id)
        ORDER BY m.as_of DESC NULLS LAST, m.received_at DESC NULLS LAST, m.run_id DESC NULLS LAST LIMIT 1)
