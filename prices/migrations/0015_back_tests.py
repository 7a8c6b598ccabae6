from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("prices", "0014_reports")]

    operations: list[migrations.operations.base.Operation] = []
