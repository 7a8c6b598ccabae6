from django.db import migrations, models


class Migration(migrations.Migration):
    """By itself: an index cannot be made in the transaction that has just rewritten its table's rows."""

    dependencies = [("pharmacies", "0003_cells")]

    operations = [
        migrations.AddIndex(
            model_name="pharmacytoday", index=models.Index(fields=["cell"], name="pharmacytoday_cell")
        ),
    ]
