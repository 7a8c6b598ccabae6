from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("prices", "0012_figures")]

    operations: list[migrations.operations.base.Operation] = []
