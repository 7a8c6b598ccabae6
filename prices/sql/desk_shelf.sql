-- Answers: everything on the shelf of pharmacy %(pharmacy)s as its own staff see it, by name (拼音): hidden and out of stock
--   offers too. How old each price is and whether citizens still see it, whether the desk said it with a reason, whether
--   a newer delivery had a suspected slip refused for it, and what the desk had said in the last week before a feed with
--   newer data said otherwise.
-- Parameters: pharmacy, at, stale_after, hidden_after (× cadence).
-- Relies on: offer_pharmacy, desk_change_of_offer, rejection_of_offer.
WITH last_edit AS MATERIALIZED (
    SELECT DISTINCT ON (c.drug_id) c.drug_id, c.run_id, c.new_fen, c.warnings, c.reason, r.state, r.received_at
    FROM prices_deskchange c JOIN prices_feedrun r ON r.id = c.run_id
    WHERE c.pharmacy_id = %(pharmacy)s
    ORDER BY c.drug_id, c.run_id DESC
)
SELECT d.id, d.code, n.generic_name, d.trade_name, n.strength, d.pack_count, d.unit, d.pack_unit, d.manufacturer,
    d.search_terms, o.price_fen, o.stock, vouched.at AS as_of,
    CASE WHEN %(at)s > vouched.at + f.cadence * %(hidden_after)s THEN 2
        WHEN %(at)s > vouched.at + f.cadence * %(stale_after)s THEN 1 ELSE 0 END AS stale,
    CASE WHEN e.run_id = o.run_id THEN e.warnings ELSE '{}' END AS warnings, coalesce(e.reason, '') AS reason,
    doubted.reasons AS doubts,
    CASE WHEN e.run_id <> o.run_id AND e.state = 'published' AND e.received_at > %(at)s - interval '7 days'
        AND e.new_fen <> o.price_fen AND NOT f.desk THEN e.new_fen END AS overtaken_fen,
    coalesce(nullif(f.name, ''), f.slug) AS said_by
FROM prices_offer o
JOIN prices_feed f ON f.id = o.feed_id
JOIN catalog_drug d ON d.id = o.drug_id
JOIN catalog_preparation n ON n.id = d.preparation_id
LEFT JOIN prices_pharmacyfeed m ON m.pharmacy_id = o.pharmacy_id AND m.feed_id = o.feed_id
LEFT JOIN last_edit e ON e.drug_id = o.drug_id
LEFT JOIN LATERAL (
    SELECT reasons FROM prices_rejection r
    WHERE r.drug_id = o.drug_id AND r.pharmacy_id = o.pharmacy_id AND r.price_fen IS NOT NULL AND r.state <> 'settled'
        AND r.run_id > o.run_id
    ORDER BY r.run_id DESC LIMIT 1
) doubted ON true
CROSS JOIN LATERAL (SELECT search_vouched(o.confirmed_at, o.disputed_since, m.snapshot_as_of) AS at) vouched
WHERE o.pharmacy_id = %(pharmacy)s AND o.state <> 0
ORDER BY n.generic_name COLLATE "zh-x-icu", d.code COLLATE "C"
