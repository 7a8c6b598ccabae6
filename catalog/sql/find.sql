-- Which drugs match every word of a query of several words, or of a word and a strength, best first; one row for each
-- drug, preparation or generic name.
--
-- words      for catalog_hits; asked: how many they are
-- specs      [{strength, pack}]: a pattern for the strength, a number of smallest units; either may be null
-- most       products that are looked at: those of the best names of the most selective word
-- each       drug, preparation, name: what a row stands for
-- many, skip rows
--
-- The products of the best names of *one* word are looked up (indexes: preparation_once and drug by preparation,
-- drug_trade_name, drug_maker), and the other words are asked of these alone.
WITH spec AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(specs)s::jsonb) AS spec (strength text, pack integer)
),
hit AS MATERIALIZED (
    SELECT * FROM catalog_hits(%(words)s::jsonb)
),
ordered AS (
    SELECT
        kind, text, products,
        sum(products) OVER (ORDER BY tier, part, kind = 'trade', size, products DESC, text) AS so_far
    FROM hit
    WHERE number = (SELECT number FROM hit GROUP BY number ORDER BY sum(products), number LIMIT 1)
),
followed AS MATERIALIZED (
    SELECT kind, text FROM ordered WHERE so_far - products < %(most)s
),
pool AS MATERIALIZED (
    SELECT drug.id
    FROM followed
    JOIN catalog_preparation AS preparation ON preparation.generic_name = followed.text
    JOIN catalog_drug AS drug ON drug.preparation_id = preparation.id
    WHERE followed.kind = 'generic'
    UNION
    SELECT drug.id
    FROM followed
    JOIN catalog_drug AS drug ON drug.trade_name = followed.text AND drug.trade_name <> ''
    WHERE followed.kind = 'trade'
    UNION
    SELECT drug.id
    FROM followed
    JOIN catalog_drug AS drug ON drug.manufacturer = followed.text
    WHERE followed.kind = 'maker'
),
candidate AS MATERIALIZED (
    SELECT
        drug.id, drug.preparation_id, drug.trade_name, drug.manufacturer, drug.pack_count, drug.code,
        preparation.generic_name, preparation.strength, narrowed.away
    FROM pool
    JOIN catalog_drug AS drug USING (id)
    JOIN catalog_preparation AS preparation ON preparation.id = drug.preparation_id
    CROSS JOIN LATERAL (
        -- How many of the numbers say the pack and not the strength; null where one says neither.
        SELECT
            CASE
                WHEN bool_and(coalesce(written ~ spec.strength, false) OR coalesce(drug.pack_count = spec.pack, false))
                    IS NOT FALSE
                THEN count(*) FILTER (WHERE NOT coalesce(written ~ spec.strength, false))
            END AS away
        FROM spec
        CROSS JOIN LATERAL (
            SELECT lower(replace(normalize(preparation.strength, NFKC), ' ', '')) AS written
        ) AS strength
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
    ORDER BY id, number, tier, part, kind = 'trade', size, products DESC
),
matching AS (
    SELECT
        id,
        min(ARRAY[tier, part::integer, (kind = 'trade')::integer, size, -products]) AS place,
        sum(tier) AS tiers,
        (array_agg(text ORDER BY tier, part, kind = 'trade', size))[1] AS matched
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
SELECT numbered.id, numbered.preparation_id, numbered.generic_name, numbered.matched
FROM numbered
LEFT JOIN catalog_searchname AS generic ON generic.kind = 'generic' AND generic.text = numbered.generic_name
WHERE turn = 1
ORDER BY
    rank, generic.products DESC, generic_name, fellows DESC, strength, preparation_id, manufacturer, pack_count, code
LIMIT %(many)s OFFSET %(skip)s
