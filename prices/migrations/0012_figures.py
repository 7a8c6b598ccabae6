from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("prices", "0011_leads")]

    operations: list[migrations.operations.base.Operation] = []
