-- Names that hold a word with one character wrong, missing, too many or changed places with its neighbour.
--
-- tries     [{grams}]: parts of the word of which one must be intact; index search_name_grams
-- patterns  LIKE patterns, one for each possible slip, compared with the lines of a name; begins, whole: the same for
--           the beginning of a line and for whole lines, which come first
WITH near AS MATERIALIZED (
    SELECT DISTINCT name.id, name.kind, name.text, name.lines, name.length, name.products
    FROM jsonb_to_recordset(%(tries)s::jsonb) AS try (grams text[])
    JOIN catalog_searchname AS name ON name.grams @> try.grams
)
SELECT text, lines
FROM near
WHERE lines LIKE ANY (%(patterns)s)
ORDER BY
    kind = 'maker', NOT lines LIKE ANY (%(whole)s), NOT lines LIKE ANY (%(begins)s), products DESC, length, text
LIMIT %(many)s
