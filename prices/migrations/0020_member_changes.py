import django.db.models.deletion
from django.db import migrations, models

from pharmacies import grants


class Migration(migrations.Migration):
    """What a sheet's member prices replaced, to go back to."""

    dependencies = [
        ("prices", "0019_freezing"),
    ]

    operations = [
        migrations.CreateModel(
            name="MemberChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pharmacy_id", models.IntegerField(verbose_name="药店")),
                ("drug_id", models.IntegerField(verbose_name="药品")),
                ("new_total", models.DecimalField(decimal_places=4, max_digits=14, verbose_name="新会员价")),
                ("old_total", models.DecimalField(decimal_places=4, max_digits=14, null=True, verbose_name="原会员价")),
                ("old_quantity", models.PositiveIntegerField(null=True, verbose_name="原数量")),
                ("old_as_of", models.DateTimeField(null=True, verbose_name="原数据时间")),
                ("old_feed_id", models.IntegerField(null=True, verbose_name="原报送")),
                ("old_run_id", models.IntegerField(null=True, verbose_name="原批次")),
            ],
            options={
                "verbose_name": "会员价改动",
                "verbose_name_plural": "会员价改动",
            },
        ),
        migrations.AddIndex(
            model_name="sourceprice",
            index=models.Index(condition=models.Q(("kind", "member")), fields=["pharmacy_id"], name="source_member"),
        ),
        migrations.AddField(
            model_name="memberchange",
            name="run",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="member_changes",
                to="prices.feedrun",
                verbose_name="报送批次",
            ),
        ),
        migrations.AddConstraint(
            model_name="memberchange",
            constraint=models.UniqueConstraint(fields=("run", "pharmacy_id", "drug_id"), name="member_change_once"),
        ),
        migrations.AddConstraint(
            model_name="memberchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("new_total__gt", 0)), name="member_change_above_zero"
            ),
        ),
        migrations.AddConstraint(
            model_name="memberchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("old_as_of__isnull", True),
                        ("old_feed_id__isnull", True),
                        ("old_quantity__isnull", True),
                        ("old_run_id__isnull", True),
                        ("old_total__isnull", True),
                    ),
                    models.Q(
                        ("old_as_of__isnull", False),
                        ("old_feed_id__isnull", False),
                        ("old_quantity__gt", 0),
                        ("old_quantity__isnull", False),
                        ("old_run_id__isnull", False),
                        ("old_total__gt", 0),
                        ("old_total__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="member_change_old_is_whole",
            ),
        ),
        migrations.RunPython(grants.append_only("prices_memberchange"), migrations.RunPython.noop),
    ]
