-- On how many earlier days (Asia/Shanghai) was the same price refused for the same drug and shop of this feed? Rows as
-- parallel int[] %(lines)s, %(drugs)s, %(pharmacies)s, %(fens)s; uses rejection_of_offer.
SELECT s.line, count(DISTINCT (f.received_at AT TIME ZONE 'Asia/Shanghai')::date) AS days
FROM unnest(%(lines)s::int[], %(drugs)s::int[], %(pharmacies)s::int[], %(fens)s::int[])
    s (line, drug_id, pharmacy_id, price_fen)
JOIN prices_rejection r USING (drug_id, pharmacy_id, price_fen)
JOIN prices_feedrun f ON f.id = r.run_id AND f.feed_id = %(feed)s
WHERE (f.received_at AT TIME ZONE 'Asia/Shanghai')::date < (%(received_at)s AT TIME ZONE 'Asia/Shanghai')::date
GROUP BY s.line
