"""Generated catalogues: what they promise to whoever measures or plays on them."""

from collections import Counter
from itertools import islice

import pytest

from catalog import generated
from catalog.codes import clean_approval_no, clean_barcode, parse_drug_code, trace_prefix
from catalog.generated.making import WELL_KNOWN, made
from catalog.generated.parts import BRANDS
from catalog.models import Drug, Preparation, SearchName
from tests import factories

SMALL = 3000


@pytest.fixture(scope="module")
def rows() -> list[generated.Product]:
    return list(generated.products(SMALL))


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(rows: list[generated.Product]) -> None:
    assert list(generated.products(SMALL)) == rows
    assert list(generated.products(SMALL, seed=2)) != rows


def test_there_are_exactly_as_many_as_asked_for(rows: list[generated.Product]) -> None:
    assert len(rows) == SMALL
    assert len(list(generated.products(7))) == 7


def test_codes_are_well_formed_and_unique(rows: list[generated.Product]) -> None:
    for row in rows:
        parse_drug_code(row.code)
        assert clean_approval_no(row.approval_no).startswith(("国药准字H99", "国药准字Z99"))
        assert clean_barcode(row.barcode) == row.barcode
        assert trace_prefix(row.trace_prefix) == row.trace_prefix
    for field in ("code", "approval_no", "barcode", "trace_prefix"):
        assert len({getattr(row, field) for row in rows}) == SMALL


def test_a_few_names_have_many_products_and_most_have_few() -> None:
    counts = Counter(row.generic_name for row in generated.products(20_000))
    usual = sorted(counts.values())
    assert counts.most_common(1)[0][0] == "苯磺酸氨氯地平片"
    assert usual[-1] > 4 * usual[len(usual) // 2]
    assert len(counts) >= WELL_KNOWN * 0.9


def test_known_products_come_first_and_no_generated_code_repeats_theirs(rows: list[generated.Product]) -> None:
    known = list(islice(made(SMALL, seed=1), 5, 8))
    mixed = list(generated.products(SMALL, known=known))
    assert mixed[:3] == known
    assert len({row.code for row in mixed}) == SMALL


def test_every_brand_is_of_a_name_that_is_made(rows: list[generated.Product]) -> None:
    branded = {line.split("|")[1] for line in BRANDS.strip().splitlines()}
    assert branded <= {row.generic_name for row in rows}


@pytest.mark.django_db
def test_a_loaded_catalogue_holds_every_row_and_is_findable(rows: list[generated.Product]) -> None:
    assert generated.load(rows) == SMALL
    assert Drug.objects.count() == SMALL
    stored = Drug.objects.select_related("preparation").get(code=rows[0].code)
    assert stored.preparation.generic_name == rows[0].generic_name
    assert stored.barcode == rows[0].barcode
    assert set(SearchName.objects.filter(kind="maker").values_list("text", flat=True)) == {
        row.manufacturer for row in rows
    }
    assert Preparation.objects.count() == len({(r.generic_name, r.dosage_form, r.strength) for r in rows})


@pytest.mark.django_db
def test_a_catalogue_that_is_not_empty_is_left_alone(rows: list[generated.Product]) -> None:
    factories.drug()
    with pytest.raises(generated.NotEmpty):
        generated.load(rows)
    assert Drug.objects.count() == 1
