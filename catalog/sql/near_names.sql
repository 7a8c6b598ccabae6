-- Names that hold a word with one character wrong, missing, too many or changed places with its neighbour.
--
-- tries     [{grams}]: parts of the word of which one must be intact; index search_name_grams
-- patterns  LIKE patterns, one for each possible slip, compared with the lines of a name
-- whole     the same patterns as whole lines: a name of that length comes before one that only holds the word
SELECT name.text, name.lines
FROM catalog_searchname AS name
WHERE name.id IN (
        SELECT near.id
        FROM jsonb_to_recordset(%(tries)s::jsonb) AS try (grams text[])
        JOIN catalog_searchname AS near ON near.grams @> try.grams
    )
    AND name.lines LIKE ANY (%(patterns)s)
ORDER BY
    name.kind = 'maker', NOT name.lines LIKE ANY (%(whole)s), NOT name.lines LIKE ANY (%(begins)s), name.products DESC,
    name.length, name.text
LIMIT %(many)s
