-- What a search asks, as one value: `prices.search.plans` fills it, the search functions read it by name.
--   drugs, weights        the drugs in the order of their codes; prices compare as price_fen * weight
--   origin, radius_m      a point (NULL: none, every distance is 0) and how far from it (infinite: no limit)
--   box                   no pharmacy outside it passes
--   cells, reach_m        no pharmacy in another cell passes; how far the nearest point of each cell is, at least
--   kinds … minute        what a pharmacy must be: its kinds, a region, bits of designations (0: none), open at a minute
--   share                 of the pharmacies that pass those, about
--   source                by which index those are found: 'circle', 'dual_channel', 'night', 'institutions', 'cells' (search_shops)
--   anywhere              true: no list says which drugs may be shown where; else:
--   list_areas, listed    `reimbursed_as` (list_areas NULL: not asked): areas that have such a list, "area:drug" it names
--   bar_areas, barred     not for retail: the same of the lists that bind pharmacies
--   packs, units          what `value` pays: a line costs price_key * packs / units 分, rounded half up
--   fen_per_m             and what a metre of the way costs
--   after_*               the last row of the page before; `first_page` says there was none
CREATE TYPE search_question AS (
    drugs int[], weights numeric[],
    origin geography, radius_m float8, box geography, cells int[], reach_m float8[],
    kinds text[], region_id bigint, designations int, minute int, share float8, source text,
    anywhere boolean, list_areas bigint[], listed text[], bar_areas bigint[], barred text[],
    at timestamptz, stale_after float8, hidden_after float8, in_stock boolean,
    per_pharmacy boolean, rows int, packs numeric, units numeric, fen_per_m float8,
    first_page boolean, after_stale boolean, after_distance float8, after_price numeric, after_code text, after_n bigint
);

-- One offer of an answer; `n` is the drug's place in the question.
CREATE TYPE search_row AS (
    pharmacy_id int, drug_id int, n bigint, price_fen int, price_key numeric, stock smallint,
    generated boolean, as_of timestamptz, stale boolean, distance float8
);

-- The parts that the searches share; the planner inlines them.

-- Whether a pharmacy is one that is asked for.
CREATE FUNCTION search_passes(q search_question, t pharmacies_pharmacytoday) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT t.ranked AND t.kind = ANY (q.kinds)
        AND (q.region_id IS NULL OR q.region_id = ANY (t.region_ids))
        AND (q.designations = 0 OR t.designations & q.designations <> 0)
        AND (q.minute IS NULL OR t.open_minutes @> q.minute)
$$;

CREATE FUNCTION search_farther_area(area_ids bigint[], areas bigint[]) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT a.id FROM unnest(area_ids) WITH ORDINALITY a (id, nearness)
    WHERE a.id = ANY (areas) ORDER BY a.nearness LIMIT 1
$$;

-- The area of the pharmacy, nearest first, that has a list. Areas lie four deep (zone, county, city, province); the planner
-- inlines an expression, and only that, so a deeper tree takes a call.
CREATE FUNCTION search_nearest_area(area_ids bigint[], areas bigint[]) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN area_ids[1] = ANY (areas) THEN area_ids[1]
        WHEN area_ids[2] = ANY (areas) THEN area_ids[2]
        WHEN area_ids[3] = ANY (areas) THEN area_ids[3]
        WHEN area_ids[4] = ANY (areas) THEN area_ids[4]
        WHEN cardinality(area_ids) > 4 THEN search_farther_area(area_ids[5:], areas)
    END
$$;

-- Whether lists let a drug be shown where the lists of these areas count: of each kind the nearest area's, alone. A list of
-- what may not be retailed binds pharmacies only.
CREATE FUNCTION search_names(q search_question, kind text, list_area bigint, bar_area bigint, drug_id int) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT (q.list_areas IS NULL OR COALESCE(list_area || ':' || drug_id = ANY (q.listed), false))
        AND (kind <> 'pharmacy' OR NOT COALESCE(bar_area || ':' || drug_id = ANY (q.barred), false))
$$;

CREATE FUNCTION search_allows(q search_question, kind text, area_ids bigint[], drug_id int) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT search_names(q, kind, search_nearest_area(area_ids, q.list_areas), search_nearest_area(area_ids, q.bar_areas),
        drug_id)
$$;

-- Until when an offer is vouched for: by its own word, or by its feed's later mark for that pharmacy (NULL: none); once another
-- feed disputes it, its mark no longer counts, and nothing after the dispute does. Everything else that asks whether an offer
-- is fresh (tonight's statistics, shelves, figures) asks by this too; the planner puts the expression in its place.
CREATE FUNCTION search_vouched(confirmed_at timestamptz, disputed_since timestamptz, marked_at timestamptz)
RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN disputed_since IS NULL THEN GREATEST(confirmed_at, marked_at)
        ELSE LEAST(confirmed_at, disputed_since) END
$$;

-- How old an offer is, and of a generated feed or not. No row when it is too old to be shown.
CREATE FUNCTION search_said(
    q search_question, feed int, shop int, confirmed_at timestamptz, disputed_since timestamptz
) RETURNS TABLE (generated boolean, as_of timestamptz, stale boolean) LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT f.generated, vouched.at, q.at > vouched.at + f.cadence * q.stale_after
    FROM prices_feed f
    CROSS JOIN LATERAL (
        SELECT search_vouched(confirmed_at, disputed_since, (
            SELECT m.snapshot_as_of FROM prices_pharmacyfeed m WHERE m.pharmacy_id = shop AND m.feed_id = feed
        )) AS at OFFSET 0
    ) vouched
    WHERE f.id = feed AND q.at <= vouched.at + f.cadence * q.hidden_after
    OFFSET 0
$$;

-- What a pharmacy sells of the drugs, the best first; only that where `per_pharmacy` is asked.
CREATE FUNCTION search_sold(
    q search_question, shop int, kind text, area_ids bigint[], distance float8
) RETURNS SETOF search_row LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT shop, d.drug_id, d.n, o.price_fen, o.price_fen * d.weight, o.stock,
        s.generated, s.as_of, s.stale, distance
    FROM unnest(q.drugs, q.weights) WITH ORDINALITY d (drug_id, weight, n)
    CROSS JOIN LATERAL (
        SELECT * FROM prices_offer x
        WHERE x.drug_id = d.drug_id AND x.pharmacy_id = shop AND x.state <> 0 AND x.stock <> 3
            AND (NOT q.in_stock OR x.stock IN (1, 2))
            AND (q.anywhere OR search_allows(q, kind, area_ids, d.drug_id))
        OFFSET 0
    ) o
    CROSS JOIN LATERAL search_said(q, o.feed_id, shop, o.confirmed_at, o.disputed_since) s
    ORDER BY s.stale, o.price_fen * d.weight, d.n
    LIMIT CASE WHEN q.per_pharmacy THEN 1 END
$$;

-- The pharmacies that pass, outward from the origin, by the index that holds the fewest others; in a small region, or without
-- an origin, those of the cells. The planner leaves out the branches that are not asked for and merges the rest in order.
-- Relies on: pharmacytoday_location, …_dual_channel, …_night, …_institution (GiST, ordered by <->), pharmacytoday_cell.
CREATE FUNCTION search_shops(q search_question)
RETURNS TABLE (pharmacy_id int, kind text, area_ids bigint[], distance float8)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    SELECT t.pharmacy_id, t.kind, t.area_ids, t.distance
    FROM (
        (SELECT p.pharmacy_id, p.kind::text, p.area_ids, p.location <-> q.origin AS distance
        FROM pharmacies_pharmacytoday p
        WHERE q.source = 'circle' AND p.location && q.box AND search_passes(q, p)
        ORDER BY p.location <-> q.origin)
        UNION ALL
        (SELECT p.pharmacy_id, p.kind::text, p.area_ids, p.location <-> q.origin
        FROM pharmacies_pharmacytoday p
        WHERE q.source = 'dual_channel' AND p.designations & 2 <> 0 AND p.location && q.box AND search_passes(q, p)
        ORDER BY p.location <-> q.origin)
        UNION ALL
        (SELECT p.pharmacy_id, p.kind::text, p.area_ids, p.location <-> q.origin
        FROM pharmacies_pharmacytoday p
        WHERE q.source = 'night' AND p.night AND p.location && q.box AND search_passes(q, p)
        ORDER BY p.location <-> q.origin)
        UNION ALL
        (SELECT p.pharmacy_id, p.kind::text, p.area_ids, p.location <-> q.origin
        FROM pharmacies_pharmacytoday p
        WHERE q.source = 'institutions' AND p.kind <> 'pharmacy' AND p.location && q.box AND search_passes(q, p)
        ORDER BY p.location <-> q.origin)
        UNION ALL
        (SELECT p.pharmacy_id, p.kind::text, p.area_ids, COALESCE(p.location <-> q.origin, 0)
        FROM unnest(q.cells) c (cell)
        CROSS JOIN LATERAL (SELECT * FROM pharmacies_pharmacytoday p WHERE p.cell = c.cell OFFSET 0) p
        WHERE q.source = 'cells' AND search_passes(q, p)
        ORDER BY COALESCE(p.location <-> q.origin, 0))
    ) t
    WHERE t.distance <= q.radius_m
$$;

-- Whether a drug's offer at a pharmacy that stands in row `t` of PharmacyToday passes, and how far away that is.
CREATE FUNCTION search_shop(q search_question, shop int, drug_id int) RETURNS TABLE (distance float8)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT COALESCE(p.location <-> q.origin, 0)
    FROM pharmacies_pharmacytoday p
    WHERE p.pharmacy_id = shop AND search_passes(q, p)
        AND (q.origin IS NULL OR p.location <-> q.origin <= q.radius_m)
        AND (q.anywhere OR search_allows(q, p.kind, p.area_ids, drug_id))
    OFFSET 0
$$;

-- What a line at that price and the way there cost, in 分.
CREATE FUNCTION search_total(q search_question, price_key numeric, distance float8) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT div(2 * price_key * q.packs + q.units, 2 * q.units)::float8 + distance * q.fen_per_m
$$;

-- A drug's offers that pass, the cheapest first: in a cell, from one price (分) a pack up to another, where the line and the
-- way there cost no more than `bound` (NULL: any).
CREATE FUNCTION search_offered(
    q search_question, drug int, weight numeric, n bigint, cell int, at_least int, at_most int, bound float8
)
RETURNS SETOF search_row LANGUAGE sql STABLE PARALLEL SAFE ROWS 10 AS $$
    SELECT o.pharmacy_id, drug, n, o.price_fen, o.price_fen * weight, o.stock, s.generated, s.as_of, s.stale, t.distance
    FROM (
        SELECT * FROM prices_offer x
        WHERE x.drug_id = drug AND x.cell = $5 AND x.state = 1 AND x.price_fen BETWEEN at_least AND at_most
            AND x.stock <> 3 AND (NOT q.in_stock OR x.stock IN (1, 2))
        ORDER BY x.price_fen
    ) o
    CROSS JOIN LATERAL search_shop(q, o.pharmacy_id, drug) t
    CROSS JOIN LATERAL search_said(q, o.feed_id, o.pharmacy_id, o.confirmed_at, o.disputed_since) s
    WHERE bound IS NULL OR search_total(q, o.price_fen * weight, t.distance) <= bound
    ORDER BY o.price_fen
$$;

-- The same in all cells, in any order.
CREATE FUNCTION search_offered_anywhere(q search_question, drug int, weight numeric, n bigint, at_least int, at_most int)
RETURNS SETOF search_row LANGUAGE sql STABLE PARALLEL SAFE ROWS 10 AS $$
    SELECT o.pharmacy_id, drug, n, o.price_fen, o.price_fen * weight, o.stock, s.generated, s.as_of, s.stale, t.distance
    FROM (
        SELECT * FROM prices_offer x
        WHERE x.drug_id = drug AND x.state = 1 AND x.price_fen BETWEEN at_least AND at_most
            AND x.stock <> 3 AND (NOT q.in_stock OR x.stock IN (1, 2))
        OFFSET 0
    ) o
    CROSS JOIN LATERAL search_shop(q, o.pharmacy_id, drug) t
    CROSS JOIN LATERAL search_said(q, o.feed_id, o.pharmacy_id, o.confirmed_at, o.disputed_since) s
$$;

-- The highest price (分) of a pack that is not above a price to compare by; no cap: any.
CREATE FUNCTION search_at_most(cap numeric, weight numeric) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT GREATEST(-1, LEAST(COALESCE(floor(cap / weight), 2147483647), 2147483647))::int
$$;

-- The lowest price of a pack that is not below one.
CREATE FUNCTION search_at_least(price_key numeric, weight numeric) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT LEAST(ceil(price_key / weight), 2147483647)::int
$$;

-- The highest price to compare by with which a line alone costs no more than that; none: any.
CREATE FUNCTION search_key_within(q search_question, total float8) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (floor(total)::numeric + 1) * q.units / q.packs
$$;

-- Whether an offer is its pharmacy's best, where that is asked: fresh before stale, then by price.
CREATE FUNCTION search_is_best(q search_question, w search_row) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT NOT q.per_pharmacy OR w.n = (
        SELECT best.n FROM pharmacies_pharmacytoday t
        CROSS JOIN LATERAL search_sold(q, t.pharmacy_id, t.kind, t.area_ids, 0) best
        WHERE t.pharmacy_id = w.pharmacy_id LIMIT 1)
$$;

-- Whether an offer stands behind the last one of the page before, by price, and is its pharmacy's best where that is asked.
CREATE FUNCTION search_follows(q search_question, w search_row) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT (w.stale, w.price_key, w.distance,
            (SELECT p.code FROM pharmacies_pharmacy p WHERE p.id = w.pharmacy_id) COLLATE "C", w.n)
            > (q.after_stale, q.after_price, q.after_distance, q.after_code, q.after_n)
        AND search_is_best(q, w)
$$;

-- What a sort orders by first, within fresh and within stale.
CREATE FUNCTION search_first_key(q search_question, sort text, price_key numeric, distance float8) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE sort WHEN 'cheapest' THEN price_key::float8 WHEN 'value' THEN search_total(q, price_key, distance) ELSE 0 END
$$;

-- Whether an offer stands behind the last one of the page before, by distance.
CREATE FUNCTION search_is_farther(q search_question, w search_row) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT q.first_page OR (w.stale, w.distance, w.price_key,
            (SELECT p.code FROM pharmacies_pharmacy p WHERE p.id = w.pharmacy_id) COLLATE "C", w.n)
            > (q.after_stale, q.after_distance, q.after_price, q.after_code, q.after_n)
$$;
