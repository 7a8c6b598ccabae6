import datetime

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import prices.models.offers


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("pharmacies", "0002_grants_and_audit_guard"),
    ]

    operations = [
        migrations.CreateModel(
            name="PriceChange",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "drug_id",
                        "pharmacy_id",
                        "received_at",
                        "run_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("id", models.BigIntegerField(db_default=models.Value(0))),
                ("xid", prices.models.offers.Xid8Field(db_default=prices.models.offers.TransactionId())),
                ("effective_at", models.DateTimeField()),
                ("reported_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("drug_id", models.IntegerField()),
                ("pharmacy_id", models.IntegerField()),
                ("old_fen", models.IntegerField(null=True)),
                ("new_fen", models.IntegerField(null=True)),
                ("feed_id", models.IntegerField()),
                ("run_id", models.IntegerField()),
            ],
            options={
                "verbose_name": "价格变动",
                "verbose_name_plural": "价格变动",
                "db_table": "prices_pricechange",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Feed",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("slug", models.SlugField(max_length=60, unique=True, verbose_name="标识")),
                ("name", models.CharField(blank=True, max_length=120, verbose_name="名称")),
                (
                    "scope",
                    models.CharField(
                        choices=[("all", "全部药店"), ("chain", "连锁企业"), ("pharmacies", "指定药店")],
                        max_length=10,
                        verbose_name="范围",
                    ),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[("snapshot", "全量"), ("delta", "增量")],
                        default="delta",
                        max_length=8,
                        verbose_name="默认方式",
                    ),
                ),
                ("mapping", models.JSONField(blank=True, default=dict, verbose_name="列对照")),
                ("url", models.URLField(blank=True, max_length=500, verbose_name="地址")),
                ("every", models.DurationField(blank=True, null=True, verbose_name="拉取间隔")),
                ("next_pull_at", models.DateTimeField(blank=True, null=True, verbose_name="下次拉取")),
                ("etag", models.CharField(blank=True, max_length=200)),
                ("cadence", models.DurationField(default=datetime.timedelta(days=7), verbose_name="报送周期")),
                ("token_hash", models.CharField(blank=True, max_length=64)),
                ("desk", models.BooleanField(default=False, verbose_name="内置窗口")),
                ("generated", models.BooleanField(default=False, verbose_name="生成数据")),
                ("active", models.BooleanField(default=True, verbose_name="启用")),
                (
                    "chain",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="pharmacies.chain",
                        verbose_name="连锁企业",
                    ),
                ),
                (
                    "pharmacies",
                    models.ManyToManyField(
                        blank=True, related_name="feeds", to="pharmacies.pharmacy", verbose_name="药店"
                    ),
                ),
            ],
            options={
                "verbose_name": "数据报送",
                "verbose_name_plural": "数据报送",
            },
        ),
        migrations.CreateModel(
            name="FeedRun",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                (
                    "mode",
                    models.CharField(
                        choices=[("snapshot", "全量"), ("delta", "增量")], max_length=8, verbose_name="方式"
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("command", "命令"),
                            ("pull", "拉取"),
                            ("push", "接口"),
                            ("desk", "窗口"),
                            ("replay", "配对后重放"),
                            ("scheduled", "定时调价"),
                        ],
                        max_length=9,
                        verbose_name="途径",
                    ),
                ),
                ("delivery_key", models.CharField(max_length=200, verbose_name="投递键")),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.BigIntegerField(verbose_name="字节数")),
                ("format", models.CharField(default="csv", max_length=5, verbose_name="格式")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "已接收"),
                            ("staged", "已核对"),
                            ("held", "整批待确认"),
                            ("publishing", "发布中"),
                            ("published", "已发布"),
                            ("failed", "失败"),
                            ("refused", "退回"),
                            ("superseded", "已被新批次取代"),
                        ],
                        default="received",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("received_at", models.DateTimeField(verbose_name="接收时间")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="完成时间")),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("lease_token", models.UUIDField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="尝试次数")),
                ("rows", models.PositiveIntegerField(default=0, verbose_name="行数")),
                ("accepted", models.PositiveIntegerField(default=0, verbose_name="接受")),
                ("changed", models.PositiveIntegerField(default=0, verbose_name="变动")),
                ("unchanged", models.PositiveIntegerField(default=0, verbose_name="未变")),
                ("withdrawn", models.PositiveIntegerField(default=0, verbose_name="下架")),
                ("refused", models.PositiveIntegerField(default=0, verbose_name="退回")),
                ("seconds", models.FloatField(default=0, verbose_name="用时(秒)")),
                (
                    "columns",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), blank=True, default=list, size=None, verbose_name="原表头"
                    ),
                ),
                ("notes", models.JSONField(blank=True, default=list, verbose_name="说明")),
                ("error", models.TextField(blank=True, verbose_name="错误")),
                ("released_by", models.CharField(blank=True, max_length=150, verbose_name="放行人")),
                ("operator", models.CharField(blank=True, max_length=150, verbose_name="提交人")),
                ("override_reason", models.CharField(blank=True, max_length=200, verbose_name="改价理由")),
                (
                    "confirms",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="confirmations",
                        to="prices.feedrun",
                        verbose_name="确认批次",
                    ),
                ),
                (
                    "feed",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="prices.feed",
                        verbose_name="报送",
                    ),
                ),
            ],
            options={
                "verbose_name": "报送批次",
                "verbose_name_plural": "报送批次",
            },
        ),
        migrations.CreateModel(
            name="Offer",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "drug_id", "pharmacy_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("as_of", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField()),
                ("disputed_since", models.DateTimeField(null=True)),
                ("drug_id", models.IntegerField()),
                ("pharmacy_id", models.IntegerField()),
                ("price_fen", models.IntegerField()),
                ("feed_id", models.IntegerField()),
                ("run_id", models.IntegerField()),
                (
                    "stock",
                    models.SmallIntegerField(
                        choices=[(0, "未报库存"), (1, "有货"), (2, "少量"), (3, "缺货"), (4, "可预订")], default=0
                    ),
                ),
                ("state", models.SmallIntegerField(choices=[(0, "已下架"), (1, "在售")], default=1)),
            ],
            options={
                "verbose_name": "零售价",
                "verbose_name_plural": "零售价",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", 1)), fields=["drug_id", "price_fen"], name="offer_cheapest"
                    ),
                    models.Index(fields=["pharmacy_id"], name="offer_pharmacy"),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("price_fen__gt", 0)), name="offer_price_above_zero"),
                    models.CheckConstraint(
                        condition=models.Q(("stock__in", [0, 1, 2, 3, 4])), name="offer_stock_is_known_word"
                    ),
                    models.CheckConstraint(condition=models.Q(("state__in", [0, 1])), name="offer_state_is_known"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PharmacyFeed",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "pharmacy_id", "feed_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("as_of", models.DateTimeField(verbose_name="最近报送")),
                ("last_run_id", models.IntegerField()),
                ("snapshot_as_of", models.DateTimeField(null=True)),
                ("snapshot_received_at", models.DateTimeField(null=True)),
                ("snapshot_run_id", models.IntegerField(null=True)),
                (
                    "feed",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="prices.feed",
                    ),
                ),
                (
                    "pharmacy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reports", to="pharmacies.pharmacy"
                    ),
                ),
            ],
            options={
                "verbose_name": "药店报送",
                "verbose_name_plural": "药店报送",
            },
        ),
        migrations.CreateModel(
            name="Rejection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.PositiveIntegerField(verbose_name="行号")),
                ("raw", models.JSONField(verbose_name="原文")),
                (
                    "reasons",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), size=None, verbose_name="原因"
                    ),
                ),
                ("pharmacy_id", models.IntegerField(null=True)),
                ("drug_id", models.IntegerField(null=True)),
                ("price_fen", models.IntegerField(null=True)),
                ("their_code", models.CharField(blank=True, max_length=60)),
                (
                    "state",
                    models.CharField(
                        choices=[("refused", "退回"), ("review", "待核实"), ("settled", "已处理")],
                        default="refused",
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
                ("settled_by", models.CharField(blank=True, max_length=150, verbose_name="处理人")),
                (
                    "replayed_in",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="prices.feedrun"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rejections", to="prices.feedrun"
                    ),
                ),
            ],
            options={
                "verbose_name": "退回记录",
                "verbose_name_plural": "退回记录",
            },
        ),
        migrations.CreateModel(
            name="RunPharmacy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("as_of", models.DateTimeField(verbose_name="数据时间")),
                ("accepted", models.PositiveIntegerField(default=0, verbose_name="接受")),
                ("changed", models.PositiveIntegerField(default=0, verbose_name="变动")),
                ("unchanged", models.PositiveIntegerField(default=0, verbose_name="未变")),
                ("withdrawn", models.PositiveIntegerField(default=0, verbose_name="下架")),
                ("disputed", models.PositiveIntegerField(default=0, verbose_name="存疑")),
                (
                    "pharmacy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pharmacies.pharmacy"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="pharmacies", to="prices.feedrun"
                    ),
                ),
            ],
            options={
                "verbose_name": "批次药店",
                "verbose_name_plural": "批次药店",
            },
        ),
        migrations.CreateModel(
            name="ScheduledPrice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("drug_id", models.IntegerField()),
                ("pharmacy_id", models.IntegerField()),
                ("feed_id", models.IntegerField()),
                ("run_id", models.IntegerField()),
                ("effective_at", models.DateTimeField()),
                ("price_fen", models.IntegerField()),
                (
                    "stock",
                    models.SmallIntegerField(
                        choices=[(0, "未报库存"), (1, "有货"), (2, "少量"), (3, "缺货"), (4, "可预订")], default=0
                    ),
                ),
                ("applied_run_id", models.IntegerField(null=True)),
            ],
            options={
                "verbose_name": "定时调价",
                "verbose_name_plural": "定时调价",
                "indexes": [
                    models.Index(
                        condition=models.Q(("applied_run_id__isnull", True)),
                        fields=["effective_at"],
                        name="scheduled_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("drug_id", "pharmacy_id", "feed_id", "effective_at"), name="scheduled_once"
                    ),
                    models.CheckConstraint(condition=models.Q(("price_fen__gt", 0)), name="scheduled_price_above_zero"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SourcePrice",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "drug_id", "pharmacy_id", "kind", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("drug_id", models.IntegerField()),
                ("pharmacy_id", models.IntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("settled", "医保结算价"),
                            ("observed", "市民所见价"),
                            ("member", "会员价"),
                            ("promotion", "促销价"),
                            ("delivery", "即时配送价"),
                        ],
                        max_length=10,
                    ),
                ),
                ("total", models.DecimalField(decimal_places=4, max_digits=14)),
                ("quantity", models.PositiveIntegerField(default=1)),
                ("as_of", models.DateTimeField()),
                ("feed_id", models.IntegerField()),
                ("run_id", models.IntegerField()),
            ],
            options={
                "verbose_name": "其他来源价",
                "verbose_name_plural": "其他来源价",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("total__gt", 0)), name="source_total_above_zero"),
                    models.CheckConstraint(condition=models.Q(("quantity__gt", 0)), name="source_quantity_above_zero"),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="feed",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("chain__isnull", False), ("scope", "chain")),
                    models.Q(models.Q(("scope", "chain"), _negated=True), ("chain__isnull", True)),
                    _connector="OR",
                ),
                name="feed_chain_scope_names_a_chain",
            ),
        ),
        migrations.AddConstraint(
            model_name="feed",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("every__isnull", True), ("url", "")),
                    models.Q(
                        models.Q(("url", ""), _negated=True),
                        ("every__gt", datetime.timedelta(0)),
                        ("every__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="feed_url_and_interval_together",
            ),
        ),
        migrations.AddConstraint(
            model_name="feed",
            constraint=models.CheckConstraint(
                condition=models.Q(("cadence__gt", datetime.timedelta(0))), name="feed_cadence_is_positive"
            ),
        ),
        migrations.AddIndex(
            model_name="feedrun",
            index=models.Index(
                condition=models.Q(("state__in", ["received", "staged", "publishing"])),
                fields=["lease_until"],
                name="run_in_flight",
            ),
        ),
        migrations.AddIndex(
            model_name="feedrun",
            index=models.Index(fields=["feed", "-id"], name="run_of_feed"),
        ),
        migrations.AddConstraint(
            model_name="feedrun",
            constraint=models.UniqueConstraint(fields=("feed", "delivery_key"), name="run_once_per_delivery"),
        ),
        migrations.AddConstraint(
            model_name="feedrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lease_token__isnull", True), ("lease_until__isnull", True)),
                    models.Q(("lease_token__isnull", False), ("lease_until__isnull", False)),
                    _connector="OR",
                ),
                name="run_lease_and_token_together",
            ),
        ),
        migrations.AddConstraint(
            model_name="feedrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("override_reason", ""), models.Q(("operator", ""), _negated=True), _connector="OR"),
                name="run_override_names_a_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="pharmacyfeed",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("snapshot_as_of__isnull", True),
                        ("snapshot_received_at__isnull", True),
                        ("snapshot_run_id__isnull", True),
                    ),
                    models.Q(
                        ("snapshot_as_of__isnull", False),
                        ("snapshot_received_at__isnull", False),
                        ("snapshot_run_id__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="snapshot_mark_is_whole",
            ),
        ),
        migrations.AddIndex(
            model_name="rejection",
            index=models.Index(
                condition=models.Q(("their_code", ""), _negated=True),
                fields=["their_code"],
                name="rejection_unknown_code",
            ),
        ),
        migrations.AddIndex(
            model_name="rejection",
            index=models.Index(
                condition=models.Q(("drug_id__isnull", False)),
                fields=["drug_id", "pharmacy_id"],
                name="rejection_of_offer",
            ),
        ),
        migrations.AddConstraint(
            model_name="rejection",
            constraint=models.UniqueConstraint(fields=("run", "line"), name="rejection_once_per_line"),
        ),
        migrations.AddConstraint(
            model_name="rejection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "settled"), _negated=True),
                    models.Q(("settled_by", ""), _negated=True),
                    _connector="OR",
                ),
                name="rejection_settled_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="rejection",
            constraint=models.CheckConstraint(
                condition=models.Q(("reasons__len__gt", 0)), name="rejection_has_a_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="runpharmacy",
            constraint=models.UniqueConstraint(fields=("run", "pharmacy"), name="run_publishes_a_pharmacy_once"),
        ),
    ]
