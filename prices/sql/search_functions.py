"""The search functions of the database as their files (sql/functions) say them: for migrations only.

A change of a file needs a migration with `replace()`: it drops all of them and makes them again.
"""

from pathlib import Path

from django.db import migrations

_FOLDER = Path(__file__).parent / "functions"
_FILES = (
    "question", "survey", "nearest_walk", "few_pharmacies", "few_offers", "in_order", "price_walk", "value", "frontier",
    "search",
)  # fmt: skip
"""In the order in which they use each other."""
_DROP = """
DROP TYPE IF EXISTS search_question, search_row CASCADE;
DO $$
DECLARE
    made regprocedure;
BEGIN
    FOR made IN SELECT oid FROM pg_proc WHERE proname LIKE 'search\\_%' AND pronamespace = 'public'::regnamespace LOOP
        EXECUTE format('DROP FUNCTION %s CASCADE', made);
    END LOOP;
END $$;
"""


def replace() -> migrations.RunSQL:
    made = "\n".join((_FOLDER / f"{name}.sql").read_text(encoding="utf-8") for name in _FILES)
    return migrations.RunSQL(_DROP + made, _DROP)
