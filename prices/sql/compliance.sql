-- Fills the month %(month)s of prices_reportermonth up to the end of the day %(through)s, for every retail pharmacy that is
--   designated and in good standing today; returns how many. Expected are the whole reporting periods of the shop's feed
--   within those days, counted from the first (one, where the month is over and none fits); received are those of them in
--   which a report's data time lies. Late is every day on which the newest report was older than cadence × stale_after.
--   Observed are the newest prices that citizens told, each beside the price that was published then.
-- Parameters: month, through (dates), start, until (the same as moments, half-open), oldest (no report before it counts),
--   is_over, at, stale_after.
-- Relies on: run_publishes_a_pharmacy_once, rejection_once_per_line, source_observed, the key of prices_pricechange.
WITH shop AS MATERIALIZED (
    SELECT t.pharmacy_id, coalesce(told.cadence, interval '7 days') AS cadence
    FROM pharmacies_pharmacytoday t
    LEFT JOIN LATERAL (
        SELECT f.cadence FROM prices_pharmacyfeed m JOIN prices_feed f ON f.id = m.feed_id
        WHERE m.pharmacy_id = t.pharmacy_id
        ORDER BY f.active DESC, GREATEST(m.as_of, m.snapshot_as_of) + f.cadence * %(stale_after)s DESC, f.id LIMIT 1
    ) told ON true
    WHERE t.ranked AND t.kind = 'pharmacy'
), run AS MATERIALIZED (
    SELECT id, received_at FROM prices_feedrun WHERE received_at >= %(oldest)s AND received_at < %(until)s
), told AS MATERIALIZED (
    SELECT rp.pharmacy_id, rp.as_of, rp.accepted, run.received_at >= %(start)s AS in_month
    FROM run JOIN prices_runpharmacy rp ON rp.run_id = run.id
), due AS MATERIALIZED (
    SELECT pharmacy_id, period, floor(extract(epoch FROM %(until)s::timestamptz - %(start)s::timestamptz)
        / extract(epoch FROM period))::int AS periods
    FROM (
        SELECT pharmacy_id, CASE WHEN %(is_over)s THEN LEAST(cadence, %(until)s::timestamptz - %(start)s::timestamptz)
            ELSE cadence END AS period
        FROM shop
    ) each
), came AS (
    SELECT pharmacy_id, count(DISTINCT number) AS n
    FROM (
        SELECT d.pharmacy_id, d.periods,
            floor(extract(epoch FROM t.as_of - %(start)s::timestamptz) / extract(epoch FROM d.period)) AS number
        FROM due d JOIN told t ON t.pharmacy_id = d.pharmacy_id AND t.as_of >= %(start)s AND t.as_of < %(until)s
    ) each
    WHERE number < periods
    GROUP BY pharmacy_id
), spell AS (
    SELECT pharmacy_id, as_of,
        lead(as_of, 1, %(until)s::timestamptz) OVER (PARTITION BY pharmacy_id ORDER BY as_of) AS next
    FROM (
        SELECT pharmacy_id, as_of FROM told WHERE as_of < %(until)s
        UNION ALL
        SELECT pharmacy_id, '-infinity' FROM shop
    ) each
), behind AS (
    SELECT s.pharmacy_id, ceil(sum(GREATEST(extract(epoch FROM LEAST(l.next, %(until)s::timestamptz)
        - GREATEST(l.as_of + s.cadence * %(stale_after)s, %(start)s::timestamptz)), 0)) / 86400)::int AS days
    FROM spell l JOIN shop s USING (pharmacy_id)
    GROUP BY s.pharmacy_id
), accepted AS (
    SELECT pharmacy_id, sum(accepted) AS n FROM told WHERE in_month GROUP BY pharmacy_id
), refused AS (
    SELECT pharmacy_id, count(*) AS n
    FROM prices_rejection
    WHERE run_id IN (SELECT id FROM run WHERE received_at >= %(start)s) AND pharmacy_id IS NOT NULL
    GROUP BY pharmacy_id
), seen AS (
    SELECT s.pharmacy_id, count(*) AS observed, count(*) FILTER (WHERE s.total = s.quantity * shown.fen / 100.0) AS agreed
    FROM prices_sourceprice s
    CROSS JOIN LATERAL (
        SELECT coalesce(
            (SELECT c.new_fen FROM prices_pricechange c
                WHERE c.drug_id = s.drug_id AND c.pharmacy_id = s.pharmacy_id AND c.effective_at <= s.as_of
                ORDER BY c.xid DESC, c.id DESC LIMIT 1),
            (SELECT o.price_fen FROM prices_offer o
                WHERE o.drug_id = s.drug_id AND o.pharmacy_id = s.pharmacy_id AND o.changed_at <= s.as_of)) AS fen
    ) shown
    WHERE s.kind = 'observed' AND s.as_of >= %(start)s AND s.as_of < %(until)s AND shown.fen IS NOT NULL
    GROUP BY s.pharmacy_id
), written AS (
    INSERT INTO prices_reportermonth AS m (month, pharmacy_id, through, at, expected, received, late_days, lines, refused,
        observed, agreed)
    SELECT %(month)s, d.pharmacy_id, %(through)s, %(at)s, d.periods, coalesce(c.n, 0),
        coalesce(b.days, 0), coalesce(a.n, 0) + coalesce(f.n, 0), coalesce(f.n, 0), coalesce(s.observed, 0),
        coalesce(s.agreed, 0)
    FROM due d
    LEFT JOIN came c USING (pharmacy_id)
    LEFT JOIN behind b USING (pharmacy_id)
    LEFT JOIN accepted a USING (pharmacy_id)
    LEFT JOIN refused f USING (pharmacy_id)
    LEFT JOIN seen s USING (pharmacy_id)
    ON CONFLICT (month, pharmacy_id) DO UPDATE SET
        through = excluded.through, at = excluded.at, expected = excluded.expected, received = excluded.received,
        late_days = excluded.late_days, lines = excluded.lines, refused = excluded.refused, observed = excluded.observed,
        agreed = excluded.agreed
    RETURNING 1
)
SELECT count(*) FROM written
