from django.db import migrations


class Migration(migrations.Migration):
    """Made the search functions once; the newest migration that replaces them makes them all."""

    dependencies = [("prices", "0004_cells"), ("pharmacies", "0004_cell_index")]

    operations = []
