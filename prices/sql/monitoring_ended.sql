-- The leads whose price came to an end: of the offers (drugs, pharmacies) that have another price (fens), or none, since
-- a moment (sinces, microseconds since 1970). A price that was corrected with the same beginning ended when that was
-- received. Only the end is written, whatever officials have decided.
-- Parameters: drugs, pharmacies, fens, sinces, received (parallel int[], int[], int[], bigint[], bigint[]).
-- Relies on: lead_of_pharmacy (pharmacy_id, drug_id), one probe an offer, or one pass over the leads.
UPDATE prices_lead l
SET ended_at = CASE WHEN l.since < moved.since THEN moved.since
    ELSE GREATEST(moved.received, l.since + interval '1 microsecond') END
FROM (
    SELECT drug_id, pharmacy_id, fen, 'epoch'::timestamptz + since_us * interval '1 microsecond' AS since,
        'epoch'::timestamptz + received_us * interval '1 microsecond' AS received
    FROM unnest(%(drugs)s::int[], %(pharmacies)s::int[], %(fens)s::int[], %(sinces)s::bigint[], %(received)s::bigint[])
        asked (drug_id, pharmacy_id, fen, since_us, received_us)
) moved
WHERE l.pharmacy_id = moved.pharmacy_id AND l.drug_id = moved.drug_id AND l.ended_at IS NULL
    AND (l.since < moved.since OR (l.since = moved.since AND l.price_fen IS DISTINCT FROM moved.fen))
