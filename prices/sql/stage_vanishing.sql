-- Which live offers of feed %(feed)s are absent from a complete snapshot, although their shop is in it? Fills
-- staged_vanishing and returns, for the limits above which a person decides, (pharmacy_id, live offers, vanishing) of
-- each shop where nothing blocks withdrawals. A shop's offers are found by offer_pharmacy, in one walk.
-- An offer newer than the snapshot stays, and so does one that is listed with a later price only: until then the shop
-- sells at the present one. An overtaken snapshot, older than the newest one of its shop, withdraws nothing.
-- Parameters: run, feed.
WITH walked AS MATERIALIZED (
    SELECT o.drug_id, o.pharmacy_id, p.blocked,
        listed.drug_id IS NULL AND later.drug_id IS NULL AND doubtful.drug_id IS NULL
            AND (o.confirmed_at, o.run_id) < (p.as_of, %(run)s)
            AND (mine.snapshot_as_of IS NULL OR (mine.snapshot_as_of, mine.snapshot_run_id) < (p.as_of, %(run)s))
            AS vanishing
    FROM staged_pharmacy p
    CROSS JOIN LATERAL (
        SELECT drug_id, pharmacy_id, confirmed_at, run_id FROM prices_offer
        -- Not `state = 1`: where statistics are old the planner would and offer_pharmacy with all of offer_cheapest.
        WHERE pharmacy_id = p.pharmacy_id AND feed_id = %(feed)s AND state <> 0
        OFFSET 0
    ) o
    LEFT JOIN prices_pharmacyfeed mine ON mine.pharmacy_id = p.pharmacy_id AND mine.feed_id = %(feed)s
    -- The fence makes it one hash of the delivery instead of a probe for each offer.
    LEFT JOIN (SELECT drug_id, pharmacy_id FROM staged OFFSET 0) listed
        ON listed.drug_id = o.drug_id AND listed.pharmacy_id = o.pharmacy_id
    LEFT JOIN (SELECT DISTINCT drug_id, pharmacy_id FROM staged_scheduled) later
        ON later.drug_id = o.drug_id AND later.pharmacy_id = o.pharmacy_id
    LEFT JOIN staged_refused doubtful ON doubtful.drug_id = o.drug_id AND doubtful.pharmacy_id = o.pharmacy_id
    WHERE p.complete
), gone AS (
    INSERT INTO staged_vanishing (drug_id, pharmacy_id) SELECT drug_id, pharmacy_id FROM walked WHERE vanishing
)
SELECT pharmacy_id, count(*), count(*) FILTER (WHERE vanishing) FROM walked WHERE NOT blocked GROUP BY pharmacy_id
