-- Answers: a page of offers, in order, with what a card says about their pharmacies.
-- Parameters: plan (a search function, see sql/functions), sort, and the fields of `search_question`.
-- Relies on: the search functions and the keys of pharmacies_pharmacytoday and pharmacies_pharmacy.
SELECT r.pharmacy_id, r.drug_id, r.price_fen, r.price_key, r.stock, r.generated, r.as_of, r.stale, r.distance,
    t.designations, ST_X(t.location::geometry) AS lng, ST_Y(t.location::geometry) AS lat,
    p.code, p.name, p.kind, p.address, p.phone, p.hours, t.open_minutes::text
FROM search_offers(%(plan)s, ROW(
    %(drugs)s::int[], %(weights)s::numeric[],
    %(origin)s::geography, %(radius_m)s::float8, _ST_Expand(%(origin)s::geography, %(box_m)s::float8),
    %(cells)s::int[], %(reach_m)s::float8[],
    %(kinds)s::text[], %(region_id)s::bigint, %(designations)s::int, %(minute)s::int, %(share)s::float8, %(source)s::text,
    %(anywhere)s::boolean, %(list_areas)s::bigint[], %(listed)s::text[], %(bar_areas)s::bigint[], %(barred)s::text[],
    %(at)s::timestamptz, %(stale_after)s::float8, %(hidden_after)s::float8, %(in_stock)s::boolean,
    %(per_pharmacy)s::boolean, %(rows)s::int, %(packs)s::numeric, %(units)s::numeric, %(fen_per_m)s::float8,
    %(first_page)s::boolean, %(after_stale)s::boolean, %(after_distance)s::float8, %(after_price)s::numeric,
    %(after_code)s::text, %(after_n)s::bigint
)::search_question, %(sort)s)
    WITH ORDINALITY AS r (pharmacy_id, drug_id, n, price_fen, price_key, stock, generated, as_of, stale, distance, place)
JOIN pharmacies_pharmacytoday t ON t.pharmacy_id = r.pharmacy_id
JOIN pharmacies_pharmacy p ON p.id = r.pharmacy_id
ORDER BY r.place
