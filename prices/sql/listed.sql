-- Answers: which of the drugs the lists of a kind name on a day: (area, drug), see search_listed.
-- Parameters: kind, day, drugs.
SELECT area_id, drug_id FROM search_listed(ARRAY[%(kind)s::text], %(day)s::date, %(drugs)s::int[])
