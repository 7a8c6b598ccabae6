-- What a citizen saw on the shelf is the newest observed price of that product there, unless a newer one is known; it is
-- ranked nowhere. Parameters: drug, pharmacy, yuan, at, feed, run. Index: the primary key of prices_sourceprice.
INSERT INTO prices_sourceprice AS o (drug_id, pharmacy_id, kind, total, quantity, as_of, feed_id, run_id)
VALUES (%(drug)s, %(pharmacy)s, 'observed', %(yuan)s, 1, %(at)s, %(feed)s, %(run)s)
ON CONFLICT (drug_id, pharmacy_id, kind) DO UPDATE SET
    total = excluded.total, as_of = excluded.as_of, feed_id = excluded.feed_id, run_id = excluded.run_id
WHERE excluded.as_of >= o.as_of
