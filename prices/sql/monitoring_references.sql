-- Which official price of the kinds %(kinds)s holds for each of these offers (%(drugs)s, %(pharmacies)s, parallel int[])
-- on the day %(day)s? 分 per pack, of the nearest area over the pharmacy's insurance area that has one of that kind.
-- `place` is the offer's place in the arrays (from 0). A payment standard that the catalogue keeps secret is no
-- yardstick (catalog/confidential.py says which).
-- Parameters: drugs, pharmacies, kinds (text[]), day.
-- Relies on: the index of reference_once_at_a_time (drug_id first).
SELECT s.place - 1 AS place, r.kind, r.fen, r.document
FROM unnest(%(drugs)s::int[], %(pharmacies)s::int[]) WITH ORDINALITY s (drug_id, pharmacy_id, place)
JOIN pharmacies_pharmacytoday t ON t.pharmacy_id = s.pharmacy_id
JOIN catalog_drug d ON d.id = s.drug_id
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (r.kind) r.kind, r.document,
        (CASE r.unit WHEN 'pack' THEN r.amount ELSE r.amount * d.pack_count END * 100)::float8 AS fen
    FROM catalog_referenceprice r
    WHERE r.drug_id = s.drug_id AND r.kind = ANY (%(kinds)s::text[]) AND r.valid @> %(day)s::date
        AND r.area_id = ANY (t.area_ids)
        AND (r.kind <> 'payment_standard' OR NOT EXISTS (
            SELECT FROM catalog_listingmatch m
            JOIN catalog_listing l ON l.id = m.listing_id
            JOIN catalog_edition e ON e.id = l.edition_id
            JOIN catalog_paymentstandard p ON p.listing_id = l.id
            WHERE m.drug_id = r.drug_id AND m.state = 'accepted' AND p.confidential
                AND e.state = 'ready' AND e.valid && r.valid AND NOT coalesce(lower(e.valid) > %(day)s::date, false)
        ))
    ORDER BY r.kind, array_position(t.area_ids, r.area_id)
) r
