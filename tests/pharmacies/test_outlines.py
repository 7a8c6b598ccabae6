"""Outlines stand beside the rows of regions: moved there with nothing lost, read by nobody who did not ask."""

from importlib import import_module
from typing import Any

import pytest
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from pharmacies.models import Outline, Region

from ..factories import outlined, region, since, square, wuchang

BEFORE, THIS = "0010_own_facts", "0011_outlines"
SHAPE = square(114, 30, 115, 31)


@pytest.mark.django_db
def test_who_reads_regions_reads_no_outline(django_assert_num_queries: Any) -> None:
    county = outlined(wuchang(), SHAPE)
    with django_assert_num_queries(1) as asked:
        assert county in list(Region.objects.select_related("parent"))
    assert "outline" not in asked.captured_queries[0]["sql"]


@pytest.mark.django_db
def test_an_outline_goes_with_its_region() -> None:
    outlined(region(), SHAPE).delete()
    assert not Outline.objects.exists()


@pytest.mark.django_db(databases=["owner"])
def test_the_search_role_reads_regions_and_no_outlines() -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege(%s, 'pharmacies_region', 'SELECT'),"
            " has_table_privilege(%s, 'pharmacies_outline', 'SELECT')",
            [connections["search"].settings_dict["USER"]] * 2,
        )
        assert cursor.fetchone() == (True, False)


@pytest.mark.django_db(databases=["owner"])
def test_a_database_that_has_outlines_keeps_them_on_the_way_there_and_back() -> None:
    migration = import_module(f"pharmacies.migrations.{THIS}").Migration(THIS, "pharmacies")
    before = MigrationLoader(connections["owner"]).project_state(("pharmacies", BEFORE))
    rows = before.apps.get_model("pharmacies", "Region").objects.using("owner")
    change(migration.unapply, before)
    drawn = rows.create(code="420000", name="湖北省", level="province", valid=since(), boundary=SHAPE)
    rows.create(code="430000", name="湖南省", level="province", valid=since())

    change(migration.apply, before)
    moved = Outline.objects.using("owner").get()
    assert (moved.region_id, moved.shape.equals_exact(SHAPE)) == (drawn.pk, True)
    assert indexed_with("gist", "pharmacies_outline", "shape")

    change(migration.unapply, before)
    assert {each.name: each.boundary and each.boundary.extent for each in rows.all()} == {
        "湖北省": SHAPE.extent,
        "湖南省": None,
    }
    assert indexed_with("gist", "pharmacies_region", "boundary")
    change(migration.apply, before)


def change(way: Any, before: Any) -> None:
    """Go one way; what is checked when a transaction ends is checked first, as between two real ones."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with connections["owner"].schema_editor() as editor:
        way(before.clone(), editor)


def indexed_with(method: str, table: str, column: str) -> bool:
    with connections["owner"].cursor() as cursor:
        constraints = connections["owner"].introspection.get_constraints(cursor, table)
    return any((each["columns"], each.get("type")) == ([column], method) for each in constraints.values())
