-- Answers: what every pharmacy that the areas manage asked for a product at one moment, by what had been received until
--   another, the cheapest first: fen, when that price began (NULL: before our first record of it), when we received it,
--   from which feed and run, and how it stood: `shown`, `stale` or `hidden` by its age, or `unranked` where the shop was
--   not designated or not in good standing on that day. A shop without a price then is left out.
-- What is not kept one by one: confirmations of single rows and stocks. Age follows the newest time vouched for in the
--   delivery that brought the price and in later snapshots of the same feed.
-- Plan: the product's changes by the front of the key, in all months; then one look at each shop.
-- Parameters: drug, areas (ids), valid, recorded (moments), day (of `valid` in Shanghai), oldest (snapshots before it do
--   not count), stale_after, hidden_after.
-- Relies on: the primary keys of prices_pricechange and prices_offer, run_of_pharmacy.
WITH span AS MATERIALIZED (
    SELECT min(id) AS first, max(id) AS last, array_agg(DISTINCT feed_id) AS feeds
    FROM prices_feedrun WHERE mode = 'snapshot' AND received_at BETWEEN %(oldest)s AND %(recorded)s
), ranked AS MATERIALIZED (
    SELECT pharmacy_id FROM pharmacies_designation WHERE kind = 'designated' AND valid @> %(day)s::date
    EXCEPT
    SELECT pharmacy_id FROM pharmacies_pharmacystatus WHERE valid @> %(day)s::date AND status <> 'normal'
), change AS MATERIALIZED (
    SELECT * FROM prices_pricechange WHERE drug_id = %(drug)s
), told AS (
    SELECT DISTINCT ON (pharmacy_id) pharmacy_id, new_fen AS fen, effective_at AS since, reported_at, received_at,
        feed_id, run_id
    FROM change
    WHERE received_at <= %(recorded)s AND effective_at <= %(valid)s
    ORDER BY pharmacy_id, xid DESC, id DESC
), earlier AS (
    SELECT DISTINCT ON (pharmacy_id) pharmacy_id, old_fen AS fen, NULL::timestamptz AS since, NULL::timestamptz, NULL::timestamptz,
        feed_id, NULL::int
    FROM change
    WHERE NOT EXISTS (SELECT FROM told WHERE told.pharmacy_id = change.pharmacy_id)
    ORDER BY pharmacy_id, xid, id
), unchanged AS (
    SELECT pharmacy_id, price_fen AS fen, changed_at AS since, changed_at, changed_at, feed_id, run_id
    FROM prices_offer o
    WHERE drug_id = %(drug)s AND state = 1 AND changed_at <= LEAST(%(valid)s, %(recorded)s)
        AND NOT EXISTS (SELECT FROM change c WHERE c.pharmacy_id = o.pharmacy_id)
), price AS (
    SELECT * FROM told WHERE fen IS NOT NULL
    UNION ALL
    SELECT * FROM earlier
    WHERE fen IS NOT NULL
        AND LEAST(%(valid)s, %(recorded)s) >= (SELECT received_at FROM prices_feedrun ORDER BY id LIMIT 1)
    UNION ALL
    SELECT * FROM unchanged
)
SELECT p.id, p.code, p.name, r.name, %(drug)s AS drug_id, price.fen, price.since, price.received_at,
    coalesce(nullif(f.name, ''), f.slug) AS feed, price.run_id,
    CASE
        WHEN p.id NOT IN (SELECT pharmacy_id FROM ranked) THEN 'unranked'
        WHEN %(valid)s > vouched.at + f.cadence * %(hidden_after)s THEN 'hidden'
        WHEN %(valid)s > vouched.at + f.cadence * %(stale_after)s THEN 'stale'
        ELSE 'shown'
    END AS state
FROM price
JOIN pharmacies_pharmacy p ON p.id = price.pharmacy_id AND p.insurance_area_id = ANY (%(areas)s)
JOIN pharmacies_region r ON r.id = p.insurance_area_id
JOIN prices_feed f ON f.id = price.feed_id
CROSS JOIN span
CROSS JOIN LATERAL (
    SELECT GREATEST(price.reported_at, price.since, (
        SELECT rp.as_of
        FROM prices_runpharmacy rp
        JOIN prices_feedrun run ON run.id = rp.run_id AND run.feed_id = f.id AND run.mode = 'snapshot'
            AND run.received_at BETWEEN %(oldest)s AND %(recorded)s
        WHERE f.id = ANY (span.feeds) AND rp.pharmacy_id = p.id AND rp.run_id BETWEEN span.first AND span.last
            AND rp.as_of <= %(valid)s
        ORDER BY rp.run_id DESC LIMIT 1
    )) AS at
) vouched
ORDER BY price.fen, p.code COLLATE "C"
