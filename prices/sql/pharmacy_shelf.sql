-- Answers: what one pharmacy sells: its live offers that are not hidden as stale, out of stock ones too, by generic
--   name, then drug code; after a place.
-- Parameters: pharmacy_id, at, stale_after, hidden_after, after_name, after_code, rows.
-- Relies on: offer_pharmacy.
SELECT o.drug_id, o.price_fen, o.stock, f.generated, vouched.at AS as_of,
    %(at)s > vouched.at + f.cadence * %(stale_after)s AS stale
FROM prices_offer o
JOIN prices_feed f ON f.id = o.feed_id
JOIN catalog_drug d ON d.id = o.drug_id
JOIN catalog_preparation n ON n.id = d.preparation_id
LEFT JOIN prices_pharmacyfeed m ON m.pharmacy_id = o.pharmacy_id AND m.feed_id = o.feed_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN o.disputed_since IS NULL THEN GREATEST(o.confirmed_at, m.snapshot_as_of)
        ELSE LEAST(o.confirmed_at, o.disputed_since) END AS at
) vouched
WHERE o.pharmacy_id = %(pharmacy_id)s
    AND o.state <> 0  -- not `= 1`, which would let old statistics bring in all of offer_cheapest
    AND %(at)s <= vouched.at + f.cadence * %(hidden_after)s
    AND (n.generic_name COLLATE "C", d.code COLLATE "C") > (%(after_name)s, %(after_code)s)
ORDER BY n.generic_name COLLATE "C", d.code COLLATE "C"
LIMIT %(rows)s
