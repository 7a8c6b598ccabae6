-- Which staged rows differ from a live offer, and from what? (line, old_fen, live); old_fen is NULL for a price never
-- seen, and the last one for a withdrawn offer. Probes the offers' key in key order (prices_offer_pkey); the fence keeps
-- the planner from hashing all of them.
SELECT s.line, o.price_fen AS old_fen, coalesce(o.state = 1, false) AS live
FROM staged s
LEFT JOIN LATERAL (
    SELECT price_fen, state FROM prices_offer
    WHERE drug_id = s.drug_id AND pharmacy_id = s.pharmacy_id
    OFFSET 0
) o ON true
WHERE o.price_fen IS DISTINCT FROM s.price_fen OR o.state <> 1
