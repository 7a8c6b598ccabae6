import django.contrib.gis.db.models.fields
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import pharmacies.fields
from pharmacies import grants


class Migration(migrations.Migration):
    dependencies = [
        ("pharmacies", "0008_accounts"),
    ]

    operations = [
        migrations.CreateModel(
            name="PlaceProposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "location",
                    django.contrib.gis.db.models.fields.PointField(geography=True, srid=4326, verbose_name="位置"),
                ),
                ("source_lng", models.FloatField(verbose_name="收到的经度")),
                ("source_lat", models.FloatField(verbose_name="收到的纬度")),
                (
                    "source_datum",
                    models.CharField(
                        choices=[("wgs84", "WGS-84"), ("gcj02", "GCJ-02"), ("bd09", "BD-09")],
                        max_length=5,
                        verbose_name="收到的坐标系",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="说明")),
                ("proposed_at", models.DateTimeField(verbose_name="提出时间")),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "待核实"), ("accepted", "已核实"), ("refused", "退回")],
                        default="pending",
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="核实时间")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="理由")),
            ],
            options={
                "verbose_name": "位置变更",
                "verbose_name_plural": "位置变更",
            },
        ),
        migrations.CreateModel(
            name="SpecialHours",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid", pharmacies.fields.ValidField(verbose_name="有效期")),
                ("hours", models.CharField(max_length=80, verbose_name="营业时间")),
                ("note", models.CharField(blank=True, max_length=40, verbose_name="说明")),
            ],
            options={
                "verbose_name": "节假日营业时间",
                "verbose_name_plural": "节假日营业时间",
            },
        ),
        migrations.AddField(
            model_name="pharmacy",
            name="services",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=20),
                blank=True,
                db_default=[],
                default=list,
                size=None,
                verbose_name="服务",
            ),
        ),
        migrations.AddConstraint(
            model_name="pharmacy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "services__contained_by",
                        ["consulting", "night", "delivery", "decoction", "pressure", "recycling", "ramp"],
                    )
                ),
                name="pharmacy_services_are_known",
            ),
        ),
        migrations.AddField(
            model_name="placeproposal",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="核实人",
            ),
        ),
        migrations.AddField(
            model_name="placeproposal",
            name="pharmacy",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="proposals",
                to="pharmacies.pharmacy",
                verbose_name="药店",
            ),
        ),
        migrations.AddField(
            model_name="placeproposal",
            name="proposed_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="提出人",
            ),
        ),
        migrations.AddField(
            model_name="specialhours",
            name="pharmacy",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="special_hours",
                to="pharmacies.pharmacy",
                verbose_name="药店",
            ),
        ),
        migrations.AddConstraint(
            model_name="placeproposal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "pending")), fields=("pharmacy",), name="place_proposed_once_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="placeproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("decided_by__isnull", True), ("state", "pending")),
                    models.Q(
                        models.Q(("state", "pending"), _negated=True),
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="place_decided_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="placeproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by__isnull", True),
                    models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                    _connector="OR",
                ),
                name="place_decided_by_another_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="specialhours",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid__isempty", False), ("valid__lower_inf", False), ("valid__upper_inf", False)),
                name="special_hours_begin_and_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="specialhours",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[(models.F("pharmacy"), "="), (models.F("valid"), "&&")], name="special_hours_once_a_day"
            ),
        ),
        migrations.RunPython(grants.searched(pharmacies_specialhours="*"), migrations.RunPython.noop),
    ]
