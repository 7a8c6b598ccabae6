"""A generated province comes whole or not at all, only into an empty database, and is the same for the same seed."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from catalog.models import Drug
from pharmacies.models import AuditEvent, Chain, Pharmacy
from prices import consistency
from prices.generated import load
from prices.generated.size import Size
from prices.models import Feed, Offer
from tests import factories as f
from tests.conftest import empty_database
from tests.factories import AT
from tests.prices.live_worker import ROOT, Lock, database_url, until_somebody_waits
from tests.prices.test_commands import run

TINY = Size(pharmacies=300, drugs=60, offers_per_pharmacy=12, seed=1)
ARGUMENTS = ["--pharmacies", "300", "--drugs", "60", "--offers-per-pharmacy", "12"]


def indexes() -> list[tuple[Any, ...]]:
    """Every index of the offers as the catalogue describes it, with the constraint it serves."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisprimary, c.conname, pg_get_constraintdef(c.oid)
            FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid
            WHERE i.indrelid = 'prices_offer'::regclass ORDER BY 1
            """
        )
        return cursor.fetchall()


def checksum() -> str:
    """Of everything that measuring can see, by codes: which numbers the rows got is of no interest."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT md5(string_agg(line, E'\n' ORDER BY line COLLATE "C")) FROM (
                SELECT concat_ws(' ', d.code, p.code, o.price_fen, o.stock, o.state, o.as_of, o.changed_at,
                    o.confirmed_at, f.slug, r.code) AS line
                FROM prices_offer o
                JOIN catalog_drug d ON d.id = o.drug_id
                JOIN pharmacies_pharmacy p ON p.id = o.pharmacy_id
                JOIN prices_feed f ON f.id = o.feed_id
                JOIN pharmacies_region r ON r.id = o.cell
                UNION ALL
                SELECT concat_ws(' ', p.code, p.name, p.hours, ST_AsEWKT(p.location), t.status, t.designations, t.ranked,
                    m.snapshot_as_of)
                FROM pharmacies_pharmacy p
                JOIN pharmacies_pharmacytoday t ON t.pharmacy_id = p.id
                JOIN prices_pharmacyfeed m ON m.pharmacy_id = p.id
                UNION ALL
                SELECT concat_ws(' ', d.code, d.manufacturer, d.pack_count, n.generic_name, n.strength, e.id IS NOT NULL)
                FROM catalog_drug d
                JOIN catalog_preparation n ON n.id = d.preparation_id
                LEFT JOIN catalog_druglistentry e ON e.drug_id = d.id
            ) lines
            """
        )
        (found,) = cursor.fetchone()
    return str(found)


def test_the_same_seed_makes_the_same_province_and_another_seed_another(committed):
    sums = []
    for seed in (1, 1, 2):
        load.generate(replace(TINY, seed=seed), at=AT)
        sums.append(checksum())
        empty_database()
    assert sums[0] == sums[1] != sums[2]


def test_the_indexes_afterwards_are_those_of_before(committed):
    before = indexes()
    assert len(before) >= 3
    load.generate(TINY, at=AT)
    assert indexes() == before


@pytest.mark.parametrize("make", [f.region, f.drug, f.feed, lambda: Chain.objects.create(name="某连锁")])
def test_a_database_that_holds_anything_is_refused_and_told_what_to_do(committed, make):
    make()
    status, out, words = run("generate_province", *ARGUMENTS)
    assert status == 1
    assert "空库" in words
    assert "YAOBI_VAR" in words
    assert out == ""
    assert not Pharmacy.objects.exists()
    assert not Offer.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--pharmacies", "199"], "200"),
        (["--pharmacies", "100001"], "100000"),
        (["--drugs", "9"], "10"),
        (["--drugs", "100", "--offers-per-pharmacy", "51"], "一半"),
        (["--offers-per-pharmacy", "0"], "一半"),
        (["--seed", "-1"], "--seed"),
    ],
)
def test_an_impossible_size_is_refused_before_anything_happens(arguments, words):
    status, _out, said = run("generate_province", *arguments)
    assert status == 1
    assert words in said


def test_killed_at_the_last_step_it_leaves_nothing_and_the_next_one_fills_the_database(committed):
    before = indexes()
    last_step = Lock("LOCK TABLE pharmacies_auditevent IN SHARE MODE")
    process = start()
    try:
        until_somebody_waits()
    finally:
        process.kill()
        said, _err = process.communicate()
        last_step.let_go()
    assert "offer_cell" in said, "it had filled the prices and made their indexes"
    Lock("LOCK TABLE prices_offer, pharmacies_pharmacy IN ACCESS EXCLUSIVE MODE").let_go()  # when its session has ended
    assert [model for model in (Pharmacy, Drug, Feed, Offer, AuditEvent) if model.objects.exists()] == []
    assert indexes() == before

    process = start("--json")
    said, problems = process.communicate()
    assert process.returncode == 0, problems
    told = json.loads(said)
    assert list(told) == ["pharmacies", "drugs", "offers", "seconds"]
    assert told["offers"] == Offer.objects.count() > 3_000
    assert consistency.problems() == []


def start(*more: str) -> "subprocess.Popen[str]":
    """The command in a process of its own, where one role does everything: only `DATABASE_URL` is set."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
    return subprocess.Popen(
        [sys.executable, "manage.py", "generate_province", *ARGUMENTS, *more],
        cwd=ROOT, env=env | {"DATABASE_URL": database_url("owner")}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
