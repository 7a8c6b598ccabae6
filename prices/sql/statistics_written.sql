-- Turns area_count into rows of prices_areaprice for the days %(first)s to %(last)s and returns how many were written:
--   a row only where something differs from the area's row before it; rows of those days that are no longer right go.
--   `after` is the day behind `last` when it has been worked out already: what held on it then still holds afterwards.
--   Quartiles are linear between neighbours (numpy's), in exact integers, rounded half up to 分. The mode is the most
--   frequent price, of several the lowest, from 5 shops on. `mad_ln` is the median of |ln price - ln median_fen|, to 4
--   places, of the regions whose shops are compared with each other: cities, and counties that belong to none.
-- Parameters: drugs (ids), first, last, after (dates, `after` or NULL), min_shops.
-- Relies on: the primary key of prices_areaprice: a few probes for each drug and region, however long the history.
WITH series AS MATERIALIZED (
    SELECT d.drug_id, r.id::int AS region_id FROM unnest(%(drugs)s::int[]) d (drug_id) CROSS JOIN pharmacies_region r
), before AS MATERIALIZED (
    SELECT p.*
    FROM series s
    CROSS JOIN LATERAL (
        SELECT * FROM prices_areaprice
        WHERE drug_id = s.drug_id AND region_id = s.region_id AND "on" < %(first)s ORDER BY "on" DESC LIMIT 1
    ) p
), present AS MATERIALIZED (
    SELECT p.*
    FROM series s
    CROSS JOIN LATERAL (
        SELECT * FROM prices_areaprice
        WHERE drug_id = s.drug_id AND region_id = s.region_id
            AND "on" BETWEEN %(first)s AND COALESCE(%(after)s::date, %(last)s)
        OFFSET 0
    ) p
), counted AS (
    SELECT drug_id, region_id, "on", price_fen, shops FROM area_count
    UNION ALL
    SELECT drug_id, region_id, %(first)s::date, NULL, 0 FROM before WHERE count > 0
), placed AS (
    SELECT *,
        sum(shops) OVER (PARTITION BY drug_id, region_id, "on" ORDER BY price_fen) AS upto,
        (sum(shops) OVER day)::bigint AS n,
        max(shops) OVER day AS most
    FROM counted
    WINDOW day AS (PARTITION BY drug_id, region_id, "on")
), stated AS (
    SELECT drug_id, region_id, "on", n,
        min(price_fen) FILTER (WHERE shops = most) AS mode_fen,
        min(price_fen) FILTER (WHERE shops > 0) AS min_fen,
        min(price_fen) FILTER (WHERE upto > (n - 1) / 4)::bigint AS q1_low,
        min(price_fen) FILTER (WHERE upto > (n - 1) / 4 + 1)::bigint AS q1_high,
        min(price_fen) FILTER (WHERE upto > (n - 1) / 2)::bigint AS q2_low,
        min(price_fen) FILTER (WHERE upto > (n - 1) / 2 + 1)::bigint AS q2_high,
        min(price_fen) FILTER (WHERE upto > (n - 1) * 3 / 4)::bigint AS q3_low,
        min(price_fen) FILTER (WHERE upto > (n - 1) * 3 / 4 + 1)::bigint AS q3_high,
        max(price_fen) FILTER (WHERE shops > 0) AS max_fen
    FROM placed
    GROUP BY drug_id, region_id, "on", n
), middled AS (
    SELECT drug_id, region_id, "on", n, shops, abs(ln(price_fen::float8) - ln((
            (min(price_fen) FILTER (WHERE upto > (n - 1) / 2) OVER day)::bigint
            + (min(price_fen) FILTER (WHERE upto > n / 2) OVER day) + 1) / 2)) AS away
    FROM placed
    WHERE region_id IN (
        SELECT r.id FROM pharmacies_region r LEFT JOIN pharmacies_region parent ON parent.id = r.parent_id
        WHERE r.level = 'city' OR r.level = 'district' AND parent.level = 'province')
    WINDOW day AS (PARTITION BY drug_id, region_id, "on")
), strayed AS (
    SELECT *, sum(shops) OVER (PARTITION BY drug_id, region_id, "on" ORDER BY away) AS nearer FROM middled
), spread AS (
    SELECT drug_id, region_id, "on", round((
        (min(away) FILTER (WHERE nearer > (n - 1) / 2) + min(away) FILTER (WHERE nearer > n / 2)) / 2
    )::numeric, 4)::real AS mad_ln
    FROM strayed
    GROUP BY drug_id, region_id, "on"
), lines AS (
    SELECT drug_id, region_id, "on", CASE WHEN n >= %(min_shops)s THEN mode_fen END AS mode_fen, min_fen,
        ((q1_low * 4 + (COALESCE(q1_high, q1_low) - q1_low) * ((n - 1) %% 4) + 2) / 4)::int AS q1_fen,
        ((q2_low * 2 + (COALESCE(q2_high, q2_low) - q2_low) * ((n - 1) %% 2) + 1) / 2)::int AS median_fen,
        ((q3_low * 4 + (COALESCE(q3_high, q3_low) - q3_low) * ((n - 1) * 3 %% 4) + 2) / 4)::int AS q3_fen,
        max_fen, n::int AS count, mad_ln, 1 AS rank
    FROM stated LEFT JOIN spread USING (drug_id, region_id, "on")
    WHERE n > 0
    UNION ALL
    SELECT drug_id, region_id, "on", NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, 1 FROM stated WHERE n = 0
    UNION ALL
    SELECT drug_id, region_id, "on", mode_fen, min_fen, q1_fen, median_fen, q3_fen, max_fen, count, mad_ln, 0
    FROM before
    UNION ALL
    SELECT s.drug_id, s.region_id, %(after)s::date, p.mode_fen, p.min_fen, p.q1_fen, p.median_fen, p.q3_fen, p.max_fen,
        COALESCE(p.count, 0), p.mad_ln, 1
    FROM series s
    LEFT JOIN LATERAL (
        SELECT * FROM prices_areaprice
        WHERE drug_id = s.drug_id AND region_id = s.region_id AND "on" <= %(after)s ORDER BY "on" DESC LIMIT 1
    ) p ON true
    WHERE %(after)s::date IS NOT NULL
), compared AS (
    SELECT *, ROW(mode_fen, min_fen, q1_fen, median_fen, q3_fen, max_fen, count, mad_ln) AS said,
        lag(ROW(mode_fen, min_fen, q1_fen, median_fen, q3_fen, max_fen, count, mad_ln))
            OVER (PARTITION BY drug_id, region_id ORDER BY "on") AS said_before
    FROM lines
), wanted AS MATERIALIZED (
    SELECT drug_id, region_id, "on", mode_fen, min_fen, q1_fen, median_fen, q3_fen, max_fen, count, mad_ln
    FROM compared
    WHERE rank = 1
        AND said IS DISTINCT FROM COALESCE(said_before,
            ROW(NULL::int, NULL::int, NULL::int, NULL::int, NULL::int, NULL::int, 0, NULL::real))
), gone AS (
    DELETE FROM prices_areaprice p
    USING (SELECT drug_id, region_id, "on" FROM present EXCEPT SELECT drug_id, region_id, "on" FROM wanted) w
    WHERE p.drug_id = w.drug_id AND p.region_id = w.region_id AND p."on" = w."on"
), written AS (
    INSERT INTO prices_areaprice AS p
        (drug_id, region_id, "on", mode_fen, min_fen, q1_fen, median_fen, q3_fen, max_fen, count, mad_ln)
    SELECT * FROM wanted
    ON CONFLICT (drug_id, region_id, "on") DO UPDATE SET
        mode_fen = excluded.mode_fen, min_fen = excluded.min_fen, q1_fen = excluded.q1_fen,
        median_fen = excluded.median_fen, q3_fen = excluded.q3_fen, max_fen = excluded.max_fen, count = excluded.count,
        mad_ln = excluded.mad_ln
    WHERE (p.mode_fen, p.min_fen, p.q1_fen, p.median_fen, p.q3_fen, p.max_fen, p.count, p.mad_ln)
        IS DISTINCT FROM (excluded.mode_fen, excluded.min_fen, excluded.q1_fen, excluded.median_fen, excluded.q3_fen,
            excluded.max_fen, excluded.count, excluded.mad_ln)
    RETURNING 1
)
SELECT count(*) FROM written
