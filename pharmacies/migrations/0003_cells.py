import django.contrib.gis.db.models.fields
import django.contrib.postgres.fields
from django.db import migrations, models

from pharmacies import grants


def fill(apps, schema_editor):
    """A pharmacy known before cells were is in the cell of its division, like one that becomes known now. The boxes of the
    cells are made when they have all their columns, in 0005."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("UPDATE pharmacies_pharmacy SET cell = division_id")
        cursor.execute(
            "UPDATE pharmacies_pharmacytoday t SET cell = p.cell FROM pharmacies_pharmacy p WHERE p.id = t.pharmacy_id"
        )


class Migration(migrations.Migration):
    dependencies = [("pharmacies", "0002_grants_and_audit_guard")]

    operations = [
        migrations.CreateModel(
            name="PharmacyCell",
            fields=[
                ("cell", models.IntegerField(primary_key=True, serialize=False)),
                ("box", django.contrib.gis.db.models.fields.PolygonField(srid=4326)),
                (
                    "region_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("pharmacies", models.IntegerField()),
            ],
            options={"verbose_name": "药店分格", "verbose_name_plural": "药店分格"},
        ),
        migrations.AddField(
            model_name="pharmacy",
            name="cell",
            field=models.IntegerField(default=0, editable=False, verbose_name="分格"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="pharmacytoday",
            name="cell",
            field=models.IntegerField(default=0),
            preserve_default=False,
        ),
        migrations.RunPython(grants.searched(pharmacies_pharmacycell="*"), migrations.RunPython.noop),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
