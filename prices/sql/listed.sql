-- Answers: which of the drugs the lists of a kind name on a day: (area of the list, drug), and (area, NULL) for a list
--   that names none of them. An entry names a drug, a listing the drug has been matched to by a person, or a generic
--   name with or without its form.
-- Plan: from the few drugs to their entries, whatever list those stand on; a list of thousands is never read. The names
--   are looked up behind fences (LATERAL … OFFSET 0), since the planner takes any list for one row.
-- Parameters: kind, day, drugs.
-- Relies on: the entries' indexes on drug, listing and name, and the keys of drugs and preparations.
WITH named AS MATERIALIZED (
    SELECT e.drug_list_id, e.drug_id
    FROM catalog_druglistentry e
    WHERE e.drug_id = ANY(%(drugs)s::int[]) AND e.valid @> %(day)s::date
    UNION ALL
    SELECT e.drug_list_id, m.drug_id
    FROM catalog_listingmatch m
    JOIN catalog_druglistentry e ON e.listing_id = m.listing_id
    WHERE m.drug_id = ANY(%(drugs)s::int[]) AND m.state = 'accepted' AND e.valid @> %(day)s::date
    UNION ALL
    SELECT e.drug_list_id, d.id
    FROM catalog_drug d
    CROSS JOIN LATERAL (
        SELECT generic_name, dosage_form FROM catalog_preparation WHERE id = d.preparation_id OFFSET 0
    ) n
    CROSS JOIN LATERAL (
        SELECT drug_list_id, valid
        FROM catalog_druglistentry
        WHERE generic_name = n.generic_name AND generic_name <> '' AND dosage_form IN ('', n.dosage_form)
        OFFSET 0
    ) e
    WHERE d.id = ANY(%(drugs)s::int[]) AND e.valid @> %(day)s::date
)
SELECT DISTINCT l.area_id, named.drug_id
FROM catalog_druglist l
LEFT JOIN named ON named.drug_list_id = l.id
WHERE l.kind = %(kind)s AND l.valid @> %(day)s::date
ORDER BY l.area_id, named.drug_id
