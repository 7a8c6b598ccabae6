-- The preparations of some names, in the order of the names; of one name the strength with most products first. Where
-- `each` is name: one row for each generic name.
-- kinds, texts: the names. Indexes: preparation_once and drug by preparation, drug_trade_name, drug_maker.
WITH name AS MATERIALIZED (
    SELECT * FROM unnest(%(kinds)s::text[], %(texts)s::text[]) WITH ORDINALITY AS name (kind, text, place)
),
pool AS (
    SELECT
        name.place, preparation.id,
        (SELECT count(*) FROM catalog_drug AS drug WHERE drug.preparation_id = preparation.id) AS products
    FROM name
    JOIN catalog_preparation AS preparation ON preparation.generic_name = name.text
    WHERE name.kind = 'generic'
    UNION ALL
    SELECT name.place, drug.preparation_id, count(*)
    FROM name
    JOIN catalog_drug AS drug ON drug.trade_name = name.text AND drug.trade_name <> ''
    WHERE name.kind = 'trade'
    GROUP BY name.place, drug.preparation_id
    UNION ALL
    SELECT name.place, drug.preparation_id, count(*)
    FROM name
    JOIN catalog_drug AS drug ON drug.manufacturer = name.text
    WHERE name.kind = 'maker'
    GROUP BY name.place, drug.preparation_id
),
ranked AS (
    SELECT
        pool.*, preparation.generic_name, preparation.strength, coalesce(generic.products, 0) AS weight,
        row_number() OVER (
            PARTITION BY CASE %(each)s WHEN 'name' THEN preparation.generic_name ELSE pool.id::text END
            ORDER BY pool.place, pool.products DESC, preparation.strength, pool.id
        ) AS turn
    FROM pool
    JOIN catalog_preparation AS preparation USING (id)
    LEFT JOIN catalog_searchname AS generic ON generic.kind = 'generic' AND generic.text = preparation.generic_name
    WHERE pool.products > 0
)
SELECT 0, ranked.id, ranked.generic_name, name.text
FROM ranked
JOIN name USING (place)
WHERE turn = 1
ORDER BY ranked.place, ranked.weight DESC, ranked.generic_name, ranked.products DESC, ranked.strength, ranked.id
LIMIT %(many)s OFFSET %(skip)s
