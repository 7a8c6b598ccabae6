-- Answers: the designated retail pharmacies in good standing that the area or one below it manages: (pharmacy, the area
--   that manages it itself). Parameters: area. Relies on: nothing; 30,000 rows.
SELECT pharmacy_id, area_ids[1] FROM pharmacies_pharmacytoday
WHERE ranked AND kind = 'pharmacy' AND area_ids @> ARRAY[%(area)s::bigint]
