-- Answers: one row: what must be known before a plan is chosen (sql/functions/survey.sql).
-- Parameters: kinds (of lists), day, drugs, region_id (NULL: any), west … north (NULL: no box), few_offers.
SELECT * FROM search_survey(
    %(kinds)s::text[], %(day)s::date, %(drugs)s::int[], %(region_id)s::bigint,
    ST_MakeEnvelope(%(west)s::float8, %(south)s::float8, %(east)s::float8, %(north)s::float8, 4326),
    %(few_offers)s::int
)
