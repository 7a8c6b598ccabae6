from django.db import migrations, models


class Migration(migrations.Migration):
    """Uploads and back-tests are held like runs: by a token.

    Leases last minutes and are not carried over: what a worker holds while this runs is taken up again by the sweep.
    """

    dependencies = [("prices", "0016_lead_levels")]

    operations = [
        migrations.RemoveIndex(model_name="upload", name="upload_working"),
        migrations.RemoveIndex(model_name="backtest", name="back_test_working"),
        migrations.RemoveConstraint(model_name="backtest", name="back_test_ended_when_it_ended"),
        migrations.RemoveField(model_name="upload", name="claimed_until"),
        migrations.RemoveField(model_name="backtest", name="claimed_until"),
        migrations.AddField("upload", "lease_until", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("upload", "lease_token", models.UUIDField(blank=True, null=True)),
        migrations.AddField("backtest", "lease_until", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("backtest", "lease_token", models.UUIDField(blank=True, null=True)),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                condition=models.Q(("state__in", ["reading", "checking"])),
                fields=["lease_until"],
                name="upload_working",
            ),
        ),
        migrations.AddIndex(
            model_name="backtest",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "running"])),
                fields=["lease_until"],
                name="back_test_working",
            ),
        ),
        migrations.AddConstraint(
            model_name="backtest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at__isnull", True), ("state__in", ["waiting", "running"])),
                    models.Q(
                        ("finished_at__isnull", False),
                        ("lease_until__isnull", True),
                        ("state__in", ["done", "stopped", "failed"]),
                    ),
                    _connector="OR",
                ),
                name="back_test_ended_when_it_ended",
            ),
        ),
        *(
            migrations.AddConstraint(
                model_name=model,
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("lease_token__isnull", True), ("lease_until__isnull", True)),
                        models.Q(("lease_token__isnull", False), ("lease_until__isnull", False)),
                        _connector="OR",
                    ),
                    name=name,
                ),
            )
            for model, name in (
                ("upload", "upload_lease_and_token_together"),
                ("backtest", "back_test_lease_and_token_together"),
            )
        ),
    ]
