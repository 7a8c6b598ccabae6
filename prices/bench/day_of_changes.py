"""Ninety days of changes of a generated province, and one day to be looked at: an hour's worth of noise, some spikes and
slips among it, and chains that reprice. A sixtieth of all offers changes a day: a million of 60 million. And procurement
prices, which shelves should have followed."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db import connections

from prices.models import RollUp
from prices.monitoring.changes import midnight
from prices.sql import statement

Say = Callable[[str], Any]

ROUND = 15
"""Days after which the same products come up again; a quarter of their offers changes each time."""

EMPTY = """
TRUNCATE prices_pricechange, prices_finding, prices_caselead, prices_lead, prices_priceevent, prices_screening,
    prices_watchcursor, prices_areaprice, prices_rollup, prices_backtestday, prices_backtest, prices_landing,
    catalog_referenceprice CASCADE
"""
# Procurement prices of what most shops sell, in force for one to twelve months: a quarter of the shops ask no more.
PROCURED = """
INSERT INTO catalog_referenceprice (drug_id, area_id, kind, amount, unit, valid, document, supplier)
SELECT drug_id, region_id, 'vbp', q1_fen / 100.0, 'pack', daterange(%(today)s - 30 - drug_id %% 330, NULL), 'bench', 'main'
FROM prices_areaprice WHERE region_id = %(province)s AND q1_fen > 0
ORDER BY count DESC, drug_id LIMIT %(products)s
"""
NUMBER = "((drug_id::bigint * 7919 + pharmacy_id::bigint * 104729) %% 1000003)"
LINE = """
INSERT INTO prices_pricechange
    (effective_at, reported_at, received_at, drug_id, pharmacy_id, old_fen, new_fen, feed_id, run_id)
SELECT %(at)s, %(at)s, %(at)s, drug_id, pharmacy_id, old_fen, new_fen, feed_id, run_id
"""
# A price that goes up and down by some per cent: what it was before is what it became the round before.
PAST = f"""{LINE} FROM (
    SELECT *, price_fen + ({NUMBER} + %(round)s + 1) %% 5 * price_fen / 50 AS old_fen,
        price_fen + ({NUMBER} + %(round)s) %% 5 * price_fen / 50 AS new_fen
    FROM prices_offer
    WHERE drug_id = ANY (%(drugs)s) AND price_fen >= 100 AND state = 1 AND ({NUMBER} + %(round)s) %% 4 = 0
) o ORDER BY drug_id, pharmacy_id
"""  # noqa: S608  of our own constants
# Of a thousand: three rise by half, two are ten times too dear, the others move by up to six per cent.
TODAY = f"""{LINE} FROM (
    SELECT *, price_fen AS old_fen, CASE
        WHEN {NUMBER} / 60 %% 1000 < 3 THEN price_fen * 3 / 2
        WHEN {NUMBER} / 60 %% 1000 < 5 THEN price_fen * 10
        ELSE price_fen + COALESCE(NULLIF(({NUMBER} / 60 %% 13 - 6) * price_fen / 100, 0), 1) END AS new_fen
    FROM prices_offer
    WHERE price_fen >= 100 AND state = 1 AND {NUMBER} %% 60 = 7
) o ORDER BY drug_id, pharmacy_id
"""  # noqa: S608  of our own constants
# Three chains of some dozens of shops put what most of them ask up to one price, an eighth more.
CHAINS = f"""{LINE} FROM (
    SELECT o.*, price_fen AS old_fen, usual.fen * 9 / 8 AS new_fen
    FROM (SELECT id, chain_id FROM pharmacies_pharmacy WHERE chain_id IN (
        SELECT chain_id FROM pharmacies_pharmacy WHERE chain_id IS NOT NULL
        GROUP BY chain_id HAVING count(*) BETWEEN 20 AND 200 ORDER BY chain_id LIMIT 3)) p
    JOIN prices_offer o ON o.pharmacy_id = p.id AND o.state = 1 AND o.drug_id %% 10 = 3
    JOIN (SELECT drug_id, region_id, median_fen AS fen FROM prices_areaprice) usual
        ON usual.drug_id = o.drug_id AND usual.region_id = %(province)s
    WHERE usual.fen >= 1000 AND o.price_fen <> usual.fen * 9 / 8
) o ORDER BY drug_id, pharmacy_id
ON CONFLICT DO NOTHING
"""  # noqa: S608  of our own constants

SHOWN = """
UPDATE prices_offer o SET price_fen = c.{price}
FROM prices_pricechange c
WHERE c.received_at >= %(at)s AND o.drug_id = c.drug_id AND o.pharmacy_id = c.pharmacy_id
"""


def empty() -> None:
    _owner(EMPTY, {})


def procure(today: date, province: int, products: int) -> int:
    """Products won in procurement, those with most offers; needs a roll-up."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(PROCURED, {"today": today, "province": province, "products": products})
        return int(cursor.rowcount)


def make_past(today: date, days: int, say: Say) -> int:
    """Changes of the `days` days before `today`, each received in its first minute."""
    with connections["default"].cursor() as cursor:
        cursor.execute(statement("statistics_drugs"))
        drugs = [row[0] for row in cursor.fetchall()]
    made = 0
    for back in range(days, 0, -1):
        some = [drug for drug in drugs if drug % ROUND == back % ROUND]
        made += _make(PAST, today - timedelta(days=back), {"drugs": some, "round": back // ROUND})
        if back % 10 == 0:
            say(f"{made:,} changes so far, {back} days to go")
    return made


def make_today(today: date, province: int) -> int:
    return _make(TODAY, today, {}) + _make(CHAINS, today, {"province": province}, minutes=10)


def _make(sql: str, on: date, parameters: dict[str, Any], minutes: int = 1) -> int:
    at = midnight(on) + timedelta(minutes=minutes)
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT prices_ensure_change_partition(%s)", [at])
        cursor.execute(sql, {"at": at} | parameters)
        return int(cursor.rowcount)


def show(today: date, price: str) -> None:
    """Offers show the `new_fen` of today's changes, or the `old_fen` again."""
    _owner(SHOWN.format(price=price), {"at": midnight(today)})
    _owner("VACUUM (ANALYZE) prices_offer", {})


def settle() -> None:
    _owner("VACUUM (ANALYZE) prices_pricechange", {})
    _owner("VACUUM (ANALYZE) prices_areaprice", {})


def _owner(sql: str, parameters: dict[str, Any]) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(sql, parameters or None)


def statistics_of_before(first: date, today: date) -> None:
    """What the first roll-up found is taken as having held since `first`: back-tests ask past days for it."""
    _owner('UPDATE prices_areaprice SET "on" = %(first)s WHERE "on" = %(on)s', {"first": first, "on": today})
    roll_up = RollUp.objects.earliest("pk")
    fields = {"at": roll_up.at, "drugs": roll_up.drugs, "written": 0, "seconds": 0.0}
    RollUp.objects.create(first=first, last=today - timedelta(days=1), **fields)
