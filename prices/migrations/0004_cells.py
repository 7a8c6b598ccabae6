from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("prices", "0003_statistics"), ("pharmacies", "0003_cells")]

    operations = [
        migrations.AddField(
            model_name="offer", name="cell", field=models.IntegerField(default=0), preserve_default=False
        ),
        migrations.RunSQL(
            "UPDATE prices_offer o SET cell = p.cell FROM pharmacies_pharmacy p WHERE p.id = o.pharmacy_id",
            migrations.RunSQL.noop,
        ),
        migrations.AddIndex(
            model_name="offer",
            index=models.Index(
                condition=models.Q(("state", 1)), fields=["drug_id", "cell", "price_fen"], name="offer_cell"
            ),
        ),
    ]
