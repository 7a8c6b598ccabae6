-- Which drugs match every word of a query, best first; one row for each drug, preparation or generic name.
--
-- words      [{number, latin, grams, whole, equal, begins, holds}]: LIKE patterns over catalog_searchname.lines
-- asked      how many words there are
-- specs      [{strength, pack}]: a pattern for the strength, a number of smallest units; either may be null
-- names      names of the most selective word that are followed, best first
-- each       drug, preparation, name: what a row stands for
-- many, skip rows
--
-- Few names stand for many products: words are compared with names only (index search_name_grams, a superset that
-- `lines LIKE holds` makes exact). Then the products of the best names of *one* word are looked up (index by name, trade
-- name or maker), and the other words are asked of these alone. Tiers are those of catalog.search.RANKS.
-- `followed` tells how many names were followed: as many as `names` means there may be more.
WITH word AS MATERIALIZED (
    SELECT *
    FROM jsonb_to_recordset(%(words)s::jsonb) AS word (
        number integer, latin boolean, grams text[], whole text, equal text, begins text, holds text
    )
),
spec AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(specs)s::jsonb) AS spec (strength text, pack integer)
),
hit AS MATERIALIZED (
    SELECT
        word.number, name.kind, name.text, name.products, name.length,
        name.lines NOT LIKE word.whole AS part,
        CASE
            WHEN name.kind = 'maker' THEN CASE WHEN name.lines LIKE word.begins THEN 7 ELSE 8 END
            WHEN name.lines LIKE word.equal THEN CASE WHEN word.latin THEN 3 ELSE 1 END
            WHEN name.lines LIKE word.begins THEN CASE WHEN word.latin THEN 5 ELSE 2 END
            WHEN word.latin THEN 6
            ELSE 4
        END AS tier
    FROM word
    JOIN catalog_searchname AS name ON name.grams @> word.grams AND name.lines LIKE word.holds
),
driver AS (
    SELECT number FROM hit GROUP BY number ORDER BY sum(products), number LIMIT 1
),
followed AS MATERIALIZED (
    SELECT kind, text
    FROM hit
    WHERE number = (SELECT number FROM driver)
    ORDER BY tier, part, kind = 'trade', length, products DESC, text
    LIMIT %(names)s
),
pool AS MATERIALIZED (
    SELECT drug.id, drug.preparation_id, drug.trade_name, drug.manufacturer, drug.pack_count, drug.code
    FROM followed
    JOIN catalog_preparation AS preparation ON preparation.generic_name = followed.text
    JOIN catalog_drug AS drug ON drug.preparation_id = preparation.id
    WHERE followed.kind = 'generic'
    UNION
    SELECT drug.id, drug.preparation_id, drug.trade_name, drug.manufacturer, drug.pack_count, drug.code
    FROM followed
    JOIN catalog_drug AS drug ON drug.trade_name = followed.text AND drug.trade_name <> ''
    WHERE followed.kind = 'trade'
    UNION
    SELECT drug.id, drug.preparation_id, drug.trade_name, drug.manufacturer, drug.pack_count, drug.code
    FROM followed
    JOIN catalog_drug AS drug ON drug.manufacturer = followed.text
    WHERE followed.kind = 'maker'
),
candidate AS MATERIALIZED (
    SELECT pool.*, preparation.generic_name, preparation.strength, narrowed.away
    FROM pool
    JOIN catalog_preparation AS preparation ON preparation.id = pool.preparation_id
    CROSS JOIN LATERAL (
        -- How many of the numbers say the pack and not the strength; null where one says neither.
        SELECT
            CASE
                WHEN bool_and(coalesce(written ~ spec.strength, false) OR coalesce(pool.pack_count = spec.pack, false))
                    IS NOT FALSE
                THEN count(*) FILTER (WHERE NOT coalesce(written ~ spec.strength, false))
            END AS away
        FROM spec
        CROSS JOIN lower(replace(normalize(preparation.strength, NFKC), ' ', '')) AS written
    ) AS narrowed
    WHERE narrowed.away IS NOT NULL
),
said AS (
    SELECT candidate.id, hit.* FROM candidate JOIN hit ON hit.kind = 'generic' AND hit.text = candidate.generic_name
    UNION ALL
    SELECT candidate.id, hit.* FROM candidate JOIN hit ON hit.kind = 'trade' AND hit.text = candidate.trade_name
    UNION ALL
    SELECT candidate.id, hit.* FROM candidate JOIN hit ON hit.kind = 'maker' AND hit.text = candidate.manufacturer
),
best AS (
    SELECT DISTINCT ON (id, number) *
    FROM said
    ORDER BY id, number, tier, part, kind = 'trade', length, products DESC
),
matching AS (
    SELECT
        id,
        min(ARRAY[tier, part::integer, (kind = 'trade')::integer, length, -products]) AS place,
        sum(tier) AS tiers,
        (array_agg(text ORDER BY tier, part, kind = 'trade', length))[1] AS matched
    FROM best
    GROUP BY id
    HAVING count(*) = %(asked)s
),
placed AS (
    SELECT
        candidate.*, matching.matched,
        matching.place[1] || ARRAY[matching.tiers::integer, candidate.away::integer] || matching.place[2:] AS rank,
        count(*) OVER (PARTITION BY preparation_id) AS fellows
    FROM candidate
    JOIN matching USING (id)
),
numbered AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY
                CASE %(each)s
                    WHEN 'drug' THEN id::text
                    WHEN 'preparation' THEN preparation_id::text
                    ELSE generic_name
                END
            ORDER BY rank, fellows DESC, strength, preparation_id, manufacturer, pack_count, code
        ) AS turn
    FROM placed
)
SELECT id, preparation_id, generic_name, matched, (SELECT count(*) FROM followed) AS followed
FROM numbered
WHERE turn = 1
ORDER BY rank, generic_name, fellows DESC, strength, preparation_id, manufacturer, pack_count, code
LIMIT %(many)s OFFSET %(skip)s
