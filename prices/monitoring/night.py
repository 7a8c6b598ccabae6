"""What is worked out every night, one after the other: each part reads what the one before has written.

The roll-up of prices comes first, for everything compares with it; then the leads of the day before as a whole; then
what the console's pages show. A part that fails is told and does not keep the others from their work.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time, timedelta

from django.db import DatabaseError, connection
from django.utils import timezone
from django.utils.translation import gettext_lazy

from prices.monitoring import access_gaps, compliance, figures, headline, passthrough, sweep
from prices.sql import statement
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
DUE = time(6)
"""By then (Asia/Shanghai) the night's work is done: it begins at 3:15, and a killed worker's is taken up within the hour."""

WORDS = {
    "roll_up": gettext_lazy("多数药店价"),
    "sweep": gettext_lazy("每夜复检"),
    "reporting": gettext_lazy("报送合规"),
    "access": gettext_lazy("双通道药品缺口"),
    "landings": gettext_lazy("中选价落地"),
    "figures": gettext_lazy("地区指标"),
    "index": gettext_lazy("药品零售价格指数"),
}
"""What officials call the parts."""
DAY = timedelta(days=1)
LATEST = {"roll_up": 0 * DAY, "sweep": DAY, "reporting": DAY, "landings": 0 * DAY, "figures": 0 * DAY}
"""Parts that leave a date each night, and how long before the night it is. The others leave none where nothing is to say."""


class NightProblem(Exception):
    """Some parts did not work; the message names them, the log says why."""


def behind(at: datetime) -> list[str]:
    """The parts whose newest work is older than the last night that was due by `at`, in the reader's words: that night was
    missed, is not over, or they failed. Parts that never worked are not named. One query."""
    local = timezone.localtime(at, timezone.get_default_timezone())
    night = local.date() if local.time() >= DUE else local.date() - DAY
    with connection.cursor() as cursor:
        cursor.execute(statement("night_newest"))
        newest: dict[str, date | None] = dict(zip(LATEST, cursor.fetchone(), strict=True))
    return [str(WORDS[part]) for part, last in newest.items() if last is not None and last < night - LATEST[part]]


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
