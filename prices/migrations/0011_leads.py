import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import prices.models.statistics
from pharmacies import grants


class Migration(migrations.Migration):
    dependencies = [
        ("pharmacies", "0009_shop"),
        ("prices", "0010_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Finding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("detector", models.CharField(max_length=20, verbose_name="方法")),
                ("version", models.PositiveSmallIntegerField(verbose_name="版本")),
                ("rule_id", models.IntegerField(null=True, verbose_name="规则")),
                ("parameters", models.JSONField(verbose_name="参数")),
                ("inputs", models.JSONField(verbose_name="所见")),
                ("score", models.FloatField(null=True, verbose_name="统计量")),
                ("p", models.FloatField(null=True, verbose_name="p 值")),
                ("adjusted", models.FloatField(null=True, verbose_name="校正后 p 值")),
                ("excess", models.FloatField(verbose_name="高出比例")),
                ("label", models.CharField(blank=True, max_length=20, verbose_name="标记")),
            ],
            options={
                "verbose_name": "线索依据",
                "verbose_name_plural": "线索依据",
            },
        ),
        migrations.CreateModel(
            name="Lead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("drug_id", models.IntegerField(verbose_name="药品")),
                ("pharmacy_id", models.IntegerField(null=True, verbose_name="药店")),
                ("chain_id", models.IntegerField(null=True, verbose_name="连锁企业")),
                ("price_fen", models.IntegerField(verbose_name="价格(分)")),
                ("previous_fen", models.IntegerField(null=True, verbose_name="原价(分)")),
                ("since", models.DateTimeField(verbose_name="此价起始")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="此价结束")),
                ("on", models.DateField(verbose_name="发现日")),
                ("found_at", models.DateTimeField(verbose_name="发现时间")),
                ("excess", models.FloatField(verbose_name="高出比例")),
                ("score", models.FloatField(verbose_name="排序值")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "待看"),
                            ("dismissed", "已排除"),
                            ("case", "已转核查事项"),
                            ("withdrawn", "已撤回"),
                        ],
                        default="new",
                        max_length=9,
                        verbose_name="状态",
                    ),
                ),
                (
                    "withdrawn_because",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("not_rejected", "按全天的价格变动一起检验，不再显著"),
                            ("slip", "是录入错误或其更正"),
                            ("event", "属于一次统一调价"),
                            ("capped", "当日线索超过上限，排序靠后"),
                            ("changed", "当天又改了价"),
                        ],
                        max_length=12,
                        verbose_name="撤回原因",
                    ),
                ),
                ("dismissed_at", models.DateTimeField(null=True, verbose_name="排除时间")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="排除理由")),
            ],
            options={
                "verbose_name": "价格异动线索",
                "verbose_name_plural": "价格异动线索",
            },
        ),
        migrations.CreateModel(
            name="PriceEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("chain_repricing", "连锁统一调价"),
                            ("mass_repricing", "批量调价"),
                            ("reference_change", "随参考价调整"),
                        ],
                        max_length=16,
                        verbose_name="类别",
                    ),
                ),
                ("on", models.DateField(verbose_name="日期")),
                ("feed_id", models.IntegerField(null=True, verbose_name="报送")),
                ("chain_id", models.IntegerField(null=True, verbose_name="连锁企业")),
                ("drug_id", models.IntegerField(null=True, verbose_name="药品")),
                (
                    "direction",
                    models.CharField(choices=[("up", "上涨"), ("down", "下降")], max_length=4, verbose_name="方向"),
                ),
                ("key", models.CharField(max_length=80)),
                ("ratio", models.FloatField(verbose_name="新旧价之比")),
                ("offers", models.PositiveIntegerField(verbose_name="价格数")),
                ("shops", models.PositiveIntegerField(verbose_name="药店数")),
                ("drugs", models.PositiveIntegerField(verbose_name="药品数")),
            ],
            options={
                "verbose_name": "调价事件",
                "verbose_name_plural": "调价事件",
            },
        ),
        migrations.CreateModel(
            name="Screening",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("watch", "随到随检"), ("sweep", "每夜复检")], max_length=5, verbose_name="类别"
                    ),
                ),
                ("on", models.DateField(verbose_name="日期")),
                ("at", models.DateTimeField(verbose_name="时间")),
                ("changes", models.PositiveIntegerField(verbose_name="价格变动")),
                ("slips", models.PositiveIntegerField(verbose_name="录入错误")),
                ("collapsed", models.PositiveIntegerField(verbose_name="并入事件")),
                ("tests", models.PositiveIntegerField(verbose_name="检验数")),
                ("groups", models.PositiveIntegerField(verbose_name="分组数")),
                ("rejected", models.PositiveIntegerField(verbose_name="显著")),
                ("events", models.PositiveIntegerField(verbose_name="事件")),
                ("leads", models.PositiveIntegerField(verbose_name="线索")),
                ("capped", models.PositiveIntegerField(verbose_name="超过上限")),
                ("withdrawn", models.PositiveIntegerField(verbose_name="撤回")),
                ("seconds", models.FloatField(verbose_name="用时(秒)")),
            ],
            options={
                "verbose_name": "检验记录",
                "verbose_name_plural": "检验记录",
            },
        ),
        migrations.CreateModel(
            name="WatchCursor",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("xid", models.BigIntegerField(default=0)),
                ("change_id", models.BigIntegerField(default=0)),
                ("at", models.DateTimeField(verbose_name="时间")),
            ],
            options={
                "verbose_name": "检验进度",
                "verbose_name_plural": "检验进度",
            },
        ),
        migrations.AddField(
            model_name="areaprice",
            name="mad_ln",
            field=prices.models.statistics.RealField(null=True, verbose_name="价格离散度"),
        ),
        migrations.AddConstraint(
            model_name="areaprice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("mad_ln__isnull", True), models.Q(("count__gt", 0), ("mad_ln__gte", 0)), _connector="OR"
                ),
                name="areaprice_spread_of_something",
            ),
        ),
        migrations.AddField(
            model_name="lead",
            name="area",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pharmacies.region",
                verbose_name="统筹区",
            ),
        ),
        migrations.AddField(
            model_name="lead",
            name="city",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pharmacies.region",
                verbose_name="比较地区",
            ),
        ),
        migrations.AddField(
            model_name="lead",
            name="dismissed_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="排除人",
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="lead",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="findings",
                to="prices.lead",
                verbose_name="线索",
            ),
        ),
        migrations.AddConstraint(
            model_name="priceevent",
            constraint=models.UniqueConstraint(fields=("on", "key"), name="event_once_a_day"),
        ),
        migrations.AddConstraint(
            model_name="priceevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("direction", "up"), ("ratio__gt", 1)),
                    models.Q(("direction", "down"), ("ratio__gt", 0), ("ratio__lt", 1)),
                    _connector="OR",
                ),
                name="event_ratio_goes_its_way",
            ),
        ),
        migrations.AddConstraint(
            model_name="priceevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("drugs__gt", 0), ("offers__gt", 1), ("offers__gte", models.F("shops")), ("shops__gt", 0)
                ),
                name="event_is_of_many",
            ),
        ),
        migrations.AddField(
            model_name="lead",
            name="event",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="leads",
                to="prices.priceevent",
                verbose_name="调价事件",
            ),
        ),
        migrations.AddIndex(
            model_name="screening",
            index=models.Index(fields=["-on", "-id"], name="screening_of_day"),
        ),
        migrations.AddConstraint(
            model_name="watchcursor",
            constraint=models.CheckConstraint(condition=models.Q(("id", 1)), name="cursor_is_one_row"),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.UniqueConstraint(fields=("lead", "detector"), name="finding_once_per_detector"),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("p__isnull", True), models.Q(("p__gte", 0), ("p__lte", 1)), _connector="OR"),
                    models.Q(
                        ("adjusted__isnull", True),
                        models.Q(("adjusted__gte", 0), ("adjusted__lte", 1)),
                        _connector="OR",
                    ),
                ),
                name="finding_p_is_a_probability",
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["area", "-on", "-score"], name="lead_of_area"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["pharmacy_id", "drug_id"], name="lead_of_pharmacy"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["on"], name="lead_of_day"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["drug_id", "-on"], name="lead_of_drug"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(condition=models.Q(("state", "new")), fields=["area", "-score"], name="lead_waiting"),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.UniqueConstraint(
                condition=models.Q(("pharmacy_id__isnull", False)),
                fields=("drug_id", "pharmacy_id", "since"),
                name="lead_once_per_level",
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.UniqueConstraint(
                condition=models.Q(("pharmacy_id__isnull", True)),
                fields=("drug_id", "city", "since"),
                name="lead_once_per_drift",
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.UniqueConstraint(
                condition=models.Q(("event__isnull", False), models.Q(("state", "withdrawn"), _negated=True)),
                fields=("event",),
                name="lead_once_per_event",
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("price_fen__gt", 0),
                    models.Q(("previous_fen__isnull", True), ("previous_fen__gt", 0), _connector="OR"),
                ),
                name="lead_prices_above_zero",
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(("ended_at__isnull", True), ("ended_at__gt", models.F("since")), _connector="OR"),
                name="lead_ends_after_it_began",
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("dismissed_at__isnull", False),
                        ("dismissed_by__isnull", False),
                        ("state", "dismissed"),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("state", "dismissed"), _negated=True),
                        ("dismissed_at__isnull", True),
                        ("dismissed_by__isnull", True),
                        ("reason", ""),
                    ),
                    _connector="OR",
                ),
                name="lead_dismissed_by_somebody_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "withdrawn"), models.Q(("withdrawn_because", ""), _negated=True)),
                    models.Q(models.Q(("state", "withdrawn"), _negated=True), ("withdrawn_because", "")),
                    _connector="OR",
                ),
                name="lead_withdrawn_for_a_reason",
            ),
        ),
        # A day of changes is a stretch of its month's partition: they are appended as they are received.
        migrations.RunSQL(
            "CREATE INDEX pricechange_received ON prices_pricechange USING brin (received_at) WITH (pages_per_range = 32)",
            "DROP INDEX pricechange_received",
        ),
        migrations.RunPython(
            grants.never_deleted("prices_priceevent", "prices_lead", "prices_finding", "prices_watchcursor"),
            migrations.RunPython.noop,
        ),
        migrations.RunPython(grants.append_only("prices_screening"), migrations.RunPython.noop),
    ]
