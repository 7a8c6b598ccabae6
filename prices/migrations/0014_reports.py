import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from pharmacies import grants


class Migration(migrations.Migration):
    dependencies = [
        ("pharmacies", "0009_shop"),
        ("prices", "0013_cases"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReportGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("price", "价格不符"), ("closed", "已关门"), ("hours", "营业时间"), ("place", "位置")],
                        max_length=6,
                        verbose_name="类别",
                    ),
                ),
                ("drug_id", models.IntegerField(blank=True, null=True, verbose_name="药品")),
                ("price_fen", models.IntegerField(blank=True, null=True, verbose_name="市民所见价(分)")),
                ("first_at", models.DateTimeField(verbose_name="最早收到")),
                ("last_at", models.DateTimeField(verbose_name="最近收到")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "待处理"),
                            ("asked", "已转药店核实"),
                            ("case", "已转核查事项"),
                            ("answered", "已答复"),
                        ],
                        default="open",
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
                ("answer", models.TextField(blank=True, max_length=500, verbose_name="答复")),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="答复时间")),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="答复人",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="report_groups",
                        to="prices.case",
                        verbose_name="核查事项",
                    ),
                ),
                (
                    "inquiry",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="report_group",
                        to="prices.inquiry",
                        verbose_name="问询",
                    ),
                ),
                (
                    "pharmacy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="citizen_reports",
                        to="pharmacies.pharmacy",
                        verbose_name="药店",
                    ),
                ),
            ],
            options={
                "verbose_name": "市民反馈",
                "verbose_name_plural": "市民反馈",
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="时间")),
                ("text", models.TextField(blank=True, max_length=500, verbose_name="内容")),
                ("photo", models.CharField(blank=True, max_length=120, verbose_name="照片")),
                ("code_digest", models.CharField(max_length=64, unique=True)),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="prices.reportgroup",
                        verbose_name="反馈",
                    ),
                ),
            ],
            options={
                "verbose_name": "市民反馈内容",
                "verbose_name_plural": "市民反馈内容",
            },
        ),
        migrations.CreateModel(
            name="ReportQuota",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sender", models.CharField(blank=True, max_length=64, verbose_name="来处")),
                ("hour", models.DateTimeField(verbose_name="小时")),
                ("count", models.PositiveIntegerField(verbose_name="数量")),
            ],
            options={
                "verbose_name": "反馈限量",
                "verbose_name_plural": "反馈限量",
                "constraints": [models.UniqueConstraint(fields=("sender", "hour"), name="report_quota_once")],
            },
        ),
        migrations.AddIndex(
            model_name="reportgroup",
            index=models.Index(fields=["pharmacy", "kind", "drug_id", "-last_at"], name="report_group_of_thing"),
        ),
        migrations.AddIndex(
            model_name="reportgroup",
            index=models.Index(
                condition=models.Q(("state", "answered"), _negated=True),
                fields=["first_at"],
                name="report_group_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportgroup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind", "price"), models.Q(("drug_id__isnull", True), ("price_fen__isnull", True)), _connector="OR"
                ),
                name="report_drug_and_price_of_a_price",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportgroup",
            constraint=models.CheckConstraint(condition=models.Q(("price_fen__gt", 0)), name="report_price_above_zero"),
        ),
        migrations.AddConstraint(
            model_name="reportgroup",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_at__gte", models.F("first_at"))), name="report_last_not_before_first"
            ),
        ),
        migrations.AddConstraint(
            model_name="reportgroup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "asked"), _negated=True), ("inquiry__isnull", False), _connector="OR"
                ),
                name="report_asked_has_an_inquiry",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportgroup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "case"), _negated=True), ("case__isnull", False), _connector="OR"
                ),
                name="report_case_is_named",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportgroup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("answered_at__isnull", False),
                        ("answered_by__isnull", False),
                        ("state", "answered"),
                        models.Q(("answer", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("state", "answered"), _negated=True),
                        ("answer", ""),
                        ("answered_at__isnull", True),
                        ("answered_by__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="report_answer_is_whole",
            ),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(
                condition=models.Q(("photo", ""), _negated=True), fields=["at"], name="report_with_photo"
            ),
        ),
        migrations.RunPython(grants.never_deleted("prices_reportgroup", "prices_report"), migrations.RunPython.noop),
    ]
