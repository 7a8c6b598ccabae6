-- What one attempt at one run works on: private to its session, gone with it, never resumed from.
CREATE TEMP TABLE IF NOT EXISTS staged (
    line integer NOT NULL,
    drug_id integer NOT NULL,
    pharmacy_id integer NOT NULL,
    price_fen integer NOT NULL,
    stock smallint NOT NULL,
    effective_at timestamptz NOT NULL,
    PRIMARY KEY (drug_id, pharmacy_id)
);
CREATE INDEX IF NOT EXISTS staged_by_pharmacy ON staged (pharmacy_id);
-- Refused rows whose drug and pharmacy are known: their offers are carried, not confirmed.
CREATE TEMP TABLE IF NOT EXISTS staged_refused (drug_id integer NOT NULL, pharmacy_id integer NOT NULL);
CREATE TEMP TABLE IF NOT EXISTS staged_source (
    drug_id integer NOT NULL,
    pharmacy_id integer NOT NULL,
    kind text NOT NULL,
    total numeric(14, 4) NOT NULL,
    quantity integer NOT NULL,
    effective_at timestamptz NOT NULL
);
CREATE TEMP TABLE IF NOT EXISTS staged_scheduled (
    drug_id integer NOT NULL,
    pharmacy_id integer NOT NULL,
    price_fen integer NOT NULL,
    stock smallint NOT NULL,
    effective_at timestamptz NOT NULL
);
-- Said at the desk to be sold no longer.
CREATE TEMP TABLE IF NOT EXISTS staged_removed (
    drug_id integer NOT NULL,
    pharmacy_id integer NOT NULL,
    effective_at timestamptz NOT NULL
);
-- One row for each pharmacy with an accepted row. `as_of`: its newest statement; `mark`: its oldest, up to which a
-- complete snapshot vouches for all of them; `complete`: absence means withdrawal; `blocked`: unresolved rows forbid it.
CREATE TEMP TABLE IF NOT EXISTS staged_pharmacy (
    pharmacy_id integer PRIMARY KEY,
    as_of timestamptz NOT NULL,
    mark timestamptz NOT NULL,
    accepted integer NOT NULL,
    complete boolean NOT NULL,
    blocked boolean NOT NULL
);
CREATE TEMP TABLE IF NOT EXISTS staged_vanishing (
    drug_id integer NOT NULL,
    pharmacy_id integer NOT NULL,
    PRIMARY KEY (drug_id, pharmacy_id)
);
TRUNCATE staged, staged_refused, staged_source, staged_scheduled, staged_removed, staged_pharmacy, staged_vanishing;
