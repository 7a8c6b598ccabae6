-- Answers: the sums of a month's reporting by the insurance area that manages the shops.
-- Parameters: areas (ids), month. Relies on: the primary key of prices_reportermonth (month first).
SELECT p.insurance_area_id, count(*), sum(m.expected)::bigint, sum(m.received)::bigint, sum(m.late_days)::bigint,
    sum(m.lines)::bigint, sum(m.refused)::bigint, sum(m.observed)::bigint, sum(m.agreed)::bigint
FROM prices_reportermonth m
JOIN pharmacies_pharmacy p ON p.id = m.pharmacy_id
WHERE m.month = %(month)s AND p.insurance_area_id = ANY (%(areas)s)
GROUP BY p.insurance_area_id
