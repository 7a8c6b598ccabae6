-- A chunk's working table, gone with its transaction: so many shops of the area asked that price on that day. A row
-- with no shops says that the day must be looked at even if nothing is left.
DROP TABLE IF EXISTS area_count;
CREATE TEMPORARY TABLE area_count (
    drug_id int NOT NULL,
    region_id int NOT NULL,
    "on" date NOT NULL,
    price_fen int,
    shops bigint NOT NULL
) ON COMMIT DROP;
