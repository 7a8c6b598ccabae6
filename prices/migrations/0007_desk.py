import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from pharmacies import grants


class Migration(migrations.Migration):
    dependencies = [("prices", "0006_search_functions")]

    operations = [
        migrations.AddField("feed", "token_issued_at", models.DateTimeField("令牌签发时间", null=True, blank=True)),
        migrations.AddField("feed", "token_used_at", models.DateTimeField("令牌最近使用", null=True, blank=True)),
        migrations.CreateModel(
            name="DeskChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pharmacy_id", models.IntegerField(verbose_name="药店")),
                ("drug_id", models.IntegerField(verbose_name="药品")),
                ("old_fen", models.IntegerField(null=True, verbose_name="原价(分)")),
                ("old_stock", models.SmallIntegerField(null=True, verbose_name="原库存")),
                ("new_fen", models.IntegerField(null=True, verbose_name="新价(分)")),
                ("new_stock", models.SmallIntegerField(null=True, verbose_name="新库存")),
                (
                    "warnings",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="提醒",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="理由")),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="desk_changes",
                        to="prices.feedrun",
                        verbose_name="报送批次",
                    ),
                ),
                (
                    "undone_in",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="prices.feedrun",
                        verbose_name="撤销批次",
                    ),
                ),
            ],
            options={
                "verbose_name": "窗口改价",
                "verbose_name_plural": "窗口改价",
                "indexes": [models.Index(fields=["pharmacy_id", "drug_id"], name="desk_change_of_offer")],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "pharmacy_id", "drug_id"), name="desk_change_once"),
                    models.CheckConstraint(
                        condition=models.Q(("old_fen__isnull", False), ("new_fen__isnull", False), _connector="OR"),
                        name="desk_change_changes_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("old_fen__isnull", True), ("old_stock__isnull", True)),
                                models.Q(("old_fen__isnull", False), ("old_stock__isnull", False)),
                                _connector="OR",
                            ),
                            models.Q(
                                models.Q(("new_fen__isnull", True), ("new_stock__isnull", True)),
                                models.Q(("new_fen__gt", 0), ("new_fen__isnull", False), ("new_stock__isnull", False)),
                                _connector="OR",
                            ),
                        ),
                        name="desk_change_price_and_stock_together",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("warnings__len", 0), models.Q(("reason", ""), _negated=True), _connector="OR"
                        ),
                        name="desk_change_warned_has_a_reason",
                    ),
                ],
            },
        ),
        migrations.RunPython(grants.never_deleted("prices_deskchange"), migrations.RunPython.noop),
    ]
