-- Keep the newest assertion of every other kind of price for the shops %(pharmacies)s. Parameters: run, feed.
INSERT INTO prices_sourceprice AS o (drug_id, pharmacy_id, kind, total, quantity, as_of, feed_id, run_id)
SELECT drug_id, pharmacy_id, kind, total, quantity, effective_at, %(feed)s, %(run)s
FROM staged_source
WHERE pharmacy_id = ANY (%(pharmacies)s)
ON CONFLICT (drug_id, pharmacy_id, kind) DO UPDATE SET
    total = excluded.total, quantity = excluded.quantity, as_of = excluded.as_of, feed_id = excluded.feed_id,
    run_id = excluded.run_id
WHERE (excluded.as_of, excluded.run_id) > (o.as_of, o.run_id)
