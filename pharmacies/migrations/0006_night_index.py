from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """By themselves: an index cannot be made in the transaction that has just rewritten its table's rows."""

    dependencies = [("pharmacies", "0005_night")]

    operations = [
        migrations.AddIndex(
            "pharmacytoday", models.Index(name="pharmacytoday_night", fields=["pharmacy"], condition=Q(night=True))
        ),
        migrations.AddIndex(
            "pharmacytoday",
            models.Index(name="pharmacytoday_institution", fields=["pharmacy"], condition=~Q(kind="pharmacy")),
        ),
    ]
