from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("prices", "0013_cases")]

    operations: list[migrations.operations.base.Operation] = []
