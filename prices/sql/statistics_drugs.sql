-- The drugs that have or had a price: those the roll-up must look at. No parameters.
-- Relies on: the primary keys of prices_offer and prices_areaprice.
SELECT d.id
FROM catalog_drug d
WHERE EXISTS (SELECT FROM prices_offer WHERE drug_id = d.id)
    OR EXISTS (SELECT FROM prices_areaprice WHERE drug_id = d.id)
ORDER BY d.id
