from django.db import migrations, models

from pharmacies import grants


class Migration(migrations.Migration):
    dependencies = [
        ("prices", "0002_big_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="AreaPrice",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "drug_id", "region_id", "on", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("drug_id", models.IntegerField()),
                ("region_id", models.IntegerField()),
                ("on", models.DateField(verbose_name="日期")),
                ("mode_fen", models.IntegerField(null=True, verbose_name="众数价")),
                ("min_fen", models.IntegerField(null=True, verbose_name="最低价")),
                ("q1_fen", models.IntegerField(null=True, verbose_name="下四分位数")),
                ("median_fen", models.IntegerField(null=True, verbose_name="中位数")),
                ("q3_fen", models.IntegerField(null=True, verbose_name="上四分位数")),
                ("max_fen", models.IntegerField(null=True, verbose_name="最高价")),
                ("count", models.IntegerField(verbose_name="药店数")),
            ],
            options={
                "verbose_name": "地区药价",
                "verbose_name_plural": "地区药价",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("count", 0),
                                ("max_fen", None),
                                ("median_fen", None),
                                ("min_fen", None),
                                ("mode_fen", None),
                                ("q1_fen", None),
                                ("q3_fen", None),
                            ),
                            models.Q(
                                ("count__gt", 0),
                                ("max_fen__gte", models.F("q3_fen")),
                                ("max_fen__isnull", False),
                                ("median_fen__gte", models.F("q1_fen")),
                                ("median_fen__isnull", False),
                                ("min_fen__gt", 0),
                                ("min_fen__isnull", False),
                                ("q1_fen__gte", models.F("min_fen")),
                                ("q1_fen__isnull", False),
                                ("q3_fen__gte", models.F("median_fen")),
                                ("q3_fen__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="areaprice_prices_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("count__lt", 5), ("mode_fen", None)),
                            models.Q(
                                ("count__gte", 5),
                                ("mode_fen__gte", models.F("min_fen")),
                                ("mode_fen__isnull", False),
                                ("mode_fen__lte", models.F("max_fen")),
                            ),
                            _connector="OR",
                        ),
                        name="areaprice_mode_of_five_shops",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RollUp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first", models.DateField(verbose_name="首日")),
                ("last", models.DateField(verbose_name="末日")),
                ("at", models.DateTimeField(verbose_name="截至时间")),
                ("drugs", models.PositiveIntegerField(verbose_name="药品数")),
                ("written", models.PositiveIntegerField(verbose_name="写入行数")),
                ("seconds", models.FloatField(verbose_name="用时(秒)")),
            ],
            options={
                "verbose_name": "药价汇总",
                "verbose_name_plural": "药价汇总",
                "indexes": [models.Index(fields=["-last"], name="rollup_last_day")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("first__lte", models.F("last"))), name="rollup_days_in_order"
                    )
                ],
            },
        ),
        migrations.RunPython(grants.append_only("prices_rollup"), migrations.RunPython.noop),
        migrations.RunPython(grants.searched(prices_areaprice="*", prices_rollup="*"), migrations.RunPython.noop),
    ]
