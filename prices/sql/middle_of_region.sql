-- The middle of where a region's pharmacies stand: the median of their longitudes and of their latitudes, which lies in
-- the town, not in the mountains around it. One row, null for a region without ranked pharmacies.
-- Parameter: region_id. Index: pharmacytoday_regions.
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ST_X(location::geometry)),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY ST_Y(location::geometry))
FROM pharmacies_pharmacytoday
WHERE ranked AND region_ids @> ARRAY[%(region_id)s::bigint]
