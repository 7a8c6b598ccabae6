"""What is worked out every night, one after the other: each part reads what the one before has written.

The roll-up of prices comes first, for everything compares with it; then the leads of the day before as a whole; then
what the console's pages show. A part that fails is told and does not keep the others from their work.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from django.db import DatabaseError, connection

from prices.monitoring import access_gaps, compliance, figures, headline, passthrough, sweep
from prices.statistics import roll_up

log = logging.getLogger(__name__)

PARTS: dict[str, Callable[[datetime], object]] = {
    "roll_up": roll_up.roll_up,
    "sweep": sweep.sweep,
    "reporting": compliance.work_out,
    "access": access_gaps.work_out,
    "landings": passthrough.work_out,
    "figures": figures.work_out,
    "index": headline.work_out,
}


LOCK = "prices.night"


class NightProblem(Exception):
    """Some parts did not work; the message names them, the log says why."""


def work(at: datetime) -> dict[str, object]:
    """All parts for the night of `at`: what each answers. Again the same night: the same rows. Nothing while another
    worker is at it: two nights at once would be in each other's way. Raises `NightProblem`."""
    with connection.cursor() as cursor:
        # It goes with the connection of a worker that is killed.
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [LOCK])
        (alone,) = cursor.fetchone()
    if not alone:
        log.warning("another worker is at the night's work")
        return {}
    try:
        return _work(at)
    finally:
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [LOCK])


def _work(at: datetime) -> dict[str, object]:
    answers: dict[str, object] = {}
    failed = []
    for name, part in PARTS.items():
        try:
            answers[name] = part(at)
        except Exception:  # of whatever kind: the other parts have their night's work, too; told below
            log.exception("the night's %s did not work", name)
            failed.append(name)
            if not connection.is_usable():  # the database was restarted: the next part has a connection of its own
                connection.close()
    if failed:
        raise NightProblem(", ".join(failed))
    return answers
