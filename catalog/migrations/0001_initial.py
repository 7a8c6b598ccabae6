import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

import pharmacies.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("pharmacies", "0002_grants_and_audit_guard"),
    ]

    operations = [
        migrations.CreateModel(
            name="Drug",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=23, unique=True, verbose_name="医保药品代码")),
                ("trade_name", models.CharField(blank=True, max_length=80, verbose_name="商品名")),
                ("manufacturer", models.CharField(max_length=120, verbose_name="生产企业")),
                ("pack_count", models.PositiveIntegerField(verbose_name="转换比")),
                ("unit", models.CharField(max_length=10, verbose_name="最小制剂单位")),
                ("pack_unit", models.CharField(max_length=10, verbose_name="最小包装单位")),
                ("approval_no", models.CharField(blank=True, max_length=20, verbose_name="批准文号")),
                ("barcode", models.CharField(blank=True, max_length=13, verbose_name="商品条码")),
                ("trace_prefix", models.CharField(blank=True, max_length=7, verbose_name="追溯码前七位")),
                (
                    "rx_class",
                    models.CharField(
                        blank=True,
                        choices=[("rx", "处方药"), ("otc_a", "非处方药(OTC)"), ("otc_b", "非处方药(OTC)")],
                        max_length=5,
                        verbose_name="处方分类",
                    ),
                ),
                (
                    "quality",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("originator", "原研药"),
                            ("passed", "通过一致性评价"),
                            ("deemed", "视同通过一致性评价"),
                        ],
                        max_length=10,
                        verbose_name="质量层次",
                    ),
                ),
                ("search_names", models.TextField(editable=False, verbose_name="检索名称")),
                (
                    "search_terms",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), editable=False, size=None, verbose_name="检索词"
                    ),
                ),
            ],
            options={
                "verbose_name": "药品",
                "verbose_name_plural": "药品",
            },
        ),
        migrations.CreateModel(
            name="DrugList",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("dual_channel", "双通道药品"),
                            ("separate_payment", "单独支付药品"),
                            ("two_diseases", "“两病”用药"),
                            ("chronic_disease", "门诊慢特病用药"),
                            ("supplementary", "惠民保特药"),
                            ("monitored", "重点监控"),
                            ("not_for_retail", "不得零售"),
                            ("three_in", "三进"),
                        ],
                        max_length=20,
                        verbose_name="类别",
                    ),
                ),
                ("document", models.CharField(max_length=120, verbose_name="文件")),
                ("valid", pharmacies.fields.ValidField(verbose_name="有效期")),
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
                "verbose_name": "药品名单",
                "verbose_name_plural": "药品名单",
            },
        ),
        migrations.CreateModel(
            name="Edition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("year", models.PositiveSmallIntegerField(verbose_name="年版")),
                ("document", models.CharField(max_length=120, verbose_name="文件")),
                ("valid", pharmacies.fields.ValidField(verbose_name="有效期")),
                (
                    "state",
                    models.CharField(
                        choices=[("loading", "导入中"), ("ready", "已生效")],
                        default="loading",
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
                ("declared", models.JSONField(default=dict, verbose_name="文件所载数目")),
            ],
            options={
                "verbose_name": "目录年版",
                "verbose_name_plural": "目录年版",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("state", "ready")),
                        expressions=[(models.F("valid"), "&&")],
                        name="edition_one_ready_at_a_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Listing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("section", models.CharField(max_length=40, verbose_name="部分")),
                ("number", models.CharField(max_length=12, verbose_name="编号")),
                ("row", models.PositiveSmallIntegerField(default=1, verbose_name="行")),
                ("category_code", models.CharField(blank=True, max_length=12, verbose_name="分类代码")),
                ("generic_name", models.CharField(max_length=200, verbose_name="药品名称")),
                ("dosage_form", models.CharField(blank=True, max_length=120, verbose_name="剂型")),
                (
                    "ins_class",
                    models.CharField(
                        choices=[("甲", "医保甲类"), ("乙", "医保乙类")], max_length=1, verbose_name="甲乙类"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("常规", "常规"), ("谈判", "国家谈判药"), ("竞价", "竞价药品")],
                        default="常规",
                        max_length=2,
                        verbose_name="类别",
                    ),
                ),
                ("restriction", models.TextField(blank=True, verbose_name="限定支付范围")),
                (
                    "agreement",
                    django.contrib.postgres.fields.ranges.DateRangeField(
                        blank=True, null=True, verbose_name="协议有效期"
                    ),
                ),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="listings",
                        to="catalog.edition",
                        verbose_name="年版",
                    ),
                ),
            ],
            options={
                "verbose_name": "目录条目",
                "verbose_name_plural": "目录条目",
            },
        ),
        migrations.CreateModel(
            name="DrugListEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("generic_name", models.CharField(blank=True, max_length=120, verbose_name="通用名")),
                ("dosage_form", models.CharField(blank=True, max_length=60, verbose_name="剂型")),
                ("valid", pharmacies.fields.ValidField(verbose_name="有效期")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="备注")),
                (
                    "drug",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="catalog.drug",
                        verbose_name="药品",
                    ),
                ),
                (
                    "drug_list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="catalog.druglist",
                        verbose_name="名单",
                    ),
                ),
                (
                    "listing",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="catalog.listing",
                        verbose_name="目录条目",
                    ),
                ),
            ],
            options={
                "verbose_name": "名单条目",
                "verbose_name_plural": "名单条目",
            },
        ),
        migrations.CreateModel(
            name="ListingMatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("candidate", "待核"), ("accepted", "已核"), ("rejected", "不符")],
                        default="candidate",
                        max_length=9,
                        verbose_name="状态",
                    ),
                ),
                ("score", models.FloatField(default=0, verbose_name="相似度")),
                ("reviewed_by", models.CharField(blank=True, max_length=150, verbose_name="审核人")),
                (
                    "drug",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="matches",
                        to="catalog.drug",
                        verbose_name="药品",
                    ),
                ),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="matches",
                        to="catalog.listing",
                        verbose_name="目录条目",
                    ),
                ),
            ],
            options={
                "verbose_name": "目录匹配",
                "verbose_name_plural": "目录匹配",
            },
        ),
        migrations.CreateModel(
            name="PaymentStandard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("spec", models.CharField(blank=True, max_length=200, verbose_name="规格")),
                (
                    "amount",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="金额(元)"
                    ),
                ),
                ("confidential", models.BooleanField(default=False, verbose_name="保密")),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="standards",
                        to="catalog.listing",
                        verbose_name="目录条目",
                    ),
                ),
            ],
            options={
                "verbose_name": "支付标准",
                "verbose_name_plural": "支付标准",
            },
        ),
        migrations.CreateModel(
            name="Preparation",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("generic_name", models.CharField(max_length=120, verbose_name="通用名")),
                ("dosage_form", models.CharField(max_length=60, verbose_name="剂型")),
                ("strength", models.CharField(max_length=120, verbose_name="规格")),
            ],
            options={
                "verbose_name": "制剂",
                "verbose_name_plural": "制剂",
                "constraints": [
                    models.UniqueConstraint(fields=("generic_name", "dosage_form", "strength"), name="preparation_once")
                ],
            },
        ),
        migrations.AddField(
            model_name="drug",
            name="preparation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="drugs",
                to="catalog.preparation",
                verbose_name="制剂",
            ),
        ),
        migrations.CreateModel(
            name="Scheme",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40, unique=True, verbose_name="编号")),
                ("name", models.CharField(max_length=120, verbose_name="名称")),
                ("level", models.CharField(max_length=20, verbose_name="层级")),
                ("valid", pharmacies.fields.ValidField(verbose_name="有效期")),
                ("document", models.CharField(blank=True, max_length=120, verbose_name="文件")),
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
                "verbose_name": "集采批次",
                "verbose_name_plural": "集采批次",
            },
        ),
        migrations.CreateModel(
            name="ReferencePrice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("listed", "挂网价"),
                            ("vbp", "集采中选价"),
                            ("payment_standard", "医保支付标准"),
                            ("national_lowest", "全国最低挂网价"),
                        ],
                        max_length=16,
                        verbose_name="类别",
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=4, max_digits=12, verbose_name="金额(元)")),
                (
                    "unit",
                    models.CharField(
                        choices=[("pack", "每盒"), ("smallest", "每最小制剂单位")], max_length=8, verbose_name="单位"
                    ),
                ),
                ("valid", pharmacies.fields.ValidField(verbose_name="有效期")),
                ("document", models.CharField(max_length=120, verbose_name="文件")),
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
                    "drug",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="references",
                        to="catalog.drug",
                        verbose_name="药品",
                    ),
                ),
                (
                    "scheme",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="catalog.scheme",
                        verbose_name="集采批次",
                    ),
                ),
            ],
            options={
                "verbose_name": "参考价",
                "verbose_name_plural": "参考价",
            },
        ),
        migrations.CreateModel(
            name="Alias",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=60, verbose_name="来源")),
                ("their_code", models.CharField(max_length=60, verbose_name="对方代码")),
                ("reviewed_by", models.CharField(max_length=150, verbose_name="确认人")),
                ("valid", pharmacies.fields.ValidField(verbose_name="有效期")),
                (
                    "drug",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="aliases",
                        to="catalog.drug",
                        verbose_name="药品",
                    ),
                ),
            ],
            options={
                "verbose_name": "对照编码",
                "verbose_name_plural": "对照编码",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (models.F("source"), "="),
                            (models.F("their_code"), "="),
                            (models.F("valid"), "&&"),
                        ],
                        name="alias_means_one_drug_at_a_time",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="druglist",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[(models.F("kind"), "="), (models.F("area"), "="), (models.F("valid"), "&&")],
                name="list_one_of_a_kind_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="listing",
            constraint=models.UniqueConstraint(fields=("edition", "section", "number", "row"), name="listing_once"),
        ),
        migrations.AddConstraint(
            model_name="listing",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind", "常规"), ("ins_class", "乙"), _connector="OR"),
                name="listing_negotiated_is_class_b",
            ),
        ),
        migrations.AddIndex(
            model_name="druglistentry",
            index=models.Index(
                condition=models.Q(("generic_name", ""), _negated=True),
                fields=["generic_name", "dosage_form"],
                name="entry_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="druglistentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("drug__isnull", False), ("generic_name", ""), ("listing__isnull", True)),
                    models.Q(("drug__isnull", True), ("generic_name", ""), ("listing__isnull", False)),
                    models.Q(
                        ("drug__isnull", True), ("listing__isnull", True), models.Q(("generic_name", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="entry_has_exactly_one_target",
            ),
        ),
        migrations.AddConstraint(
            model_name="druglistentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("dosage_form", ""), models.Q(("generic_name", ""), _negated=True), _connector="OR"),
                name="entry_form_only_with_a_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="druglistentry",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("drug__isnull", False)),
                expressions=[(models.F("drug_list"), "="), (models.F("drug"), "="), (models.F("valid"), "&&")],
                name="entry_drug_once_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="druglistentry",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("listing__isnull", False)),
                expressions=[(models.F("drug_list"), "="), (models.F("listing"), "="), (models.F("valid"), "&&")],
                name="entry_listing_once_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="druglistentry",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("generic_name", ""), _negated=True),
                expressions=[
                    (models.F("drug_list"), "="),
                    (models.F("generic_name"), "="),
                    (models.F("dosage_form"), "="),
                    (models.F("valid"), "&&"),
                ],
                name="entry_name_once_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="listingmatch",
            constraint=models.UniqueConstraint(fields=("drug", "listing"), name="match_once"),
        ),
        migrations.AddConstraint(
            model_name="listingmatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "candidate"), models.Q(("reviewed_by", ""), _negated=True), _connector="OR"
                ),
                name="match_decided_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentstandard",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount__isnull", True), ("confidential", True)),
                    models.Q(("amount__gt", 0), ("amount__isnull", False), ("confidential", False)),
                    _connector="OR",
                ),
                name="standard_amount_or_confidential",
            ),
        ),
        migrations.AddIndex(
            model_name="drug",
            index=django.contrib.postgres.indexes.GinIndex(fields=["search_terms"], name="drug_terms"),
        ),
        migrations.AddIndex(
            model_name="drug",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["search_names"], name="drug_names_trgm", opclasses=["gin_trgm_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="drug",
            index=models.Index(
                condition=models.Q(("barcode", ""), _negated=True), fields=["barcode"], name="drug_barcode"
            ),
        ),
        migrations.AddIndex(
            model_name="drug",
            index=models.Index(
                condition=models.Q(("approval_no", ""), _negated=True), fields=["approval_no"], name="drug_approval"
            ),
        ),
        migrations.AddConstraint(
            model_name="drug",
            constraint=models.CheckConstraint(condition=models.Q(("pack_count__gt", 0)), name="drug_pack_is_not_empty"),
        ),
        migrations.AddConstraint(
            model_name="drug",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "code__regex",
                        "^(X[A-Z]\\d{2}[A-Z]{2}[A-Z]\\d{3}[A-Z]\\d{3}\\d{9}|Z[A-Z]\\d{2}[A-Z]{2}[A-Z]\\d{13}|T\\d{9})$",
                    )
                ),
                name="drug_code_has_a_known_form",
            ),
        ),
        migrations.AddConstraint(
            model_name="drug",
            constraint=models.CheckConstraint(
                condition=models.Q(("trace_prefix", ""), ("trace_prefix__regex", "^\\d{7}$"), _connector="OR"),
                name="drug_trace_prefix_has_seven_digits",
            ),
        ),
        migrations.AddConstraint(
            model_name="referenceprice",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="reference_amount_above_zero"
            ),
        ),
        migrations.AddConstraint(
            model_name="referenceprice",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    (models.F("drug"), "="),
                    (models.F("area"), "="),
                    (models.F("kind"), "="),
                    (models.F("valid"), "&&"),
                ],
                name="reference_once_at_a_time",
            ),
        ),
    ]
