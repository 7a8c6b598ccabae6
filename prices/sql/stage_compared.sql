-- How many staged rows have a live offer to be compared with? Same walk as stage_differences.
SELECT count(*)
FROM staged s
CROSS JOIN LATERAL (
    SELECT 1 FROM prices_offer
    WHERE drug_id = s.drug_id AND pharmacy_id = s.pharmacy_id AND state = 1
    OFFSET 0
) o
