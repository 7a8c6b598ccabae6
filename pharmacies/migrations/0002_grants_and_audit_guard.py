from django.db import migrations

from pharmacies import grants

GUARD = """
CREATE FUNCTION pharmacies_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pharmacies_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION pharmacies_audit_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("pharmacies", "0001_initial")]

    operations = [
        migrations.RunPython(grants.app_writes_every_table, migrations.RunPython.noop),
        migrations.RunPython(grants.append_only("pharmacies_auditevent"), migrations.RunPython.noop),
        migrations.RunPython(
            grants.searched(
                pharmacies_region="*",
                pharmacies_chain="*",
                pharmacies_pharmacy="*",
                pharmacies_pharmacyalias="*",
                pharmacies_pharmacystatus="*",
                pharmacies_designation="*",
                pharmacies_pharmacytoday="*",
            ),
            migrations.RunPython.noop,
        ),
        migrations.RunSQL(
            GUARD,
            "DROP TRIGGER audit_is_append_only ON pharmacies_auditevent; DROP FUNCTION pharmacies_audit_is_append_only;",
        ),
    ]
