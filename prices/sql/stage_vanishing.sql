-- Which live offers of feed %(feed)s are absent from a complete snapshot, although their shop is in it? Fills
-- staged_vanishing; a shop's offers are found by offer_pharmacy. An offer newer than the snapshot stays, and so does one
-- that is listed with a later price only: until then the shop sells at the present one. An overtaken snapshot, older
-- than the newest one of its shop, withdraws nothing. Parameters: run, feed.
INSERT INTO staged_vanishing (drug_id, pharmacy_id)
SELECT o.drug_id, o.pharmacy_id
FROM staged_pharmacy p
CROSS JOIN LATERAL (
    SELECT drug_id, pharmacy_id, confirmed_at, run_id FROM prices_offer
    WHERE pharmacy_id = p.pharmacy_id AND feed_id = %(feed)s AND state = 1
    OFFSET 0
) o
LEFT JOIN prices_pharmacyfeed mine ON mine.pharmacy_id = p.pharmacy_id AND mine.feed_id = %(feed)s
WHERE p.complete
    AND (o.confirmed_at, o.run_id) < (p.as_of, %(run)s)
    AND (mine.snapshot_as_of IS NULL OR (mine.snapshot_as_of, mine.snapshot_run_id) < (p.as_of, %(run)s))
    AND NOT EXISTS (SELECT FROM staged s WHERE s.drug_id = o.drug_id AND s.pharmacy_id = o.pharmacy_id)
    AND NOT EXISTS (SELECT FROM staged_scheduled s WHERE s.drug_id = o.drug_id AND s.pharmacy_id = o.pharmacy_id)
    AND NOT EXISTS (SELECT FROM staged_refused s WHERE s.drug_id = o.drug_id AND s.pharmacy_id = o.pharmacy_id)
