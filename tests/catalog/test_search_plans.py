"""The statements of finding read what their indexes hold, not the catalogue."""

import json
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from catalog.models import SearchName
from catalog.search.query import patterns
from catalog.sql import statement
from tests import factories

pytestmark = pytest.mark.django_db

WORDS = {"words": json.dumps([patterns(0, "氨氯地平")])}
CODES = {"code": None, "approval": None, "barcode": None, "trace": None, "many": 8}
NAMES = {"kinds": ["generic", "trade", "maker"], "texts": ["甲", "乙", "丙"], "many": 20, "skip": 0}


def plan(name: str, parameters: dict[str, Any]) -> str:
    """The plan of a table too small for an index to pay: whether one could be used at all is what is asked."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")  # bitmaps remain
        cursor.execute("EXPLAIN " + statement(name), parameters)
        return "\n".join(row[0] for row in cursor.fetchall())


@pytest.mark.parametrize(
    ("name", "parameters", "index"),
    [
        ("names_of", WORDS | {"names": 20}, "search_name_grams"),
        ("known_words", WORDS, "search_name_grams"),
        (
            "near_names",
            {"tries": '[{"grams": ["阿莫"]}]', "patterns": [], "begins": [], "whole": [], "many": 5},
            "search_name_grams",
        ),
        ("by_code", CODES | {"code": "XC08%"}, "catalog_drug_code"),
        ("by_code", CODES | {"approval": "国药准字H1%"}, "drug_approval"),
        ("by_code", CODES | {"barcode": "690%"}, "drug_barcode"),
        ("by_code", CODES | {"trace": "8123456"}, "drug_trace_prefix"),
        ("drugs_of", NAMES, "drug_trade_name"),
        ("drugs_of", NAMES, "drug_maker"),
        ("drugs_of", NAMES, "preparation_once"),
        ("preparations_of", NAMES | {"each": "name"}, "drug_maker"),
    ],
)
def test_a_statement_can_use_its_index(name: str, parameters: dict[str, Any], index: str) -> None:
    assert index in plan(name, parameters)


def test_a_database_that_has_drugs_already_can_be_searched_after_the_migration() -> None:
    factories.drug(trade_name="络活喜")
    SearchName.objects.all().delete()
    migration = import_module("catalog.migrations.0004_search_names")
    with connection.schema_editor() as editor:
        migration.fill(apps, editor)
    assert set(SearchName.objects.values_list("kind", flat=True)) == {"generic", "maker", "trade"}
