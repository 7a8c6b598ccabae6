from django.db import migrations

from prices.sql import search_functions


class Migration(migrations.Migration):
    """Surveys, and searches among few pharmacies."""

    dependencies = [("prices", "0005_search_functions"), ("pharmacies", "0006_night_index")]

    operations = [search_functions.replace()]
