-- Answers: what must be known before a plan is chosen and filled in, at once: which lists name the drugs, which cells there
--   are, and how many live offers the drugs have, counted to one more than a few.

-- Which of the drugs the lists of some kinds name on a day: (kind, area of the list, drug), and (kind, area, NULL) for a list
--   that names none of them. An entry names a drug, a listing the drug has been matched to by a person, or a generic
--   name with or without its form. From the few drugs to their entries: a list of thousands is never read. The names are
--   looked up behind fences (LATERAL … OFFSET 0), since the planner takes any list for one row.
-- Relies on: the entries' indexes on drug, listing and name, and the keys of drugs and preparations.
CREATE FUNCTION search_listed(kinds text[], day date, drugs int[])
RETURNS TABLE (kind text, area_id bigint, drug_id int)
LANGUAGE plpgsql STABLE ROWS 10
SET plan_cache_mode = force_generic_plan SET jit = off SET max_parallel_workers_per_gather = 0
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH named AS MATERIALIZED (
        SELECT e.drug_list_id, e.drug_id::int
        FROM catalog_druglistentry e
        WHERE e.drug_id = ANY (drugs) AND e.valid @> day
        UNION ALL
        SELECT e.drug_list_id, m.drug_id::int
        FROM catalog_listingmatch m
        JOIN catalog_druglistentry e ON e.listing_id = m.listing_id
        WHERE m.drug_id = ANY (drugs) AND m.state = 'accepted' AND e.valid @> day
        UNION ALL
        SELECT e.drug_list_id, d.id::int
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
        WHERE d.id = ANY (drugs) AND e.valid @> day
    )
    SELECT DISTINCT l.kind::text, l.area_id, named.drug_id
    FROM catalog_druglist l
    LEFT JOIN named ON named.drug_list_id = l.id
    WHERE l.kind = ANY (kinds) AND l.valid @> day
    ORDER BY 1, 2, 3;
END $$;

-- `around`: a box outside which no cell matters (NULL: none); `everywhere`: the pharmacies of all cells.
CREATE FUNCTION search_survey(
    kinds text[], day date, drugs int[], region_id bigint, around geometry, few_offers int
) RETURNS TABLE (
    list_kinds text[], list_areas bigint[], list_drugs int[], everywhere bigint,
    cells int[], pharmacies int[], dual_channel int[], night int[], institutions int[],
    west float8[], south float8[], east float8[], north float8[], offers bigint
)
LANGUAGE plpgsql STABLE ROWS 1
SET plan_cache_mode = force_generic_plan SET jit = off SET max_parallel_workers_per_gather = 0
AS $$
#variable_conflict use_column
BEGIN
    SELECT array_agg(l.kind), array_agg(l.area_id), array_agg(l.drug_id) INTO list_kinds, list_areas, list_drugs
    FROM search_listed(kinds, day, drugs) l;
    SELECT array_agg(c.cell), array_agg(c.pharmacies), array_agg(c.dual_channel), array_agg(c.night),
        array_agg(c.institutions), array_agg(ST_XMin(c.box)), array_agg(ST_YMin(c.box)), array_agg(ST_XMax(c.box)),
        array_agg(ST_YMax(c.box))
    INTO cells, pharmacies, dual_channel, night, institutions, west, south, east, north
    FROM pharmacies_pharmacycell c
    WHERE (around IS NULL OR c.box && around)
        AND (search_survey.region_id IS NULL OR search_survey.region_id = ANY (c.region_ids));
    everywhere := (SELECT sum(c.pharmacies) FROM pharmacies_pharmacycell c);
    offers := (SELECT count(*) FROM (
        SELECT FROM unnest(drugs) d (id) CROSS JOIN LATERAL (
            SELECT FROM prices_offer x WHERE x.drug_id = d.id AND x.state = 1 LIMIT few_offers + 1
        ) x LIMIT few_offers + 1
    ) counted);
    RETURN NEXT;
END $$;
