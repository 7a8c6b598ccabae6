from django.db import migrations


class Migration(migrations.Migration):
    """Made the search functions once; the newest migration that replaces them makes them all."""

    dependencies = [("prices", "0005_search_functions"), ("pharmacies", "0006_night_index")]

    operations = []
