-- Answers: everything on the shelf of pharmacy %(pharmacy)s as its own staff see it, by name: hidden and out of stock
--   offers too. How old each price is and whether citizens still see it, whether the desk said it with a reason, whether
--   a newer delivery had a suspected slip refused for it, and what the desk had said in the last week before a feed with
--   newer data said otherwise.
-- Parameters: pharmacy, at, stale_after, hidden_after (× cadence).
-- Relies on: offer_pharmacy, desk_change_of_offer, rejection_of_offer.
SELECT d.id, d.code, n.generic_name, d.trade_name, n.strength, d.pack_count, d.unit, d.pack_unit, d.manufacturer,
    d.search_terms, o.price_fen, o.stock, vouched.at AS as_of,
    CASE WHEN %(at)s > vouched.at + f.cadence * %(hidden_after)s THEN 2
        WHEN %(at)s > vouched.at + f.cadence * %(stale_after)s THEN 1 ELSE 0 END AS stale,
    coalesce(said.warnings, '{}') AS warnings, coalesce(said.reason, '') AS reason, doubted.reasons AS doubts,
    overtaken.new_fen AS overtaken_fen, coalesce(nullif(f.name, ''), f.slug) AS said_by
FROM prices_offer o
JOIN prices_feed f ON f.id = o.feed_id
JOIN catalog_drug d ON d.id = o.drug_id
JOIN catalog_preparation n ON n.id = d.preparation_id
LEFT JOIN prices_pharmacyfeed m ON m.pharmacy_id = o.pharmacy_id AND m.feed_id = o.feed_id
LEFT JOIN prices_deskchange said
    ON said.pharmacy_id = o.pharmacy_id AND said.drug_id = o.drug_id AND said.run_id = o.run_id
    AND cardinality(said.warnings) > 0
LEFT JOIN LATERAL (
    SELECT reasons FROM prices_rejection r
    WHERE r.drug_id = o.drug_id AND r.pharmacy_id = o.pharmacy_id AND r.price_fen IS NOT NULL AND r.state <> 'settled'
        AND r.run_id > o.run_id
    ORDER BY r.run_id DESC LIMIT 1
) doubted ON true
LEFT JOIN LATERAL (
    SELECT c.new_fen, c.run_id FROM prices_deskchange c
    WHERE c.pharmacy_id = o.pharmacy_id AND c.drug_id = o.drug_id
    ORDER BY c.run_id DESC LIMIT 1
) last_edit ON last_edit.run_id <> o.run_id
LEFT JOIN LATERAL (
    SELECT last_edit.new_fen FROM prices_feedrun r
    WHERE r.id = last_edit.run_id AND r.state = 'published' AND r.received_at > %(at)s - interval '7 days'
        AND last_edit.new_fen <> o.price_fen AND NOT f.desk
) overtaken ON true
CROSS JOIN LATERAL (
    SELECT CASE WHEN o.disputed_since IS NULL THEN GREATEST(o.confirmed_at, m.snapshot_as_of)
        ELSE LEAST(o.confirmed_at, o.disputed_since) END AS at
) vouched
WHERE o.pharmacy_id = %(pharmacy)s AND o.state <> 0
ORDER BY n.generic_name COLLATE "C", d.code COLLATE "C"
