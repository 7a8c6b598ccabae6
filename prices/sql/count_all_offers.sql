-- Answers: how many live offers there are: counted when there may be few, estimated from the statistics of the partial
-- index of live offers when counting would take seconds. No parameters. Relies on: offer_cheapest.
SELECT CASE WHEN reltuples > 2000000 THEN reltuples::bigint
    ELSE (SELECT count(*) FROM prices_offer WHERE state = 1) END
FROM pg_class
WHERE oid = 'offer_cheapest'::regclass
