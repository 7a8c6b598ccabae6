"""The real list of 2024: the official PDF and the reviewed CSV end in the same rows, every printed total asserted.

The two files stand beside the checkout and are never copied into it; without them these tests are skipped. What the
CSV has differently, and how both come out alike (docs/adr/0006):

- it says `★(n)` as two columns; three stars in the PDF have full-width brackets;
- line breaks of a cell are gone in it, with a blank left only between a Latin word and a Latin letter; the PDF's are
  taken out by the same rule, and names printed below each other are taken apart without them;
- it has no footnotes: the tiers of the one footnoted standard are those of the known edition;
- it names categories only beside their rows, and one of those (XB05C) without its name, which the PDF prints: from a
  CSV such a category is not stored.
"""

from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from catalog.models import Category, Edition, Herb, Listing, PaymentStandard
from catalog.nrdl import pdf
from catalog.nrdl.load import Order, load
from catalog.nrdl.totals import KNOWN
from pharmacies.files import FileProblem
from pharmacies.importers.outcome import Outcome

from ..factories import AT

DRUGS = Path(__file__).parents[2].parent / "shared" / "data" / "drugs"
PDF, CSV = DRUGS / "nrdl2024_official.pdf", DRUGS / "nrdl2024.csv"
HERBS, CATEGORIES = DRUGS / "nrdl2024_herbs.csv", DRUGS / "nrdl2024_categories.csv"
FIRST = date(2025, 1, 1)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not PDF.exists(), reason="the real list is not beside this checkout (../shared/data/drugs)"),
]


@pytest.fixture(scope="session")
def official() -> bytes:
    return PDF.read_bytes()


@pytest.fixture(scope="session")
def official_pages(official: bytes) -> list[pdf.Page]:
    """Read once: it takes the only long part of an import."""
    return pdf.pages(official)


@pytest.fixture
def read_once(official: bytes, official_pages: list[pdf.Page], monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing the official PDF uses the pages read before; any other is read."""
    real = pdf.pages

    def pages(data: bytes, **kwargs: Any) -> list[pdf.Page]:
        return official_pages if data == official else real(data, **kwargs)

    monkeypatch.setattr(pdf, "pages", pages)


def imported(data: bytes, **fields: Any) -> Outcome:
    order = Order(**{"year": 2024, "first": FIRST, "source": "list", **fields})
    return load(data=data, order=order, at=AT, by="经办人")


def from_csv(**fields: Any) -> Outcome:
    return imported(CSV.read_bytes(), **{"herbs": HERBS.read_bytes(), **fields})


def stored() -> dict[str, list[tuple[Any, ...]]]:
    """Everything that an import writes but keys."""
    listing = (
        *("section", "number", "row", "page", "category_code", "generic_name", "names", "dosage_form"),
        *("ins_class", "kind", "restriction", "agreement"),
    )
    of_listing = ("listing__section", "listing__number", "listing__row", "spec", "amount", "confidential", "note")
    return {
        "listings": list(Listing.objects.order_by(*listing[:3]).values_list(*listing)),
        "standards": list(PaymentStandard.objects.order_by(*of_listing).values_list(*of_listing)),
        "herbs": list(Herb.objects.order_by("number").values_list("number", "name", "not_alone", "restriction")),
        "categories": list(Category.objects.order_by("code").values_list("code", "name")),
    }


def test_pdf_and_csv_end_in_the_same_rows(official: bytes, read_once: None) -> None:
    assert imported(official).created == 3826 + 892
    whole = stored()
    declared = Edition.objects.get().declared
    Edition.objects.all().delete()
    assert from_csv(categories=CATEGORIES.read_bytes()).created == 3826 + 892
    found = stored()
    for part in ("listings", "standards", "herbs"):
        assert found[part] == whole[part]
    assert set(whole["categories"]) - set(found["categories"]) == {("XB05C", "灌洗液")}
    assert len(found["categories"]) == 601
    assert Edition.objects.get().declared == declared == KNOWN[2024].totals


def test_one_over_the_other_changes_nothing(official: bytes, read_once: None) -> None:
    from_csv(categories=CATEGORIES.read_bytes())
    keys = set(Listing.objects.values_list("pk", flat=True))
    outcome = imported(official)
    assert (outcome.created, outcome.updated, outcome.removed) == (0, 0, 0)
    assert outcome.unchanged == 3826 + 892
    assert set(Listing.objects.values_list("pk", flat=True)) == keys
    assert Category.objects.count() == 602
    assert from_csv().unchanged == 3826 + 892
    assert Category.objects.count() == 602  # those that the CSV does not name stay


def test_the_parts_have_the_rows_that_the_document_prints() -> None:
    from_csv()
    assert Counter(Listing.objects.values_list("section", flat=True)) == {
        "西药": 1957,
        "中成药": 1444,
        "谈判西药": 346,
        "谈判中成药": 58,
        "竞价": 21,
    }
    assert Listing.objects.filter(row__gt=1).count() == 667
    assert not Listing.objects.exclude(kind="常规").exclude(ins_class="乙").exists()


def test_standards_are_confidential_printed_or_tiered() -> None:
    from_csv()
    assert PaymentStandard.objects.filter(confidential=True).count() == 252
    printed = Listing.objects.filter(standards__confidential=False).distinct()
    assert printed.count() == 173
    assert not printed.filter(standards__confidential=True).exists()
    tiers = PaymentStandard.objects.filter(listing__section="谈判西药", listing__number="346").order_by("-amount")
    assert list(tiers.values_list("spec", "amount")) == [
        ("1-10毫居", Decimal("59.00")),
        ("11-50毫居", Decimal("47.20")),
        ("51-100毫居", Decimal("38.35")),
    ]
    assert {tier.note.partition("(")[0] for tier in tiers} == {"见备注2"}
    several = Listing.objects.get(section="竞价", number="6").standards.order_by("amount")
    assert [each.amount for each in several] == [Decimal(each) for each in ("36.46", "73.53", "125", "212.5")]


def test_stacked_names_and_form_lists_of_the_real_list() -> None:
    from_csv()

    def names(section: str, number: str, row: int = 1) -> list[str]:
        found: list[str] = Listing.objects.get(section=section, number=number, row=row).names
        return found

    assert names("西药", "16") == ["埃索美拉唑", "艾司奥美拉唑"]
    assert len(names("西药", "279")) == 5
    assert names("中成药", "14", 2) == ["双黄连注射液", "注射用双黄连(冻干)"]
    assert len(names("中成药", "949")) == 9
    assert names("中成药", "51")[:2] == ["藿香正气水", "藿香正气丸"]
    assert not Listing.objects.filter(names=[]).exists()


def test_a_restriction_is_the_printed_text() -> None:
    from_csv()
    row = Listing.objects.get(section="谈判西药", number="9")
    assert row.restriction == "限因急、慢性肝病如肝硬化、脂肪肝、肝炎所致的高血氨症。"
    assert (row.agreement.lower, row.agreement.upper) == (date(2024, 1, 1), date(2026, 1, 1))
    assert Herb.objects.filter(not_alone=True).count() == 116
    assert Herb.objects.filter(not_alone=True).exclude(restriction="").count() == 2


# -- refused ----------------------------------------------------------------------------------------------------------


def refused(data: bytes, **fields: Any) -> str:
    with pytest.raises(FileProblem) as problem:
        imported(data, **fields)
    assert not Edition.objects.exists()
    return str(problem.value)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.999])
def test_a_cut_pdf_is_refused(official: bytes, share: float) -> None:
    assert "PDF 不完整" in refused(official[: int(len(official) * share)])


def test_a_pdf_of_another_year_is_refused(official: bytes, read_once: None) -> None:
    assert "--year 是 2025，这份 PDF 是 2024 年版" in refused(official, year=2025, first=date(2026, 1, 1))


def test_a_pdf_whose_pages_are_not_all_there_is_refused(
    official: bytes, official_pages: list[pdf.Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "pages", lambda _data, **_kwargs: official_pages[:100] + official_pages[101:])
    assert "中成药的数目不符：文件所载 1336，读出 1308（缺编号 中成药 510、" in refused(official)


def test_the_csv_under_the_wrong_year_is_refused() -> None:
    message = refused(CSV.read_bytes(), year=2025, first=date(2026, 1, 1))
    assert "西药的数目不符：文件所载 1446，读出 1398" in message


@pytest.mark.parametrize("section", ["西药", "中成药", "谈判西药", "谈判中成药", "竞价"])
def test_the_csv_with_one_number_missing_is_refused(section: str) -> None:
    lines = CSV.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    last = max(at for at, line in enumerate(lines) if line.startswith(section + ",") and line.split(",")[6] == "0")
    assert "的数目不符" in refused("".join(lines[:last] + lines[last + 1 :]).encode())
