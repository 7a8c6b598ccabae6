"""What foreign keys and triggers would otherwise prove about the big tables; `check_prices` runs it."""

from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext as _

from prices.sql import statement

SHOWN = 5


@dataclass(frozen=True)
class Problem:
    """A broken promise: what it is, how many rows break it, and some of them."""

    promise: str
    rows: int
    examples: list[str]

    def __str__(self) -> str:
        return _("%(promise)s：%(rows)d 行不符，例如 %(examples)s") % {
            "promise": self.promise,
            "rows": self.rows,
            "examples": "；".join(self.examples),
        }


def promises() -> dict[str, str]:
    """Promise in words → the SQL that finds the rows breaking it: one promise a paragraph of check_prices.sql."""
    found = {}
    for paragraph in statement("check_prices").split("\n\n"):
        title, _newline, sql = paragraph.strip().partition("\n")
        if title.startswith("-- ! "):
            found[title.removeprefix("-- ! ")] = sql
    return found


def problems() -> list[Problem]:
    """Every broken promise; empty when all hold. Reads the whole of the big tables."""
    broken = []
    with connection.cursor() as cursor:
        for promise, sql in promises().items():
            cursor.execute(f"SELECT count(*) OVER (), t::text FROM ({sql}) t LIMIT {SHOWN}")  # noqa: S608  # check_prices.sql
            if rows := cursor.fetchall():
                broken.append(Problem(promise, rows[0][0], [text for _count, text in rows]))
    return broken
