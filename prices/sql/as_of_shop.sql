-- Answers: the whole shelf of one pharmacy at one moment, by what had been received until another, by product: the columns
--   and the limits of `as_of_drug.sql`.
-- Plan: the products it ever offered by its own index, one probe of the changes for each (in all months).
-- Parameters: pharmacy, valid, recorded, day, oldest, stale_after, hidden_after.
-- Relies on: offer_pharmacy, the primary key of prices_pricechange, run_of_pharmacy.
WITH price AS MATERIALIZED (
    SELECT o.drug_id,
        CASE WHEN newest.run_id IS NOT NULL THEN newest.new_fen
            WHEN first.run_id IS NULL THEN CASE WHEN o.state = 1 AND o.changed_at <= moment.at THEN o.price_fen END
            WHEN moment.at >= begun.at THEN first.old_fen END AS fen,
        coalesce(newest.effective_at, CASE WHEN first.run_id IS NULL THEN o.changed_at END) AS since,
        coalesce(newest.received_at, CASE WHEN first.run_id IS NULL THEN o.changed_at END) AS received_at,
        newest.reported_at, coalesce(newest.feed_id, o.feed_id) AS feed_id,
        coalesce(newest.run_id, CASE WHEN first.run_id IS NULL THEN o.run_id END) AS run_id
    FROM prices_offer o
    CROSS JOIN (SELECT LEAST(%(valid)s::timestamptz, %(recorded)s::timestamptz) AS at) moment
    LEFT JOIN LATERAL (
        SELECT * FROM prices_pricechange c
        WHERE c.drug_id = o.drug_id AND c.pharmacy_id = o.pharmacy_id
            AND c.received_at <= %(recorded)s AND c.effective_at <= %(valid)s
        ORDER BY c.xid DESC, c.id DESC LIMIT 1
    ) newest ON true
    LEFT JOIN LATERAL (
        SELECT * FROM prices_pricechange c
        WHERE newest.run_id IS NULL AND c.drug_id = o.drug_id AND c.pharmacy_id = o.pharmacy_id
        ORDER BY c.xid, c.id LIMIT 1
    ) first ON true
    CROSS JOIN (SELECT received_at AS at FROM prices_feedrun ORDER BY id LIMIT 1) begun
    WHERE o.pharmacy_id = %(pharmacy)s
), mark AS MATERIALIZED (
    SELECT run.feed_id, max(rp.as_of) AS at
    FROM prices_runpharmacy rp
    JOIN prices_feedrun run ON run.id = rp.run_id
    WHERE rp.pharmacy_id = %(pharmacy)s AND run.mode = 'snapshot'
        AND run.received_at BETWEEN %(oldest)s AND %(recorded)s AND rp.as_of <= %(valid)s
    GROUP BY run.feed_id
), ranked AS MATERIALIZED (
    SELECT EXISTS (SELECT FROM pharmacies_designation d
            WHERE d.pharmacy_id = %(pharmacy)s AND d.kind = 'designated' AND d.valid @> %(day)s::date)
        AND coalesce((SELECT s.status FROM pharmacies_pharmacystatus s
            WHERE s.pharmacy_id = %(pharmacy)s AND s.valid @> %(day)s::date), 'normal') = 'normal' AS yes
)
SELECT d.id, d.code, n.generic_name || ' ' || n.strength || '×' || d.pack_count || d.unit, d.manufacturer,
    d.id AS drug_id, price.fen, price.since, price.received_at, coalesce(nullif(f.name, ''), f.slug) AS feed,
    price.run_id,
    CASE WHEN NOT ranked.yes THEN 'unranked'
        WHEN %(valid)s > GREATEST(price.reported_at, price.since, mark.at) + f.cadence * %(hidden_after)s THEN 'hidden'
        WHEN %(valid)s > GREATEST(price.reported_at, price.since, mark.at) + f.cadence * %(stale_after)s THEN 'stale'
        ELSE 'shown' END AS state
FROM price
JOIN catalog_drug d ON d.id = price.drug_id
JOIN catalog_preparation n ON n.id = d.preparation_id
JOIN prices_feed f ON f.id = price.feed_id
LEFT JOIN mark ON mark.feed_id = price.feed_id
CROSS JOIN ranked
WHERE price.fen IS NOT NULL
ORDER BY n.generic_name COLLATE "zh-x-icu", d.code COLLATE "C"
