from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("prices", "0010_rules")]

    operations: list[migrations.operations.base.Operation] = []
