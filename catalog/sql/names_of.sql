-- The names that hold a word, best first: `words` for catalog_hits (one word), `names` rows at most.
-- Index search_name_grams; the order is that of catalog.search.RANKS, then docs/search.md.
SELECT kind, text, products
FROM catalog_hits(%(words)s::jsonb) AS hit
ORDER BY tier, part, kind = 'trade', size, products DESC, text
LIMIT %(names)s
