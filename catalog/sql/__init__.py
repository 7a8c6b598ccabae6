"""The SQL of finding drugs: one named file, one Python function that runs it."""

from functools import cache
from pathlib import Path


@cache
def statement(name: str) -> str:
    """The text of `<name>.sql` in this folder; parameters are psycopg's named ones."""
    return (Path(__file__).parent / f"{name}.sql").read_text(encoding="utf-8")
