-- Answers: the member prices (yuan) of the products %(drugs)s (int[]) at pharmacy %(pharmacy)s that its reporter has said,
--   or confirmed word for word, no longer ago than shelf prices may be old before they are hidden.
-- Parameters: pharmacy, drugs, at, hidden_after (× cadence).
-- Relies on: source_member or prices_sourceprice_pkey; the index of prices_feedrun.confirms_id.
SELECT s.drug_id, s.total
FROM prices_sourceprice s
JOIN prices_feed f ON f.id = s.feed_id
CROSS JOIN LATERAL (
    SELECT max(received_at) AS at FROM prices_feedrun WHERE confirms_id = s.run_id AND state = 'published'
) again
WHERE s.pharmacy_id = %(pharmacy)s
    AND s.kind = 'member'
    AND s.quantity = 1
    AND s.drug_id = ANY (%(drugs)s)
    AND %(at)s <= greatest(s.as_of, again.at) + f.cadence * %(hidden_after)s
