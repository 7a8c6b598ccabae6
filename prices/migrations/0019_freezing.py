import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from pharmacies import grants


class Migration(migrations.Migration):
    dependencies = [
        ("pharmacies", "0010_own_facts"),
        ("prices", "0018_search_functions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Freezing",
            fields=[
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("lease_token", models.UUIDField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="尝试次数")),
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("month", models.DateField(verbose_name="月份")),
                ("at", models.DateTimeField(verbose_name="发起时间")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="说明")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "排队中"),
                            ("running", "正在定稿"),
                            ("done", "已定稿"),
                            ("failed", "未完成"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
                ("progress", models.PositiveSmallIntegerField(default=0, verbose_name="进度(%)")),
                (
                    "failure",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("frozen", "这个月已经定稿，不能再改"),
                            ("not_over", "这个月还没有结束：月底以后才能定稿"),
                            ("incomplete", "这个月的统计不完整：请等每晚的统计完成，或请运维补算"),
                            ("gave_up", "处理三次均未完成，这个月没有定稿：请再定稿一次，仍不行请联系运维"),
                        ],
                        max_length=10,
                        verbose_name="未完成的原因",
                    ),
                ),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="完成时间")),
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
                (
                    "made",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="freezing",
                        to="prices.freeze",
                        verbose_name="定稿",
                    ),
                ),
            ],
            options={
                "verbose_name": "定稿任务",
                "verbose_name_plural": "定稿任务",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["waiting", "running"])),
                        fields=("area", "month"),
                        name="freezing_once_at_a_time",
                    ),
                    models.CheckConstraint(condition=models.Q(("month__day", 1)), name="freezing_of_a_month"),
                    models.CheckConstraint(
                        condition=models.Q(("progress__lte", 100)), name="freezing_progress_is_a_share"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("failure", ""),
                                ("finished_at__isnull", True),
                                ("made__isnull", True),
                                ("state__in", ["waiting", "running"]),
                            ),
                            models.Q(
                                ("failure", ""),
                                ("finished_at__isnull", False),
                                ("lease_until__isnull", True),
                                ("made__isnull", False),
                                ("state", "done"),
                            ),
                            models.Q(
                                ("failure__in", ["frozen", "not_over", "incomplete", "gave_up"]),
                                ("finished_at__isnull", False),
                                ("lease_until__isnull", True),
                                ("made__isnull", True),
                                ("state", "failed"),
                            ),
                            _connector="OR",
                        ),
                        name="freezing_made_or_failed_when_it_ended",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lease_token__isnull", True), ("lease_until__isnull", True)),
                            models.Q(("lease_token__isnull", False), ("lease_until__isnull", False)),
                            _connector="OR",
                        ),
                        name="freezing_lease_and_token_together",
                    ),
                ],
            },
        ),
        migrations.RunPython(grants.never_deleted("prices_freezing"), migrations.RunPython.noop),
    ]
