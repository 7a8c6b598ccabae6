-- The products of some names, in the order of the names: each product once, at its best name.
-- kinds, texts: the names. Indexes: preparation_once and drug by preparation, drug_trade_name, drug_maker.
WITH name AS MATERIALIZED (
    SELECT * FROM unnest(%(kinds)s::text[], %(texts)s::text[]) WITH ORDINALITY AS name (kind, text, place)
),
pool AS (
    SELECT name.place, drug.id
    FROM name
    JOIN catalog_preparation AS preparation ON preparation.generic_name = name.text
    JOIN catalog_drug AS drug ON drug.preparation_id = preparation.id
    WHERE name.kind = 'generic'
    UNION ALL
    SELECT name.place, drug.id
    FROM name
    JOIN catalog_drug AS drug ON drug.trade_name = name.text AND drug.trade_name <> ''
    WHERE name.kind = 'trade'
    UNION ALL
    SELECT name.place, drug.id
    FROM name
    JOIN catalog_drug AS drug ON drug.manufacturer = name.text
    WHERE name.kind = 'maker'
),
best AS (
    SELECT id, min(place) AS place FROM pool GROUP BY id
)
SELECT
    drug.id, drug.preparation_id, preparation.generic_name, name.text
FROM best
JOIN name USING (place)
JOIN catalog_drug AS drug ON drug.id = best.id
JOIN catalog_preparation AS preparation ON preparation.id = drug.preparation_id
LEFT JOIN catalog_searchname AS generic ON generic.kind = 'generic' AND generic.text = preparation.generic_name
ORDER BY
    best.place, generic.products DESC, preparation.generic_name,
    count(*) OVER (PARTITION BY drug.preparation_id, best.place) DESC,
    preparation.strength, preparation.id, drug.manufacturer, drug.pack_count, drug.code
LIMIT %(many)s OFFSET %(skip)s
