-- Answers: the designated retail pharmacies in good standing that the area or one below it manages, as one row of arrays:
--   pharmacy, the area that manages it itself. Parameters: area. Relies on: nothing; 30,000 rows.
SELECT array_agg(pharmacy_id), array_agg(area_ids[1])
FROM pharmacies_pharmacytoday
WHERE ranked AND kind = 'pharmacy' AND area_ids @> ARRAY[%(area)s::bigint]
