from django.db import migrations

from pharmacies import grants

PRICE_CHANGE = """
CREATE SEQUENCE prices_pricechange_id_seq AS bigint;
CREATE TABLE prices_pricechange (
    id bigint NOT NULL DEFAULT nextval('prices_pricechange_id_seq'),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    effective_at timestamptz NOT NULL,
    reported_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    drug_id integer NOT NULL,
    pharmacy_id integer NOT NULL,
    old_fen integer CONSTRAINT change_old_above_zero CHECK (old_fen > 0),
    new_fen integer CONSTRAINT change_new_above_zero CHECK (new_fen > 0),
    feed_id integer NOT NULL,
    run_id integer NOT NULL,
    CONSTRAINT change_changes_something CHECK (old_fen IS DISTINCT FROM new_fen),
    PRIMARY KEY (drug_id, pharmacy_id, received_at, run_id)
) PARTITION BY RANGE (received_at);
ALTER SEQUENCE prices_pricechange_id_seq OWNED BY prices_pricechange.id;
CREATE INDEX prices_pricechange_cursor ON prices_pricechange (xid, id);
CREATE INDEX prices_pricechange_run ON prices_pricechange (run_id);
CREATE TABLE prices_pricechange_default PARTITION OF prices_pricechange DEFAULT;

-- Months are cut in UTC. Rows that slipped into the default partition meanwhile block a new month: check_prices alarms.
CREATE FUNCTION prices_ensure_change_partition(moment timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    grantee text;
    month timestamp := date_trunc('month', moment AT TIME ZONE 'UTC');
    partition text := 'prices_pricechange_' || to_char(month, 'YYYYMM');
BEGIN
    IF to_regclass(partition) IS NULL THEN
        PERFORM pg_advisory_xact_lock(hashtext('prices_ensure_change_partition'));
        IF to_regclass(partition) IS NULL THEN
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF prices_pricechange FOR VALUES FROM (%L) TO (%L)',
                partition, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
            -- The parent's grants decide; the default privileges of a new table would let its rows be changed.
            FOR grantee IN SELECT DISTINCT a.grantee::regrole::text
                FROM pg_class c, aclexplode(c.relacl) a WHERE c.relname = partition AND a.grantee <> c.relowner
            LOOP
                EXECUTE format('REVOKE ALL ON %I FROM %s', partition, grantee);
            END LOOP;
        END IF;
    END IF;
    RETURN partition;
END $$;
"""

# A day changes about 3 % of the offers: free room on the page keeps updates off the indexes, frequent vacuums keep it.
OFFER = """
ALTER TABLE prices_offer SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
ALTER TABLE prices_offer ALTER COLUMN drug_id SET STATISTICS 1000;
"""


class Migration(migrations.Migration):
    dependencies = [("prices", "0001_initial"), ("catalog", "0002_grants")]

    operations = [
        migrations.RunSQL(
            PRICE_CHANGE,
            "DROP FUNCTION prices_ensure_change_partition(timestamptz); DROP TABLE prices_pricechange CASCADE;",
        ),
        migrations.RunSQL(OFFER, migrations.RunSQL.noop),
        migrations.RunPython(
            grants.append_only("prices_pricechange", "prices_pricechange_default", "prices_runpharmacy"),
            migrations.RunPython.noop,
        ),
        migrations.RunPython(
            grants.never_deleted("prices_offer", "prices_pharmacyfeed"),
            migrations.RunPython.noop,
        ),
        migrations.RunPython(
            grants.searched(
                prices_offer="*",
                prices_pricechange="*",
                prices_pharmacyfeed="*",
                prices_feed="id, slug, name, scope, cadence, desk, generated, active",
            ),
            migrations.RunPython.noop,
        ),
    ]
