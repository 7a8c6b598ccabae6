import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.comparison
from django.db import migrations, models

from pharmacies import grants

GUARD = """
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pharmacies_auditseal
    FOR EACH STATEMENT EXECUTE FUNCTION pharmacies_audit_is_append_only();
"""
WAITING = "INSERT INTO pharmacies_auditunsealed (event_id) SELECT id FROM pharmacies_auditevent"


class Migration(migrations.Migration):
    dependencies = [
        ("pharmacies", "0006_night_index"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="序号")),
                ("sealed_at", models.DateTimeField(verbose_name="封存时间")),
                ("algorithm", models.CharField(max_length=20, verbose_name="算法")),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None, verbose_name="日志编号"
                    ),
                ),
                (
                    "digests",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=128), size=None, verbose_name="日志摘要"
                    ),
                ),
                ("previous", models.CharField(blank=True, max_length=128, verbose_name="上一封存的摘要")),
                ("digest", models.CharField(max_length=128, verbose_name="摘要")),
            ],
            options={
                "verbose_name": "操作日志封存",
                "verbose_name_plural": "操作日志封存",
            },
        ),
        migrations.CreateModel(
            name="AuditUnsealed",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="pharmacies.auditevent",
                        verbose_name="操作日志",
                    ),
                ),
            ],
            options={
                "verbose_name": "待封存的操作日志",
                "verbose_name_plural": "待封存的操作日志",
            },
        ),
        migrations.RemoveConstraint(
            model_name="membership",
            name="membership_once_per_pharmacy",
        ),
        migrations.RemoveConstraint(
            model_name="membership",
            name="membership_once_per_chain",
        ),
        migrations.RemoveConstraint(
            model_name="membership",
            name="membership_once_per_area",
        ),
        migrations.AddField(
            model_name="auditevent",
            name="area",
            field=models.ForeignKey(
                blank=True,
                null=True,
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pharmacies.region",
                verbose_name="统筹区",
            ),
        ),
        migrations.AddField(
            model_name="auditevent",
            name="chain",
            field=models.ForeignKey(
                blank=True,
                null=True,
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pharmacies.chain",
                verbose_name="连锁企业",
            ),
        ),
        migrations.AddField(
            model_name="auditevent",
            name="pharmacy",
            field=models.ForeignKey(
                blank=True,
                null=True,
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pharmacies.pharmacy",
                verbose_name="药店",
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="within",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pharmacies.region",
                verbose_name="限于地区",
            ),
        ),
        migrations.AddConstraint(
            model_name="auditevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("chain__isnull", True), ("pharmacy__isnull", True)),
                    models.Q(("area__isnull", True), ("pharmacy__isnull", True)),
                    models.Q(("area__isnull", True), ("chain__isnull", True)),
                    _connector="OR",
                ),
                name="audit_of_at_most_one_place",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(("within__isnull", True), ("chain__isnull", False), _connector="OR"),
                name="membership_only_a_chain_is_limited",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("pharmacy__isnull", False)),
                expressions=[
                    (models.F("user"), "="),
                    (models.F("pharmacy"), "="),
                    (models.F("role"), "="),
                    (
                        django.db.models.functions.comparison.Coalesce(
                            "within", 0, output_field=models.BigIntegerField()
                        ),
                        "=",
                    ),
                    (models.F("valid"), "&&"),
                ],
                name="membership_once_per_pharmacy",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("chain__isnull", False)),
                expressions=[
                    (models.F("user"), "="),
                    (models.F("chain"), "="),
                    (models.F("role"), "="),
                    (
                        django.db.models.functions.comparison.Coalesce(
                            "within", 0, output_field=models.BigIntegerField()
                        ),
                        "=",
                    ),
                    (models.F("valid"), "&&"),
                ],
                name="membership_once_per_chain",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("area__isnull", False)),
                expressions=[
                    (models.F("user"), "="),
                    (models.F("area"), "="),
                    (models.F("role"), "="),
                    (
                        django.db.models.functions.comparison.Coalesce(
                            "within", 0, output_field=models.BigIntegerField()
                        ),
                        "=",
                    ),
                    (models.F("valid"), "&&"),
                ],
                name="membership_once_per_area",
            ),
        ),
        migrations.AddConstraint(
            model_name="auditseal",
            constraint=models.CheckConstraint(condition=models.Q(("number__gte", 1)), name="seal_numbers_begin_at_one"),
        ),
        migrations.AddConstraint(
            model_name="auditseal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("number", 1), ("previous", "")),
                    models.Q(("previous", ""), _negated=True),
                    _connector="OR",
                ),
                name="seal_follows_a_seal",
            ),
        ),
        migrations.RunPython(grants.append_only("pharmacies_auditseal"), migrations.RunPython.noop),
        migrations.RunSQL(GUARD, "DROP TRIGGER audit_is_append_only ON pharmacies_auditseal"),
        migrations.RunSQL(WAITING, migrations.RunSQL.noop),
    ]
