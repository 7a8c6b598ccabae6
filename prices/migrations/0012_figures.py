import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from pharmacies import grants


class Migration(migrations.Migration):
    dependencies = [
        ("prices", "0011_leads"),
        ("pharmacies", "0009_shop"),
        ("catalog", "0005_search_hits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

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
                        choices=[("equal", "各产品同权"), ("shops", "按在售药店数加权")],
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
                ("received", models.BigIntegerField(verbose_name="24小时内收到行数")),
                ("refused", models.BigIntegerField(verbose_name="24小时内退回行数")),
                ("dispersed", models.PositiveIntegerField(verbose_name="参与离散度的产品数")),
                ("dispersion", models.FloatField(null=True, verbose_name="价格离散度")),
                ("leads", models.PositiveIntegerField(verbose_name="24小时内新线索")),
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
        migrations.CreateModel(
            name="AccessGap",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateField(verbose_name="自")),
                ("until", models.DateField(null=True, verbose_name="至")),
                ("seen", models.DateField(verbose_name="最近核对")),
                ("distance_m", models.FloatField(null=True, verbose_name="直线距离(米)")),
                ("listed", models.PositiveIntegerField(verbose_name="有价而未报有货的药店")),
            ],
            options={
                "verbose_name": "双通道药品缺口",
                "verbose_name_plural": "双通道药品缺口",
            },
        ),
        migrations.CreateModel(
            name="Freeze",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField(verbose_name="月份")),
                ("at", models.DateTimeField(verbose_name="定稿时间")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="说明")),
                ("sha256", models.CharField(max_length=64)),
            ],
            options={
                "verbose_name": "本期定稿",
                "verbose_name_plural": "本期定稿",
            },
        ),
        migrations.CreateModel(
            name="FrozenTable",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(verbose_name="次序")),
                ("name", models.CharField(max_length=40, verbose_name="表名")),
                ("title", models.CharField(max_length=120, verbose_name="标题")),
                ("rows", models.PositiveIntegerField(verbose_name="行数")),
                ("content", models.TextField(verbose_name="内容")),
                ("sha256", models.CharField(max_length=64)),
            ],
            options={
                "verbose_name": "定稿表格",
                "verbose_name_plural": "定稿表格",
            },
        ),
        migrations.CreateModel(
            name="Landing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("drug_id", models.IntegerField(verbose_name="药品")),
                ("on", models.DateField(verbose_name="日期")),
                ("shops", models.PositiveIntegerField(verbose_name="在售药店")),
                ("landed", models.PositiveIntegerField(verbose_name="已落地")),
                ("late", models.PositiveIntegerField(verbose_name="逾期未落地")),
                ("above", models.PositiveIntegerField(verbose_name="现高于中选价")),
                ("days_median", models.FloatField(null=True, verbose_name="落地天数中位数")),
                ("matched", models.PositiveIntegerField(verbose_name="前后都在售")),
                ("before_fen", models.IntegerField(null=True, verbose_name="执行前中位价(分)")),
                ("now_fen", models.IntegerField(null=True, verbose_name="现中位价(分)")),
                ("saved_fen", models.BigIntegerField(default=0, verbose_name="每店一盒少付(分)")),
            ],
            options={
                "verbose_name": "中选价落地",
                "verbose_name_plural": "中选价落地",
            },
        ),
        migrations.CreateModel(
            name="ReporterMonth",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "month", "pharmacy_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("month", models.DateField(verbose_name="月份")),
                ("pharmacy_id", models.IntegerField()),
                ("through", models.DateField(verbose_name="截至")),
                ("at", models.DateTimeField(verbose_name="计算时间")),
                ("expected", models.PositiveIntegerField(verbose_name="应报")),
                ("received", models.PositiveIntegerField(verbose_name="实报")),
                ("late_days", models.PositiveIntegerField(verbose_name="逾期天数")),
                ("lines", models.BigIntegerField(verbose_name="报送行数")),
                ("refused", models.BigIntegerField(verbose_name="退回行数")),
                ("observed", models.PositiveIntegerField(verbose_name="市民所见价")),
                ("agreed", models.PositiveIntegerField(verbose_name="与公示价一致")),
            ],
            options={
                "verbose_name": "报送合规月报",
                "verbose_name_plural": "报送合规月报",
            },
        ),
        migrations.AddIndex(
            model_name="sourceprice",
            index=models.Index(
                condition=models.Q(("kind", "observed")), fields=["pharmacy_id"], name="source_observed"
            ),
        ),
        migrations.AddField(
            model_name="accessgap",
            name="nearest",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pharmacies.pharmacy",
                verbose_name="最近",
            ),
        ),
        migrations.AddField(
            model_name="accessgap",
            name="preparation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="catalog.preparation",
                verbose_name="制剂",
            ),
        ),
        migrations.AddField(
            model_name="accessgap",
            name="region",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pharmacies.region",
                verbose_name="区县",
            ),
        ),
        migrations.AddField(
            model_name="freeze",
            name="area",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pharmacies.region",
                verbose_name="地区",
            ),
        ),
        migrations.AddField(
            model_name="freeze",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="定稿人",
            ),
        ),
        migrations.AddField(
            model_name="frozentable",
            name="freeze",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tables",
                to="prices.freeze",
                verbose_name="定稿",
            ),
        ),
        migrations.AddField(
            model_name="landing",
            name="reference",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="catalog.referenceprice",
                verbose_name="中选价",
            ),
        ),
        migrations.AddField(
            model_name="landing",
            name="region",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pharmacies.region",
                verbose_name="地区",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportermonth",
            constraint=models.CheckConstraint(
                condition=models.Q(("month__day", 1), ("through__gte", models.F("month"))),
                name="reporter_month_and_days_fit",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportermonth",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("agreed__lte", models.F("observed")),
                    ("received__lte", models.F("expected")),
                    ("refused__lte", models.F("lines")),
                ),
                name="reporter_parts_within_the_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessgap",
            constraint=models.UniqueConstraint(
                condition=models.Q(("until__isnull", True)), fields=("region", "preparation"), name="gap_open_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="accessgap",
            constraint=models.CheckConstraint(
                condition=models.Q(("until", None), ("until__gt", models.F("since")), _connector="OR"),
                name="gap_ends_after_it_began",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessgap",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("distance_m__isnull", True), ("nearest__isnull", True)),
                    models.Q(("distance_m__gte", 0), ("distance_m__isnull", False), ("nearest__isnull", False)),
                    _connector="OR",
                ),
                name="gap_nearest_and_distance_together",
            ),
        ),
        migrations.AddConstraint(
            model_name="freeze",
            constraint=models.UniqueConstraint(fields=("area", "month"), name="freeze_once_a_month"),
        ),
        migrations.AddConstraint(
            model_name="freeze",
            constraint=models.CheckConstraint(condition=models.Q(("month__day", 1)), name="freeze_of_a_month"),
        ),
        migrations.AddConstraint(
            model_name="freeze",
            constraint=models.CheckConstraint(
                condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")), name="freeze_has_a_digest"
            ),
        ),
        migrations.AddConstraint(
            model_name="frozentable",
            constraint=models.UniqueConstraint(fields=("freeze", "name"), name="frozen_table_once"),
        ),
        migrations.AddConstraint(
            model_name="frozentable",
            constraint=models.UniqueConstraint(fields=("freeze", "position"), name="frozen_table_in_its_place"),
        ),
        migrations.AddConstraint(
            model_name="landing",
            constraint=models.UniqueConstraint(fields=("region", "reference"), name="landing_once"),
        ),
        migrations.AddConstraint(
            model_name="landing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("shops__gte", models.F("landed")),
                    ("shops__gte", models.F("late")),
                    ("shops__gte", models.F("above")),
                ),
                name="landing_parts_within_the_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="landing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("before_fen", None), ("matched", 0), ("now_fen", None), ("saved_fen", 0)),
                    models.Q(
                        ("before_fen__gt", 0),
                        ("before_fen__isnull", False),
                        ("matched__gt", 0),
                        ("now_fen__gt", 0),
                        ("now_fen__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="landing_medians_of_matched_shops",
            ),
        ),
        migrations.RunPython(grants.append_only("prices_freeze", "prices_frozentable"), migrations.RunPython.noop),
        migrations.AlterField(
            model_name="runpharmacy",
            name="pharmacy",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pharmacies.pharmacy"
            ),
        ),
        migrations.AddIndex(
            model_name="runpharmacy", index=models.Index(fields=["pharmacy", "-run"], name="run_of_pharmacy")
        ),
    ]
