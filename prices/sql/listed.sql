-- Answers: which of the drugs the lists of a kind name on a day: (area of the list, drug), and (area, NULL) for a list
--   that names none of them. An entry names a drug, a listing the drug has been matched to by a person, or a generic
--   name with or without its form.
-- Parameters: kind, day, drugs.
-- Relies on: the entries' indexes (drug, listing, entry_name) and the keys of drugs and preparations.
SELECT l.area_id, named.drug_id
FROM catalog_druglist l
LEFT JOIN LATERAL (
    SELECT e.drug_id
    FROM catalog_druglistentry e
    WHERE e.drug_list_id = l.id AND e.valid @> %(day)s::date AND e.drug_id = ANY(%(drugs)s::int[])
    UNION
    SELECT m.drug_id
    FROM catalog_listingmatch m
    JOIN catalog_druglistentry e ON e.listing_id = m.listing_id
    WHERE e.drug_list_id = l.id AND e.valid @> %(day)s::date
        AND m.drug_id = ANY(%(drugs)s::int[]) AND m.state = 'accepted'
    UNION
    SELECT d.id
    FROM catalog_drug d
    JOIN catalog_preparation n ON n.id = d.preparation_id
    JOIN catalog_druglistentry e ON e.generic_name = n.generic_name AND e.generic_name <> ''
    WHERE e.drug_list_id = l.id AND e.valid @> %(day)s::date
        AND d.id = ANY(%(drugs)s::int[]) AND e.dosage_form IN ('', n.dosage_form)
) named ON true
WHERE l.kind = %(kind)s AND l.valid @> %(day)s::date
ORDER BY l.area_id, named.drug_id
