-- Answers: how many live offers the drugs have, counted no further than `most`.
-- Parameters: drugs, most. Relies on: offer_cheapest.
SELECT count(*)
FROM (SELECT FROM prices_offer WHERE drug_id = ANY(%(drugs)s) AND state = 1 LIMIT %(most)s) counted
