import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from pharmacies import grants

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [
        ("pharmacies", "0009_shop"),
        ("prices", "0008_sheets"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Inquiry",
            fields=[
                ("id", ID),
                (
                    "kind",
                    models.CharField(
                        choices=[("report", "市民反馈"), ("inquiry", "问询")], max_length=7, verbose_name="类别"
                    ),
                ),
                ("reference", models.CharField(blank=True, max_length=40, verbose_name="编号")),
                ("drug_id", models.IntegerField(blank=True, null=True, verbose_name="药品")),
                ("title", models.CharField(max_length=80, verbose_name="标题")),
                ("text", models.TextField(max_length=2000, verbose_name="内容")),
                ("opened_at", models.DateTimeField(verbose_name="收到时间")),
                ("due_at", models.DateTimeField(blank=True, null=True, verbose_name="回复期限")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "待回复"), ("replied", "已回复"), ("closed", "已办结")],
                        default="open",
                        max_length=7,
                        verbose_name="状态",
                    ),
                ),
                (
                    "pharmacy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inquiries",
                        to="pharmacies.pharmacy",
                        verbose_name="药店",
                    ),
                ),
            ],
            options={
                "verbose_name": "反馈与问询",
                "verbose_name_plural": "反馈与问询",
                "indexes": [models.Index(fields=["pharmacy", "-opened_at"], name="inquiry_of_pharmacy")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("due_at__isnull", True), ("due_at__gt", models.F("opened_at")), _connector="OR"
                        ),
                        name="inquiry_due_after_it_came",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="InquiryReply",
            fields=[
                ("id", ID),
                ("at", models.DateTimeField(verbose_name="时间")),
                ("text", models.TextField(max_length=2000, verbose_name="回复")),
                ("document", models.CharField(blank=True, max_length=120, verbose_name="文件")),
                ("stored", models.CharField(blank=True, max_length=120)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="回复人",
                    ),
                ),
                (
                    "inquiry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replies",
                        to="prices.inquiry",
                        verbose_name="反馈与问询",
                    ),
                ),
            ],
            options={
                "verbose_name": "回复",
                "verbose_name_plural": "回复",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("document", ""), ("stored", "")),
                            models.Q(
                                models.Q(("document", ""), _negated=True), models.Q(("stored", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="reply_document_is_stored",
                    )
                ],
            },
        ),
        migrations.RunPython(grants.never_deleted("prices_inquiry"), migrations.RunPython.noop),
        migrations.RunPython(grants.append_only("prices_inquiryreply"), migrations.RunPython.noop),
    ]
