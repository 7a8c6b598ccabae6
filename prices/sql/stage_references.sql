-- Which official prices hold for these rows (%(lines)s, %(drugs)s, %(pharmacies)s, parallel int[])? Yuan per pack, for
-- the regions and areas of each pharmacy, valid on the day %(day)s. A payment standard that the catalogue keeps secret
-- is no yardstick: what is held and what is not would tell it (catalog/confidential.py says which).
SELECT s.line, (CASE r.unit WHEN 'pack' THEN r.amount ELSE r.amount * d.pack_count END)::float8 AS pack_yuan
FROM unnest(%(lines)s::int[], %(drugs)s::int[], %(pharmacies)s::int[]) s (line, drug_id, pharmacy_id)
JOIN catalog_drug d ON d.id = s.drug_id
JOIN pharmacies_pharmacytoday t ON t.pharmacy_id = s.pharmacy_id
JOIN catalog_referenceprice r
    ON r.drug_id = s.drug_id AND r.area_id = ANY (t.region_ids) AND r.valid @> %(day)s::date
WHERE r.kind <> 'payment_standard' OR NOT EXISTS (
    SELECT FROM catalog_listingmatch m
    JOIN catalog_listing l ON l.id = m.listing_id
    JOIN catalog_edition e ON e.id = l.edition_id
    JOIN catalog_paymentstandard p ON p.listing_id = l.id
    WHERE m.drug_id = r.drug_id AND m.state = 'accepted' AND p.confidential
        AND e.state = 'ready' AND e.valid && r.valid AND NOT coalesce(lower(e.valid) > %(day)s::date, false)
)
