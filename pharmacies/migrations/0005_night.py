from django.db import migrations, models

NIGHT = "{[0,390),[1350,1830),[2790,3270),[4230,4710),[5670,6150),[7110,7590),[8550,9030),[9990,10080)}"


class Migration(migrations.Migration):
    dependencies = [("pharmacies", "0004_cell_index")]

    operations = [
        migrations.AddField("pharmacytoday", "night", models.BooleanField(default=False), preserve_default=False),
        migrations.RunSQL(
            f"UPDATE pharmacies_pharmacytoday SET night = true WHERE open_minutes && '{NIGHT}'::int4multirange",  # noqa: S608  a constant
            migrations.RunSQL.noop,
        ),
    ]
