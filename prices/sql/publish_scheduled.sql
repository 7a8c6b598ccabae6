-- Keep announced prices of the shops %(pharmacies)s; a newer announcement for the same moment replaces the older one,
-- even one that has been applied while the newer one waited to be published.
-- Parameters: run, feed.
INSERT INTO prices_scheduledprice AS o (drug_id, pharmacy_id, feed_id, run_id, effective_at, price_fen, stock)
SELECT drug_id, pharmacy_id, %(feed)s, %(run)s, effective_at, price_fen, stock
FROM staged_scheduled
WHERE pharmacy_id = ANY (%(pharmacies)s)
ON CONFLICT (drug_id, pharmacy_id, feed_id, effective_at) DO UPDATE SET
    run_id = excluded.run_id, price_fen = excluded.price_fen, stock = excluded.stock, applied_run_id = NULL
WHERE excluded.run_id > o.run_id
