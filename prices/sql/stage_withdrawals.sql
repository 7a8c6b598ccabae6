-- How much would be withdrawn where nothing blocks it? (pharmacy_id, live offers of feed %(feed)s, vanishing), for the
-- limits above which a person decides.
SELECT p.pharmacy_id, live.count, coalesce(gone.count, 0)
FROM staged_pharmacy p
CROSS JOIN LATERAL (
    SELECT count(*) FROM prices_offer WHERE pharmacy_id = p.pharmacy_id AND feed_id = %(feed)s AND state = 1
) live
LEFT JOIN (SELECT pharmacy_id, count(*) FROM staged_vanishing GROUP BY pharmacy_id) gone USING (pharmacy_id)
WHERE p.complete AND NOT p.blocked
