-- Answers: for each of many pairs (drug, region) the statistics in force on a day, and the day of the roll-up they come
--   from; nothing for pairs without shops, and nothing at all when the last roll-up is older than `oldest`.
-- Plan: the newest row of each pair, from the end of the key.
-- Parameters: drugs and regions (ids, pairwise), on, oldest (dates).
-- Relies on: the primary key of prices_areaprice, rollup_last_day.
SELECT w.drug_id, w.region_id, p.mode_fen, p.q1_fen, p.median_fen, p.q3_fen, p.min_fen, p.max_fen, p.count, night.last
FROM (
    SELECT LEAST(last, %(on)s) AS last FROM prices_rollup
    WHERE first <= %(on)s AND LEAST(last, %(on)s) >= %(oldest)s
    ORDER BY 1 DESC LIMIT 1
) night
CROSS JOIN unnest(%(drugs)s::int[], %(regions)s::int[]) w (drug_id, region_id)
CROSS JOIN LATERAL (
    SELECT * FROM prices_areaprice
    WHERE drug_id = w.drug_id AND region_id = w.region_id AND "on" <= night.last
    ORDER BY "on" DESC LIMIT 1
) p
WHERE p.count > 0
