-- Answers: a month's reporting of every pharmacy of the areas, those that reported least of what was expected first.
-- Parameters: areas (ids), month. Relies on: the primary key of prices_reportermonth (month first).
SELECT p.id, p.code, p.name, r.name AS area, coalesce(c.name, '') AS chain, m.expected, m.received, m.late_days, m.lines,
    m.refused, m.observed, m.agreed
FROM prices_reportermonth m
JOIN pharmacies_pharmacy p ON p.id = m.pharmacy_id
JOIN pharmacies_region r ON r.id = p.insurance_area_id
LEFT JOIN pharmacies_chain c ON c.id = p.chain_id
WHERE m.month = %(month)s AND p.insurance_area_id = ANY (%(areas)s)
ORDER BY m.received::float8 / nullif(m.expected, 0) NULLS LAST, m.late_days DESC, p.code COLLATE "C"
