"""The generated province of a measurement: made once, kept while its size, its seed and what makes it stay the same."""

import hashlib
import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connections
from django.db.models import F, Max
from django.utils import timezone
from psycopg import sql

import catalog.generated
import prices.generated
from catalog.models import Drug
from pharmacies import today
from pharmacies.models import Pharmacy
from prices.generated.size import Size
from prices.models import Feed, Offer, PharmacyFeed

Say = Callable[[str], Any]

FULL = Size()
SMALL, TENTH = Size(offers_per_pharmacy=200), Size(pharmacies=3_000)
"""6 million offers instead of 60: of the same pharmacies, or of a tenth of them."""
START_S = 120
DAY_PERCENT = 3

EMPTY = """
SELECT 'TRUNCATE ' || string_agg(quote_ident(relname), ', ') || ' CASCADE'
FROM pg_class
WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace
    AND relname ~ '^(pharmacies|catalog|prices)_' AND relname !~ '^pharmacies_(audit|user$)'
"""
# Three in a hundred offers, scattered over the whole table: most change their price, some run out of stock or leave.
DAY = """
UPDATE prices_offer SET
    price_fen = GREATEST(price_fen + (pharmacy_id %% 7 - 3) * 50, 50),
    stock = CASE WHEN pharmacy_id %% 10 = 0 THEN 3 ELSE 1 END,
    state = CASE WHEN pharmacy_id %% 23 = 0 THEN 0 ELSE state END,
    as_of = %(at)s, changed_at = %(at)s, confirmed_at = %(at)s
WHERE (drug_id * 7919::bigint + pharmacy_id * 104729::bigint) %% 100 < %(percent)s
"""


def size_of(options: dict[str, Any]) -> Size:
    return FULL if options["full"] else TENTH if options.get("tenth") else SMALL


def ready(size: Size, say: Say) -> None:
    """Have exactly this province in the database; whatever else it held is gone."""
    stamp = Path(settings.VAR) / "province-made"
    wanted = json.dumps({**asdict(size), "made_by": _digest()})
    if stamp.exists() and stamp.read_text() == wanted and _complete(size):
        say(f"using the province made before: {size}")
        vacuum()  # a measurement that was killed may have left a day of changes
    else:
        stamp.unlink(missing_ok=True)
        say(f"generating a province: {size} …")
        _empty()
        call_command("generate_province", **asdict(size), stdout=_Told(say))
        stamp.write_text(wanted)
    freshen()


class _Told:
    """Lines written by a command, handed on."""

    def __init__(self, say: Say) -> None:
        self.say = say

    def write(self, text: str) -> None:
        self.say(text.rstrip("\n"))

    def isatty(self) -> bool:
        return False

    def flush(self) -> None:
        return


def _complete(size: Size) -> bool:
    """Another measurement may have replaced the catalogue; a crash empties nothing here."""
    found = Pharmacy.objects.count(), Drug.objects.count(), Feed.objects.exists(), Offer.objects.exists()
    return found == (size.pharmacies, size.drugs, True, True)


def _empty() -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(EMPTY)
        (statement,) = cursor.fetchone()
        cursor.execute(statement)


def _digest() -> str:
    """Of all that the rows depend on."""
    folders = [Path(module.__path__[0]) for module in (prices.generated, catalog.generated)]
    files = sorted(path for folder in folders for path in folder.glob("*.py"))
    root = Path(settings.BASE_DIR)
    files += sorted(path for app in ("pharmacies", "catalog", "prices") for path in root.glob(f"{app}/migrations/*.py"))
    total = hashlib.sha256()
    for path in files:
        total.update(path.read_bytes())
    return total.hexdigest()


def freshen() -> None:
    """Move the marks of freshness to now, all by the same span, so that a kept province does not grow stale.

    The marks vouch for the offers: no offer is touched. The day of the pharmacies becomes today.
    """
    at = timezone.now()
    newest: datetime | None = PharmacyFeed.objects.aggregate(newest=Max("snapshot_as_of"))["newest"]
    if newest is not None:
        span = at - timedelta(hours=1) - newest
        moved = {name: F(name) + span for name in ("as_of", "snapshot_as_of", "snapshot_received_at")}
        PharmacyFeed.objects.update(**moved)
    today.rebuild(at)
    _owner("VACUUM (ANALYZE) prices_pharmacyfeed, pharmacies_pharmacytoday")


def a_day_of_changes(at: datetime) -> int:
    """Change three in a hundred offers with autovacuum off, as the worst day would; how many."""
    _owner("ALTER TABLE prices_offer SET (autovacuum_enabled = false)")
    with connections["owner"].cursor() as cursor:
        cursor.execute(DAY, {"at": at, "percent": DAY_PERCENT})
        return int(cursor.rowcount)


def vacuum() -> None:
    """After such a day: as autovacuum would do sooner or later."""
    _owner("ALTER TABLE prices_offer RESET (autovacuum_enabled)")
    _owner("VACUUM (ANALYZE) prices_offer")


def restart() -> None:
    """Stop this measurement's own PostgreSQL in good order and wait until its keeper has started it again."""
    pid_file = Path(settings.VAR) / "pg" / "postmaster.pid"
    before = pid_file.read_text().split("\n", 1)[0]
    for name in connections:
        connections[name].close()
    os.kill(int(before), signal.SIGINT)
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        time.sleep(0.2)
        try:
            if pid_file.read_text().split("\n", 1)[0] != before:
                connections["default"].ensure_connection()
                return
        except (OSError, OperationalError):
            continue
    raise TimeoutError(f"PostgreSQL did not come back within {START_S} s: see the log folder")


def _owner(statement: str) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(sql.SQL(statement))
