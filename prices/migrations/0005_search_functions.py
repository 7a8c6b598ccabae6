from pathlib import Path

from django.db import migrations

FOLDER = Path(__file__).parents[1] / "sql" / "functions"
FILES = (
    "question",
    "nearest_walk",
    "near_first",
    "drug_first",
    "cell_walk",
    "price_walk",
    "value",
    "frontier",
    "few",
    "search",
)
DROP = """
DROP TYPE search_question CASCADE;
DROP TYPE search_row CASCADE;
DROP FUNCTION search_nearest_area(bigint[], bigint[]);
DROP FUNCTION search_at_most(numeric, numeric);
"""


class Migration(migrations.Migration):
    """The search functions as their files say them now: a change of a file needs a migration that drops and makes them."""

    dependencies = [("prices", "0004_cells"), ("pharmacies", "0004_cell_index")]

    operations = [
        migrations.RunSQL("\n".join((FOLDER / f"{name}.sql").read_text(encoding="utf-8") for name in FILES), DROP),
    ]
