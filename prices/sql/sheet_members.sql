-- Remembers what the member prices of a sheet are about to replace: for each of %(drugs)s, %(pharmacies)s, %(totals)s
-- (parallel int[], int[], numeric[]) the assertion that stands there, unless it is the same. Parameters: run.
-- Probes prices_sourceprice_pkey.
INSERT INTO prices_memberchange
    (run_id, pharmacy_id, drug_id, new_total, old_total, old_quantity, old_as_of, old_feed_id, old_run_id)
SELECT %(run)s, asked.pharmacy_id, asked.drug_id, asked.total, s.total, s.quantity, s.as_of, s.feed_id, s.run_id
FROM unnest(%(drugs)s::int[], %(pharmacies)s::int[], %(totals)s::numeric[]) AS asked (drug_id, pharmacy_id, total)
LEFT JOIN LATERAL (
    SELECT total, quantity, as_of, feed_id, run_id FROM prices_sourceprice
    WHERE drug_id = asked.drug_id AND pharmacy_id = asked.pharmacy_id AND kind = 'member'
    OFFSET 0
) s ON true
WHERE (s.total, s.quantity) IS DISTINCT FROM (asked.total, 1)
