-- What there is of some generic names, for a line each: strengths, the most common first, and the number of makers.
-- `drugs` limits it to these products where a code was asked for. Index by name (preparation_once), then drug by preparation.
SELECT
    generic_name,
    array_agg(strength ORDER BY products DESC, strength) AS strengths,
    array_agg(DISTINCT id) AS preparations,
    (
        SELECT count(DISTINCT drug.manufacturer)
        FROM catalog_drug AS drug
        WHERE drug.preparation_id = ANY (array_agg(each.id))
    ) AS makers
FROM (
    SELECT preparation.id, preparation.generic_name, preparation.strength, count(*) AS products
    FROM catalog_preparation AS preparation
    JOIN catalog_drug AS drug ON drug.preparation_id = preparation.id
    WHERE preparation.generic_name = ANY (%(names)s)
    GROUP BY preparation.id
) AS each
GROUP BY generic_name
