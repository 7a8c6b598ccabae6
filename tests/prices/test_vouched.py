"""Until when an offer is vouched for: said once, and no statement pays a call for it."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from prices.sql import statement
from tests.factories import AT

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SQL = Path(__file__).resolve().parent.parent.parent / "prices" / "sql"
ASKING = sorted(path.stem for path in SQL.glob("*.sql") if "search_vouched(" in path.read_text(encoding="utf-8"))
PARAMETERS: dict[str, Any] = {
    "at": AT, "since": AT - DAY, "day": AT.date(), "first": AT.date() - 30 * DAY, "last": AT.date(),
    "zone": "Asia/Shanghai", "hour": timedelta(hours=3), "stale_after": 1.5, "hidden_after": 4.0, "dual": 2,
    "drugs": [1], "barring": True, "barring_areas": [1], "barred_areas": [1], "barred_drugs": [1],
    "pharmacy": 1, "pharmacy_id": 1, "after_name": "", "after_code": "", "rows": 20,
}  # fmt: skip


@pytest.mark.parametrize(
    ("confirmed", "disputed", "marked", "vouched"),
    [
        (AT, None, None, AT),
        (AT, None, AT - DAY, AT),
        (AT, None, AT + DAY, AT + DAY),
        (AT, AT + DAY, AT + 2 * DAY, AT),  # the mark of a feed that another one contradicts says nothing
        (AT, AT - DAY, AT + 2 * DAY, AT - DAY),
    ],
)
def test_its_own_word_or_a_later_mark_and_nothing_after_a_dispute(
    confirmed: datetime, disputed: datetime | None, marked: datetime | None, vouched: datetime
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT search_vouched(%s, %s, %s)", [confirmed, disputed, marked])
        assert cursor.fetchone() == (vouched,)


def test_shelves_statistics_and_figures_ask_by_it() -> None:
    assert {"access_gaps", "desk_shelf", "figures_shops", "lowest", "statistics_tonight"} <= {*ASKING}


@pytest.mark.parametrize("name", ASKING)
def test_a_statement_has_the_expression_in_its_place(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement("statistics_tables"))
        cursor.execute("EXPLAIN (VERBOSE) " + statement(name), PARAMETERS)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "LEAST(" in plan
    assert "search_vouched" not in plan


def test_the_searches_have_it_too() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN (VERBOSE) SELECT s.* FROM (SELECT NULL::search_question AS q OFFSET 0) w CROSS JOIN prices_offer o"
            " CROSS JOIN LATERAL search_said(w.q, o.feed_id, o.pharmacy_id, o.confirmed_at, o.disputed_since) s"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "LEAST(" in plan
    assert "search_" not in plan.replace("search_question", "")
