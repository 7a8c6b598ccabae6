-- The shops that are watched: ranked retail pharmacies, with their chain, the insurance area that manages them and the
-- division where they stand. No parameters.
SELECT p.id AS pharmacy_id, p.chain_id, p.insurance_area_id AS area_id, p.division_id
FROM pharmacies_pharmacy p
JOIN pharmacies_pharmacytoday t ON t.pharmacy_id = p.id
WHERE t.ranked AND t.kind = 'pharmacy'
