-- Codes of a feed that came to mean another product from the day %(since)s on: feed and product, and the first day.
-- Parameters: since (date).
SELECT f.id AS feed_id, a.drug_id, (extract(epoch FROM lower(a.valid)) * 1000000)::bigint AS meant_us
FROM catalog_alias a
JOIN prices_feed f ON f.slug = a.source
WHERE lower(a.valid) >= %(since)s AND EXISTS (
    SELECT FROM catalog_alias b
    WHERE b.source = a.source AND b.their_code = a.their_code AND b.drug_id <> a.drug_id AND b.valid << a.valid)
