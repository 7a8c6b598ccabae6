from django.db import migrations

from prices.sql import search_functions


class Migration(migrations.Migration):
    """Until when an offer is vouched for is said once."""

    dependencies = [("prices", "0017_leases"), ("pharmacies", "0010_own_facts")]

    operations = [search_functions.replace()]
