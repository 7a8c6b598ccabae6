from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("prices", "0009_inquiries")]

    operations: list[migrations.operations.base.Operation] = []
