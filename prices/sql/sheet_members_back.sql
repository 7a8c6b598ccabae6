-- Puts back what the member prices of run %(run)s replaced, where they still stand as that run left them: the assertion
-- before, word for word, or none. Returns how many, and how many somebody has said anew since (they stay).
-- Lock the shops first, as publishing does. Relies on: member_change_once, prices_sourceprice_pkey.
WITH changed AS MATERIALIZED (
    SELECT c.*, s.run_id AS said_by
    FROM prices_memberchange c
    CROSS JOIN LATERAL (
        SELECT run_id FROM prices_sourceprice
        WHERE drug_id = c.drug_id AND pharmacy_id = c.pharmacy_id AND kind = 'member'
        OFFSET 0
    ) s
    WHERE c.run_id = %(run)s
),
again AS (
    UPDATE prices_sourceprice s
    SET total = c.old_total, quantity = c.old_quantity, as_of = c.old_as_of, feed_id = c.old_feed_id,
        run_id = c.old_run_id
    FROM changed c
    WHERE s.drug_id = c.drug_id AND s.pharmacy_id = c.pharmacy_id AND s.kind = 'member'
        AND c.said_by = %(run)s AND c.old_total IS NOT NULL
    RETURNING 1
),
gone AS (
    DELETE FROM prices_sourceprice s
    USING changed c
    WHERE s.drug_id = c.drug_id AND s.pharmacy_id = c.pharmacy_id AND s.kind = 'member'
        AND c.said_by = %(run)s AND c.old_total IS NULL
    RETURNING 1
)
SELECT (SELECT count(*) FROM again) + (SELECT count(*) FROM gone),
    (SELECT count(*) FROM changed WHERE said_by > %(run)s)
