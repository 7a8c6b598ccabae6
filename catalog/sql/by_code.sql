-- Drugs by what is printed on a box: the beginning of a product code, approval number or barcode, or a trace code's
-- first seven digits. What is not asked for is null. Indexes: catalog_drug_code_…_like, drug_approval, drug_barcode,
-- drug_trace_prefix; `USING ~<~` is their order, so that no more than `many` rows are read. A whole code comes before one
-- that only begins so.
SELECT drug.id
FROM (
    (SELECT id, code AS written FROM catalog_drug WHERE code LIKE %(code)s ORDER BY code USING ~<~ LIMIT %(many)s)
    UNION ALL
    (
        SELECT id, approval_no FROM catalog_drug
        WHERE approval_no LIKE %(approval)s AND approval_no <> '' ORDER BY approval_no USING ~<~ LIMIT %(many)s
    )
    UNION ALL
    (
        SELECT id, barcode FROM catalog_drug
        WHERE barcode LIKE %(barcode)s AND barcode <> '' ORDER BY barcode USING ~<~ LIMIT %(many)s
    )
    UNION ALL
    (
        SELECT id, trace_prefix FROM catalog_drug
        WHERE trace_prefix = %(trace)s AND trace_prefix <> '' LIMIT %(many)s
    )
) AS found
JOIN catalog_drug AS drug USING (id)
GROUP BY drug.id
ORDER BY min(length(written)), min(written), drug.code
