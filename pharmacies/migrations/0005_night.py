from pathlib import Path

from django.db import migrations, models

CELLS = (Path(__file__).parents[1] / "sql" / "cells.sql").read_text(encoding="utf-8")
NIGHT = "{[0,390),[1350,1830),[2790,3270),[4230,4710),[5670,6150),[7110,7590),[8550,9030),[9990,10080)}"


def fill(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pharmacies_pharmacytoday SET night = true WHERE open_minutes && %s::int4multirange", [NIGHT]
        )
        cursor.execute(CELLS, {"pharmacy_ids": None})


def number(name):
    return migrations.AddField("pharmacycell", name, models.IntegerField(default=0), preserve_default=False)


class Migration(migrations.Migration):
    """Which pharmacies are open at night, and how many of a cell a filter leaves."""

    dependencies = [("pharmacies", "0004_cell_index")]

    operations = [
        migrations.AddField("pharmacytoday", "night", models.BooleanField(default=False), preserve_default=False),
        number("dual_channel"),
        number("night"),
        number("institutions"),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
