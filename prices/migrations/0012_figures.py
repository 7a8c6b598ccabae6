import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("prices", "0011_leads"), ("pharmacies", "0009_shop")]

    operations = [
        migrations.CreateModel(
            name="IndexPoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField(verbose_name="月份")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("jevons", "链式杰文斯指数"),
                            ("tornqvist", "链式托恩奎斯特指数"),
                            ("fisher", "链式费雪指数"),
                            ("geks_t", "多边 GEKS 指数"),
                            ("tpd", "时间产品虚拟变量指数"),
                        ],
                        max_length=10,
                        verbose_name="指数",
                    ),
                ),
                (
                    "weights",
                    models.CharField(
                        choices=[("equal", "各产品同权"), ("sales", "按医保结算额加权")],
                        max_length=5,
                        verbose_name="权重",
                    ),
                ),
                ("value", models.FloatField(verbose_name="指数值")),
                ("base", models.DateField(verbose_name="基期")),
                ("items", models.PositiveIntegerField(verbose_name="产品数")),
                ("coverage", models.FloatField(verbose_name="产品覆盖率")),
                ("provisional", models.BooleanField(default=False, verbose_name="本月未完")),
                ("at", models.DateTimeField(verbose_name="截至时间")),
                (
                    "area",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pharmacies.region",
                        verbose_name="地区",
                    ),
                ),
            ],
            options={
                "verbose_name": "药品零售价格指数",
                "verbose_name_plural": "药品零售价格指数",
            },
        ),
        migrations.CreateModel(
            name="AreaFigure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField(verbose_name="日期")),
                ("at", models.DateTimeField(verbose_name="截至时间")),
                ("shops", models.PositiveIntegerField(verbose_name="药店数")),
                ("reporting", models.PositiveIntegerField(verbose_name="按时报送")),
                ("late", models.PositiveIntegerField(verbose_name="逾期未报送")),
                ("silent", models.PositiveIntegerField(verbose_name="长期未报送")),
                ("offers", models.BigIntegerField(verbose_name="零售价数")),
                ("fresh", models.BigIntegerField(verbose_name="其中未过期")),
                ("products", models.PositiveIntegerField(verbose_name="目录内产品数")),
                ("covered", models.PositiveIntegerField(verbose_name="有价产品数")),
                ("received", models.BigIntegerField(verbose_name="当日收到行数")),
                ("refused", models.BigIntegerField(verbose_name="当日退回行数")),
                ("dispersed", models.PositiveIntegerField(verbose_name="参与离散度的产品数")),
                ("dispersion", models.FloatField(null=True, verbose_name="价格离散度")),
                ("leads", models.PositiveIntegerField(verbose_name="当日新线索")),
                ("open_leads", models.PositiveIntegerField(verbose_name="待看线索")),
                (
                    "area",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pharmacies.region",
                        verbose_name="统筹区",
                    ),
                ),
            ],
            options={
                "verbose_name": "地区日指标",
                "verbose_name_plural": "地区日指标",
                "indexes": [models.Index(fields=["on"], name="figure_of_day")],
                "constraints": [
                    models.UniqueConstraint(fields=("area", "on"), name="figure_once_a_day"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "shops",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("reporting"), "+", models.F("late")
                                    ),
                                    "+",
                                    models.F("silent"),
                                ),
                            )
                        ),
                        name="figure_every_shop_is_one_of_three",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("fresh__gte", 0),
                            ("offers__gte", models.F("fresh")),
                            ("products__gte", models.F("covered")),
                            ("received__gte", models.F("refused")),
                            ("refused__gte", 0),
                        ),
                        name="figure_parts_within_the_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("dispersed", 0), ("dispersion__isnull", True)),
                            models.Q(
                                ("dispersed__gt", 0),
                                ("dispersion__gte", 0),
                                ("dispersion__isnull", False),
                                ("dispersion__lt", 1),
                            ),
                            _connector="OR",
                        ),
                        name="figure_dispersion_of_some_products",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="indexpoint",
            constraint=models.UniqueConstraint(fields=("area", "kind", "weights", "on"), name="index_point_once"),
        ),
        migrations.AddConstraint(
            model_name="indexpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("items__gt", 0), ("value__gt", 0)), name="index_point_above_zero"
            ),
        ),
        migrations.AddConstraint(
            model_name="indexpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("on__gt", models.F("base")), models.Q(("on", models.F("base")), ("value", 100)), _connector="OR"
                ),
                name="index_point_base_is_100",
            ),
        ),
        migrations.AddConstraint(
            model_name="indexpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("base__day", 1), ("on__day", 1)), name="index_point_of_a_month"
            ),
        ),
        migrations.AddConstraint(
            model_name="indexpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("coverage__gt", 0), ("coverage__lte", 1)), name="index_point_coverage_is_a_share"
            ),
        ),
    ]
