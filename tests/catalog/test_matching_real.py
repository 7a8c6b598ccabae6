"""The rules on real products and the real list, where the data are present: no row of them is in this project."""

from datetime import date
from pathlib import Path

import pytest

from catalog.matching.report import counts, measure, sample
from catalog.matching.rows import catalogue_of
from catalog.matching.rules import Catalogue, leading, product
from catalog.models import Edition
from catalog.nrdl import load
from pharmacies.files import read_table

from ..factories import AT

DATA = Path(__file__).parents[2] / "../shared/data/drugs"
NAMES = ("nrdl2024.csv", "nrdl2024_herbs.csv", "guoyaozhunzi_products.csv", "nhsa_drug_codes.csv")

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not all((DATA / name).exists() for name in NAMES), reason="real data (../shared/data/drugs) are not here"
    ),
]


@pytest.fixture
def catalogue() -> Catalogue:
    order = load.Order(
        year=2024, first=date(2025, 1, 1), source="nrdl2024.csv", herbs=(DATA / "nrdl2024_herbs.csv").read_bytes()
    )
    outcome = load.load(data=(DATA / "nrdl2024.csv").read_bytes(), order=order, at=AT, by="测试")
    assert outcome.problems == ()
    return catalogue_of(Edition.objects.get(year=2024))


def test_four_of_five_real_products_match_one_row_and_hardly_any_is_ambiguous(catalogue: Catalogue) -> None:
    found = measure((DATA / "guoyaozhunzi_products.csv").read_bytes(), catalogue)
    said = counts(found)
    assert said["products"] == 1490
    assert 1150 <= said["single"] <= 1260  # measured 1199
    assert said["ambiguous"] <= 10  # measured 2
    assert said["weak"] <= 20  # measured 4
    assert len(sample(found, kind="single", size=50, seed=1)) == 50


def test_matches_found_by_name_alone_are_of_the_category_that_the_product_code_says(catalogue: Catalogue) -> None:
    """An independent check of precision: the names are matched with the code withheld, then the code is asked."""
    table = read_table((DATA / "nhsa_drug_codes.csv").read_bytes(), required=("code", "generic_name"))
    agree = checked = 0
    for name, category in {(row.values["generic_name"], row.values["code"][:6]) for row in table.rows}:
        ahead = leading(catalogue.fits(product(name=name, form="")))
        if len(ahead) == 1 and ahead[0].entry.category:
            checked += 1
            agree += category.startswith(ahead[0].entry.category)
    assert checked > 350  # 372 names
    assert agree / checked > 0.98  # 370 of them
