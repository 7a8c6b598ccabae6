import datetime

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from pharmacies import grants


class Migration(migrations.Migration):
    dependencies = [
        ("prices", "0014_reports"),
        ("pharmacies", "0009_shop"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BackTest",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                (
                    "detector",
                    models.CharField(
                        choices=[
                            ("change", "变动幅度"),
                            ("history", "与本店过去的价格相比"),
                            ("peers", "与同城药店相比"),
                            ("mode", "高于多数药店价"),
                            ("reference", "高于参考价"),
                            ("settled", "阴阳价格线索"),
                            ("drift", "缓慢上涨"),
                            ("passthrough", "中选价落地"),
                        ],
                        max_length=12,
                        verbose_name="规则",
                    ),
                ),
                ("version", models.PositiveSmallIntegerField(verbose_name="版本")),
                ("parameters", models.JSONField(verbose_name="参数")),
                ("first", models.DateField(verbose_name="首日")),
                ("last", models.DateField(verbose_name="末日")),
                ("at", models.DateTimeField(verbose_name="发起时间")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "排队中"),
                            ("running", "回测中"),
                            ("done", "已完成"),
                            ("stopped", "已停止"),
                            ("failed", "未完成"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="尝试次数")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="完成时间")),
                ("error", models.TextField(blank=True, verbose_name="错误")),
                (
                    "area",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pharmacies.region",
                        verbose_name="地区",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="发起人",
                    ),
                ),
            ],
            options={
                "verbose_name": "历史回测",
                "verbose_name_plural": "历史回测",
            },
        ),
        migrations.CreateModel(
            name="BackTestDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField(verbose_name="日期")),
                ("covered", models.BooleanField(verbose_name="当日有汇总")),
                ("tests", models.PositiveIntegerField(verbose_name="检验数")),
                ("slips", models.PositiveIntegerField(verbose_name="录入错误")),
                ("events", models.PositiveIntegerField(verbose_name="统一调价")),
                ("found", models.PositiveIntegerField(verbose_name="线索数")),
                ("known", models.PositiveIntegerField(verbose_name="与当时线索重合")),
                ("were", models.PositiveIntegerField(verbose_name="当时线索")),
                ("were_same", models.PositiveIntegerField(verbose_name="当时同一规则的线索")),
                ("labelled", models.PositiveIntegerField(verbose_name="有结论")),
                ("confirmed", models.PositiveIntegerField(verbose_name="结论属实")),
                ("labelled_were", models.PositiveIntegerField(verbose_name="当时线索中有结论")),
                ("confirmed_were", models.PositiveIntegerField(verbose_name="当时线索中属实")),
                ("levels", models.JSONField(default=list, verbose_name="线索")),
                ("examples", models.JSONField(default=list, verbose_name="举例")),
                ("seconds", models.FloatField(verbose_name="用时(秒)")),
                (
                    "back_test",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="days",
                        to="prices.backtest",
                        verbose_name="历史回测",
                    ),
                ),
            ],
            options={
                "verbose_name": "历史回测按日结果",
                "verbose_name_plural": "历史回测按日结果",
            },
        ),
        migrations.AddIndex(
            model_name="backtest",
            index=models.Index(fields=["area", "-id"], name="back_test_of_area"),
        ),
        migrations.AddIndex(
            model_name="backtest",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "running"])),
                fields=["claimed_until"],
                name="back_test_working",
            ),
        ),
        migrations.AddConstraint(
            model_name="backtest",
            constraint=models.CheckConstraint(
                condition=models.Q(("first__lte", models.F("last"))), name="back_test_days_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="backtest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "last__lt",
                        models.ExpressionWrapper(
                            django.db.models.expressions.CombinedExpression(
                                models.F("first"), "+", models.Value(datetime.timedelta(days=366))
                            ),
                            output_field=models.DateTimeField(),
                        ),
                    )
                ),
                name="back_test_of_a_year_at_most",
            ),
        ),
        migrations.AddConstraint(
            model_name="backtest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "detector__in",
                        ["change", "history", "peers", "mode", "reference", "settled", "drift", "passthrough"],
                    )
                ),
                name="back_test_detector_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="backtest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at__isnull", True), ("state__in", ["waiting", "running"])),
                    models.Q(
                        ("claimed_until__isnull", True),
                        ("finished_at__isnull", False),
                        ("state__in", ["done", "stopped", "failed"]),
                    ),
                    _connector="OR",
                ),
                name="back_test_ended_when_it_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="backtestday",
            constraint=models.UniqueConstraint(fields=("back_test", "on"), name="back_test_day_once"),
        ),
        migrations.AddConstraint(
            model_name="backtestday",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("known__lte", models.F("found")),
                    ("were_same__lte", models.F("were")),
                    ("confirmed__lte", models.F("labelled")),
                    ("labelled__lte", models.F("found")),
                    ("confirmed_were__lte", models.F("labelled_were")),
                    ("labelled_were__lte", models.F("were")),
                ),
                name="back_test_parts_within_the_whole",
            ),
        ),
        migrations.RunPython(grants.append_only("prices_backtestday"), migrations.RunPython.noop),
        migrations.RunPython(grants.never_deleted("prices_backtest"), migrations.RunPython.noop),
    ]
