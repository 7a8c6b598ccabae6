"""What an import did, and the transaction it does it in."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Model

from pharmacies.audit import record
from pharmacies.files import RowProblem
from pharmacies.models import Region, User

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, done, total) from time to time."""

_LOCK = 0x79616F6269  # any constant: imports of reference data run one after the other


@dataclass(frozen=True, slots=True)
class Outcome:
    """Counts of file rows; with problems nothing was changed. `removed` counts stored rows the file no longer names."""

    rows: int
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    problems: tuple[RowProblem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def refused(self) -> int:
        return len(self.problems)

    @property
    def changed(self) -> int:
        return self.created + self.updated + self.removed


def refusal(rows: int, problems: Iterable[RowProblem], notes: Iterable[str] = ()) -> Outcome:
    """Nothing was changed, because of `problems`; they come in the order of the file."""
    return Outcome(rows, problems=tuple(sorted(problems, key=lambda problem: problem.line)), notes=tuple(notes))


def write(row: Model, wanted: Mapping[str, Any]) -> str:
    """Save the attributes `wanted` of a row, new or stored, unless it has them: "created", "updated" or "unchanged"."""
    new = row.pk is None
    if not new and all(getattr(row, name) == value for name, value in wanted.items()):
        return "unchanged"
    for name, value in wanted.items():
        setattr(row, name, value)
    row.save()
    return "created" if new else "updated"


def quiet(what: str, done: int, total: int) -> None:
    """No progress."""


@contextmanager
def importing(*, dry_run: bool) -> Iterator[None]:
    """A transaction in which no other import runs; a dry run does everything and undoes it."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        yield
        if dry_run:
            transaction.set_rollback(True)


def audit(
    outcome: Outcome,
    *,
    what: str,
    model: str,
    at: datetime,
    by: User | str,
    reason: str = "",
    place: Region | None = None,
    beside_the_rows: bool = False,
) -> None:
    """One event for an import that changed something: rows, or what stands beside them. `place`: in whose log."""
    if not (outcome.changed or beside_the_rows):
        return
    counts = {name: getattr(outcome, name) for name in ("rows", "created", "updated", "unchanged", "removed")}
    record(at=at, by=by, action=what, subject=model, subject_id="", place=place, after=counts, reason=reason)
