from django.db import migrations


def index(name, condition):
    return migrations.RunSQL(
        f"CREATE INDEX {name} ON pharmacies_pharmacytoday USING gist (location) WHERE {condition}", f"DROP INDEX {name}"
    )


class Migration(migrations.Migration):
    """Pharmacies outward from a place, those of a filter alone: walking past all others would take the whole table.

    By itself: an index cannot be made in the transaction that has just rewritten its table's rows. In SQL, for GeoDjango
    drops the condition of an index on a place.
    """

    dependencies = [("pharmacies", "0005_night")]

    operations = [
        migrations.RunSQL(
            "DROP INDEX pharmacytoday_dual_channel",
            "CREATE INDEX pharmacytoday_dual_channel ON pharmacies_pharmacytoday (pharmacy_id) WHERE designations & 2 <> 0",
        ),
        index("pharmacytoday_dual_channel", "designations & 2 <> 0"),
        index("pharmacytoday_night", "night"),
        index("pharmacytoday_institution", "kind <> 'pharmacy'"),
    ]
