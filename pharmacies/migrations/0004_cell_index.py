from django.db import migrations, models


class Migration(migrations.Migration):
    """By itself: an index cannot be made in the transaction that has just rewritten its table's rows."""

    dependencies = [("pharmacies", "0003_cells")]

    operations = [
        migrations.AddIndex(model_name="pharmacytoday", index=models.Index(fields=["cell"], name="pharmacytoday_cell")),
        # One pharmacy in a hundred is dual-channel: looking for them among the others would take the whole table.
        # Django cannot say `&` in the condition of an index.
        migrations.RunSQL(
            "CREATE INDEX pharmacytoday_dual_channel ON pharmacies_pharmacytoday (pharmacy_id) "
            "WHERE designations & 2 <> 0",
            "DROP INDEX pharmacytoday_dual_channel",
        ),
    ]
