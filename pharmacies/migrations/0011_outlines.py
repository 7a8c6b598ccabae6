import django.contrib.gis.db.models.fields
import django.db.models.deletion
from django.db import migrations, models

OUT_OF_THE_ROWS = """
INSERT INTO pharmacies_outline (region_id, shape)
SELECT id, boundary FROM pharmacies_region WHERE boundary IS NOT NULL
"""
BACK_INTO_THE_ROWS = """
UPDATE pharmacies_region SET boundary = shape FROM pharmacies_outline WHERE region_id = id
"""


class Migration(migrations.Migration):
    """Outlines leave the rows of regions. The app may write them like every table; no search reads one."""

    dependencies = [
        ("pharmacies", "0010_own_facts"),
    ]

    operations = [
        migrations.CreateModel(
            name="Outline",
            fields=[
                (
                    "region",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="outline",
                        serialize=False,
                        to="pharmacies.region",
                        verbose_name="地区",
                    ),
                ),
                (
                    "shape",
                    django.contrib.gis.db.models.fields.MultiPolygonField(srid=4326, verbose_name="边界"),
                ),
            ],
            options={
                "verbose_name": "地区边界",
                "verbose_name_plural": "地区边界",
            },
        ),
        migrations.RunSQL(OUT_OF_THE_ROWS, BACK_INTO_THE_ROWS),
        migrations.RemoveField(
            model_name="region",
            name="boundary",
        ),
    ]
