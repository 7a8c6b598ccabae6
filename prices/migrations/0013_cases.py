import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from pharmacies import grants


class Migration(migrations.Migration):
    dependencies = [
        ("pharmacies", "0009_shop"),
        ("prices", "0012_figures"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Case",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=30, unique=True, verbose_name="编号")),
                ("title", models.CharField(max_length=120, verbose_name="事项")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("triage", "待初核"),
                            ("verify", "核实中"),
                            ("notice", "已发提醒函"),
                            ("replied", "已回复"),
                            ("overdue", "逾期未回复"),
                            ("interview", "约谈"),
                            ("rectify", "限期整改"),
                            ("recheck", "复查"),
                            ("closed", "办结"),
                        ],
                        default="triage",
                        max_length=9,
                        verbose_name="状态",
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("data_error", "录入错误"),
                            ("duplicate", "重复"),
                            ("explained", "已说明"),
                            ("corrected", "已整改"),
                            ("suspended", "暂停医保结算"),
                            ("paused", "中止协议"),
                            ("terminated", "解除协议"),
                            ("handed_over", "移交市场监管"),
                        ],
                        max_length=11,
                        verbose_name="结果",
                    ),
                ),
                ("opened_at", models.DateTimeField(verbose_name="立项时间")),
                ("due_at", models.DateTimeField(blank=True, null=True, verbose_name="办理期限")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="办结时间")),
                ("reopened_at", models.DateTimeField(blank=True, null=True, verbose_name="重新核查时间")),
                ("revision", models.PositiveIntegerField(default=1, verbose_name="版本")),
                ("public_text", models.TextField(blank=True, max_length=1000, verbose_name="公开内容")),
                ("public_name", models.BooleanField(default=False, verbose_name="公开药店名称")),
                ("proposed_at", models.DateTimeField(blank=True, null=True, verbose_name="拟稿时间")),
                ("published_at", models.DateTimeField(blank=True, null=True, verbose_name="发布时间")),
                (
                    "area",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pharmacies.region",
                        verbose_name="立项统筹区",
                    ),
                ),
                (
                    "inquiry",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="case",
                        to="prices.inquiry",
                        verbose_name="问询",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="经办人",
                    ),
                ),
                (
                    "pharmacy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to="pharmacies.pharmacy",
                        verbose_name="药店",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="拟稿人",
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="发布人",
                    ),
                ),
            ],
            options={
                "verbose_name": "核查事项",
                "verbose_name_plural": "核查事项",
            },
        ),
        migrations.CreateModel(
            name="CaseEvidence",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="evidence",
                        serialize=False,
                        to="prices.case",
                    ),
                ),
                ("text", models.TextField(verbose_name="证据")),
                ("sha256", models.CharField(max_length=64)),
                ("frozen_at", models.DateTimeField(verbose_name="固定时间")),
            ],
            options={
                "verbose_name": "核查证据",
                "verbose_name_plural": "核查证据",
            },
        ),
        migrations.CreateModel(
            name="CaseStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("revision", models.PositiveIntegerField(verbose_name="版本")),
                ("name", models.CharField(max_length=12, verbose_name="步骤")),
                (
                    "before",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("triage", "待初核"),
                            ("verify", "核实中"),
                            ("notice", "已发提醒函"),
                            ("replied", "已回复"),
                            ("overdue", "逾期未回复"),
                            ("interview", "约谈"),
                            ("rectify", "限期整改"),
                            ("recheck", "复查"),
                            ("closed", "办结"),
                        ],
                        max_length=9,
                        verbose_name="原状态",
                    ),
                ),
                (
                    "after",
                    models.CharField(
                        choices=[
                            ("triage", "待初核"),
                            ("verify", "核实中"),
                            ("notice", "已发提醒函"),
                            ("replied", "已回复"),
                            ("overdue", "逾期未回复"),
                            ("interview", "约谈"),
                            ("rectify", "限期整改"),
                            ("recheck", "复查"),
                            ("closed", "办结"),
                        ],
                        max_length=9,
                        verbose_name="新状态",
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("data_error", "录入错误"),
                            ("duplicate", "重复"),
                            ("explained", "已说明"),
                            ("corrected", "已整改"),
                            ("suspended", "暂停医保结算"),
                            ("paused", "中止协议"),
                            ("terminated", "解除协议"),
                            ("handed_over", "移交市场监管"),
                        ],
                        max_length=11,
                        verbose_name="结果",
                    ),
                ),
                ("by_name", models.CharField(max_length=150, verbose_name="姓名")),
                ("role", models.CharField(blank=True, max_length=60, verbose_name="身份")),
                ("at", models.DateTimeField(verbose_name="时间")),
                ("reason", models.TextField(blank=True, max_length=2000, verbose_name="说明")),
                ("document_number", models.CharField(blank=True, max_length=60, verbose_name="文号")),
                ("due_at", models.DateTimeField(blank=True, null=True, verbose_name="期限")),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="经手人",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="prices.case",
                        verbose_name="核查事项",
                    ),
                ),
            ],
            options={
                "verbose_name": "核查步骤",
                "verbose_name_plural": "核查步骤",
            },
        ),
        migrations.CreateModel(
            name="CaseDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("notice", "提醒函"), ("interview", "约谈记录")], max_length=9, verbose_name="类别"
                    ),
                ),
                ("number", models.CharField(max_length=60, verbose_name="文号")),
                ("stored", models.CharField(max_length=120, unique=True)),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.PositiveIntegerField(verbose_name="字节数")),
                ("made_at", models.DateTimeField(verbose_name="生成时间")),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="prices.case",
                        verbose_name="核查事项",
                    ),
                ),
                (
                    "step",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="document",
                        to="prices.casestep",
                        verbose_name="步骤",
                    ),
                ),
            ],
            options={
                "verbose_name": "核查文书",
                "verbose_name_plural": "核查文书",
            },
        ),
        migrations.CreateModel(
            name="CaseLead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leads",
                        to="prices.case",
                        verbose_name="核查事项",
                    ),
                ),
                (
                    "lead",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="case_lead",
                        to="prices.lead",
                        verbose_name="线索",
                    ),
                ),
            ],
            options={
                "verbose_name": "核查线索",
                "verbose_name_plural": "核查线索",
            },
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["area", "opened_at"], name="case_of_area"),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["pharmacy", "-opened_at"], name="case_of_pharmacy"),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("state", "notice")), fields=["due_at"], name="case_waiting_for_answer"
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("closed_at__isnull", False),
                        ("due_at__isnull", True),
                        ("state", "closed"),
                        models.Q(("outcome", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("state", "closed"), _negated=True),
                        ("closed_at__isnull", True),
                        ("due_at__isnull", False),
                        ("outcome", ""),
                    ),
                    _connector="OR",
                ),
                name="case_closed_with_an_outcome",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("inquiry__isnull", False),
                    models.Q(("state__in", ["notice", "replied", "overdue"]), _negated=True),
                    _connector="OR",
                ),
                name="case_asked_before_it_answers",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("proposed_at__isnull", True),
                        ("proposed_by__isnull", True),
                        ("public_name", False),
                        ("public_text", ""),
                    ),
                    models.Q(
                        models.Q(("public_text", ""), _negated=True),
                        ("proposed_at__isnull", False),
                        ("proposed_by__isnull", False),
                        ("state", "closed"),
                    ),
                    _connector="OR",
                ),
                name="case_proposal_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("published_at__isnull", True), ("published_by__isnull", True)),
                    models.Q(
                        ("proposed_by__isnull", False), ("published_at__isnull", False), ("published_by__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="case_publication_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("published_by__isnull", True),
                    models.Q(("published_by", models.F("proposed_by")), _negated=True),
                    _connector="OR",
                ),
                name="case_published_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reopened_at__isnull", True), ("reopened_at__gte", models.F("opened_at")), _connector="OR"
                ),
                name="case_reopened_after_it_opened",
            ),
        ),
        migrations.AddConstraint(
            model_name="casestep",
            constraint=models.UniqueConstraint(fields=("case", "revision"), name="case_step_once_per_revision"),
        ),
        migrations.AddConstraint(
            model_name="casestep",
            constraint=models.UniqueConstraint(
                condition=models.Q(("name", "reopen")), fields=("case",), name="case_reopened_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="casestep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        (
                            "name__in",
                            ["notice", "interview", "rectify", "suspended", "paused", "terminated", "handed_over"],
                        ),
                        _negated=True,
                    ),
                    models.Q(models.Q(("document_number", ""), _negated=True), ("by__isnull", False)),
                    _connector="OR",
                ),
                name="case_formal_step_by_a_person_with_a_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="casedocument",
            constraint=models.CheckConstraint(
                condition=models.Q(("number", ""), _negated=True), name="case_document_has_a_number"
            ),
        ),
        migrations.RunPython(grants.never_deleted("prices_case"), migrations.RunPython.noop),
        migrations.RunPython(
            grants.append_only("prices_caseevidence", "prices_caselead", "prices_casestep", "prices_casedocument"),
            migrations.RunPython.noop,
        ),
    ]
