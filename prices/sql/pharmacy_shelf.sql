-- Answers: what one pharmacy sells: its live offers that are not hidden as stale, out of stock ones too, by generic
--   name as a Chinese reader orders it (拼音), then drug code; after a place. What the nearest area's list bars from retail is not on a pharmacy's shelf.
-- Parameters: pharmacy_id, at, day, stale_after, hidden_after, after_name, after_code, rows.
-- Relies on: offer_pharmacy.
WITH list AS MATERIALIZED (
    SELECT l.id
    FROM pharmacies_pharmacytoday t
    CROSS JOIN unnest(t.area_ids) WITH ORDINALITY a (id, nearness)
    JOIN catalog_druglist l ON l.area_id = a.id AND l.kind = 'not_for_retail' AND l.valid @> %(day)s::date
    WHERE t.pharmacy_id = %(pharmacy_id)s AND t.kind = 'pharmacy'
    ORDER BY a.nearness
    LIMIT 1
),
entry AS MATERIALIZED (
    SELECT e.drug_id, e.listing_id, e.generic_name, e.dosage_form
    FROM list
    JOIN catalog_druglistentry e ON e.drug_list_id = list.id AND e.valid @> %(day)s::date
),
barred AS MATERIALIZED (
    SELECT drug_id FROM entry WHERE drug_id IS NOT NULL
    UNION ALL
    SELECT m.drug_id FROM entry JOIN catalog_listingmatch m USING (listing_id) WHERE m.state = 'accepted'
    UNION ALL
    SELECT d.id
    FROM entry
    JOIN catalog_preparation n ON n.generic_name = entry.generic_name AND entry.dosage_form IN ('', n.dosage_form)
    JOIN catalog_drug d ON d.preparation_id = n.id
    WHERE entry.generic_name <> ''
)
SELECT o.drug_id, o.price_fen, o.stock, f.generated, vouched.at AS as_of,
    %(at)s > vouched.at + f.cadence * %(stale_after)s AS stale
FROM prices_offer o
JOIN prices_feed f ON f.id = o.feed_id
JOIN catalog_drug d ON d.id = o.drug_id
JOIN catalog_preparation n ON n.id = d.preparation_id
LEFT JOIN prices_pharmacyfeed m ON m.pharmacy_id = o.pharmacy_id AND m.feed_id = o.feed_id
CROSS JOIN LATERAL (SELECT search_vouched(o.confirmed_at, o.disputed_since, m.snapshot_as_of) AS at) vouched
WHERE o.pharmacy_id = %(pharmacy_id)s
    AND o.state <> 0  -- not `= 1`, which would let old statistics bring in all of offer_cheapest
    AND o.drug_id NOT IN (SELECT drug_id FROM barred)
    AND %(at)s <= vouched.at + f.cadence * %(hidden_after)s
    AND (n.generic_name COLLATE "zh-x-icu", d.code COLLATE "C") > (%(after_name)s, %(after_code)s)
ORDER BY n.generic_name COLLATE "zh-x-icu", d.code COLLATE "C"
LIMIT %(rows)s
