-- Which of some words occur in a name: their numbers. `words` as in find.sql; index search_name_grams.
SELECT word.number
FROM jsonb_to_recordset(%(words)s::jsonb) AS word (number integer, grams text[], holds text)
WHERE EXISTS (
    SELECT FROM catalog_searchname AS name WHERE name.grams @> word.grams AND name.lines LIKE word.holds
)
ORDER BY word.number
