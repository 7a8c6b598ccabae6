"""What the grants promise: history is only appended to, by the parent, in the month it was received."""

from datetime import UTC, datetime

import pytest
from django.db import ProgrammingError, connection, connections

from prices.ingest.publish import ensure_partitions
from tests.factories import SHANGHAI

INSERT = """
    INSERT INTO prices_pricechange
        (effective_at, reported_at, received_at, drug_id, pharmacy_id, old_fen, new_fen, feed_id, run_id)
    VALUES (%(at)s, %(at)s, %(at)s, 1, 1, NULL, 1260, 1, 1)
"""


@pytest.mark.django_db
def test_a_change_goes_into_the_partition_of_its_month() -> None:
    at = datetime(2031, 5, 31, 23, 30, tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT prices_ensure_change_partition(%s)", [at])
        assert cursor.fetchone() == ("prices_pricechange_203105",)
        cursor.execute(INSERT, {"at": at})
        cursor.execute("SELECT tableoid::regclass::text, id > 0 FROM prices_pricechange")
        assert cursor.fetchone() == ("prices_pricechange_203105", True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "months"),
    [
        (datetime(2031, 1, 31, 12, tzinfo=SHANGHAI), ["203101", "203102"]),
        (datetime(2032, 1, 31, 12, tzinfo=SHANGHAI), ["203201", "203202"]),
        (datetime(2031, 3, 1, 2, tzinfo=SHANGHAI), ["203102", "203103"]),  # in UTC it is still February
        (datetime(2031, 12, 31, 12, tzinfo=SHANGHAI), ["203112", "203201"]),
    ],
)
def test_the_next_months_partition_is_there_ahead_of_time(day: datetime, months: list[str]) -> None:
    ensure_partitions(at=day)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^prices_pricechange_203[0-9]{3}$' ORDER BY 1"
        )
        assert [name for (name,) in cursor.fetchall()] == [f"prices_pricechange_{month}" for month in months]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE prices_pricechange SET new_fen = 1",
        "DELETE FROM prices_pricechange",
        "UPDATE prices_pricechange_203105 SET new_fen = 1",
        "DELETE FROM prices_runpharmacy",
        "DELETE FROM prices_offer",
        "UPDATE pharmacies_auditevent SET reason = 'x'",
        "TRUNCATE pharmacies_auditevent",
    ],
)
def test_the_app_may_not_rewrite_history(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT prices_ensure_change_partition('2031-05-31T23:30Z')")
        with pytest.raises(ProgrammingError, match="permission denied"):
            cursor.execute(statement)


def test_even_the_owner_may_not_rewrite_the_audit_log(committed: None) -> None:
    with connections["owner"].cursor() as cursor, pytest.raises(ProgrammingError, match="append-only"):
        cursor.execute("DELETE FROM pharmacies_auditevent")


def test_the_search_role_neither_writes_nor_reads_accounts(committed: None) -> None:
    with connections["search"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM prices_offer")
        assert cursor.fetchone() == (0,)
        with pytest.raises(ProgrammingError, match="permission denied"):
            cursor.execute("SELECT password FROM pharmacies_user")
        with pytest.raises(ProgrammingError, match="permission denied"):
            cursor.execute("SELECT token_hash FROM prices_feed")
