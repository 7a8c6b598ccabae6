-- The leads whose price came to an end: of the offers (drugs, pharmacies) that have another price, or none, since a
-- moment (sinces, microseconds since 1970). Only the end is written, whatever officials have decided.
-- Parameters: drugs, pharmacies, sinces (parallel int[], int[], bigint[]).
-- Relies on: lead_of_pharmacy (pharmacy_id, drug_id), one probe an offer, or one pass over the leads.
UPDATE prices_lead l SET ended_at = moved.since
FROM (
    SELECT drug_id, pharmacy_id, 'epoch'::timestamptz + us * interval '1 microsecond' AS since
    FROM unnest(%(drugs)s::int[], %(pharmacies)s::int[], %(sinces)s::bigint[]) asked (drug_id, pharmacy_id, us)
) moved
WHERE l.pharmacy_id = moved.pharmacy_id AND l.drug_id = moved.drug_id AND l.ended_at IS NULL AND l.since < moved.since
