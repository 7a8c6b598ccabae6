-- Which live offers of feed %(feed)s are absent from a complete snapshot, although their shop is in it? Fills
-- staged_vanishing; a shop's offers are found by offer_pharmacy. An offer newer than the snapshot stays, and so does one
-- that is listed with a later price only: until then the shop sells at the present one.
INSERT INTO staged_vanishing (drug_id, pharmacy_id)
SELECT o.drug_id, o.pharmacy_id
FROM staged_pharmacy p
CROSS JOIN LATERAL (
    SELECT drug_id, pharmacy_id, confirmed_at FROM prices_offer
    WHERE pharmacy_id = p.pharmacy_id AND feed_id = %(feed)s AND state = 1
    OFFSET 0
) o
WHERE p.complete
    AND o.confirmed_at <= p.as_of
    AND NOT EXISTS (SELECT FROM staged s WHERE s.drug_id = o.drug_id AND s.pharmacy_id = o.pharmacy_id)
    AND NOT EXISTS (SELECT FROM staged_scheduled s WHERE s.drug_id = o.drug_id AND s.pharmacy_id = o.pharmacy_id)
    AND NOT EXISTS (SELECT FROM staged_refused s WHERE s.drug_id = o.drug_id AND s.pharmacy_id = o.pharmacy_id)
