-- Answers: for every area that manages a ranked retail pharmacy, itself or by one below it: how many such shops, how many
--   of them report in time, late or not at all, their live offers and those that are fresh, and the rows that came in for
--   them since %(since)s, with those refused.
-- Parameters: at, since, stale_after, hidden_after.
-- Plan: offers are read once and counted by shop; only 30,000 shops are spread over their areas.
-- Relies on: prices_rejection's unique index on (run_id, line).
WITH shop AS MATERIALIZED (
    SELECT t.pharmacy_id, t.area_ids,
        COALESCE(bool_or(%(at)s <= m.as_of + f.cadence * %(stale_after)s), false) AS fresh,
        COALESCE(bool_or(%(at)s <= m.as_of + f.cadence * %(hidden_after)s), false) AS shown
    FROM pharmacies_pharmacytoday t
    LEFT JOIN (prices_pharmacyfeed m JOIN prices_feed f ON f.id = m.feed_id) USING (pharmacy_id)
    WHERE t.ranked AND t.kind = 'pharmacy'
    GROUP BY t.pharmacy_id
), offered AS MATERIALIZED (
    SELECT o.pharmacy_id, count(*) AS offers, count(*) FILTER (WHERE %(at)s <= f.cadence * %(stale_after)s
        + search_vouched(o.confirmed_at, o.disputed_since, m.snapshot_as_of)) AS fresh
    FROM prices_offer o
    JOIN prices_feed f ON f.id = o.feed_id
    LEFT JOIN prices_pharmacyfeed m ON m.pharmacy_id = o.pharmacy_id AND m.feed_id = o.feed_id
    WHERE o.state = 1
    GROUP BY o.pharmacy_id
), run AS MATERIALIZED (
    SELECT id FROM prices_feedrun WHERE received_at > %(since)s AND received_at <= %(at)s
), accepted AS (
    SELECT p.pharmacy_id, sum(p.accepted) AS taken FROM prices_runpharmacy p JOIN run ON run.id = p.run_id
    GROUP BY p.pharmacy_id
), refused AS (
    SELECT r.pharmacy_id, count(*) AS refused FROM prices_rejection r JOIN run ON run.id = r.run_id
    WHERE r.pharmacy_id IS NOT NULL
    GROUP BY r.pharmacy_id
)
SELECT area_id, count(*) AS shops,
    count(*) FILTER (WHERE shop.fresh) AS reporting,
    count(*) FILTER (WHERE shop.shown AND NOT shop.fresh) AS late,
    count(*) FILTER (WHERE NOT shop.shown) AS silent,
    COALESCE(sum(offered.offers), 0)::bigint AS offers,
    COALESCE(sum(offered.fresh), 0)::bigint AS fresh,
    (COALESCE(sum(accepted.taken), 0) + COALESCE(sum(refused.refused), 0))::bigint AS received,
    COALESCE(sum(refused.refused), 0)::bigint AS refused
FROM shop
LEFT JOIN offered USING (pharmacy_id)
LEFT JOIN accepted USING (pharmacy_id)
LEFT JOIN refused USING (pharmacy_id)
CROSS JOIN LATERAL unnest(shop.area_ids) area_id
GROUP BY area_id
