-- Leads to be looked at go with their pharmacy: where another insurance area manages it by now, they are that area's.
-- Returns one row for each. A drift (no pharmacy) stays where it is, and so does what somebody has decided about.
-- No parameters.
-- Relies on: lead_waiting (the leads to be looked at are few).
UPDATE prices_lead l SET area_id = p.insurance_area_id
FROM pharmacies_pharmacy p
WHERE l.state = 'new' AND p.id = l.pharmacy_id AND l.area_id <> p.insurance_area_id
RETURNING l.id
