"""Procurement schemes and reference prices from CSV."""

import io
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalog.importers import references, schemes
from catalog.models import ReferencePrice, Scheme
from pharmacies.importers.outcome import Outcome
from pharmacies.models import AuditEvent
from prices.money import yuan_of

from .. import factories as f
from ..factories import AT

pytestmark = pytest.mark.django_db

CODE = "XC08CAB037A001010180517"
HEAD = "drug_code,area,kind,amount,unit,valid_from,document,valid_to,scheme,supplier\n"
SCHEME = "code,name,level,area,valid_from,valid_to,document\nVBP-9,第九批,国家,420000,2026-01-01,2027-12-31,国采〔2025〕1号\n"


@pytest.fixture(autouse=True)
def world() -> None:
    f.region()
    f.drug(code=CODE)


def imported(*rows: str, head: str = HEAD) -> Outcome:
    return references.load(
        data=(head + "\n".join(rows) + "\n").encode(),
        read_amount=lambda text, decimals: yuan_of(text, decimals=decimals),
        at=AT,
        by="经办人",
    )


def row(**change: str) -> str:
    base = {
        "code": CODE,
        "area": "420000",
        "kind": "listed",
        "amount": "12.60",
        "unit": "pack",
        "first": "2026-01-01",
        "document": "鄂药采〔2025〕3号",
        "last": "",
        "scheme": "",
        "supplier": "",
    }
    return ",".join((base | change).values())


def timeline() -> list[tuple[Decimal, date, date | None]]:
    prices = ReferencePrice.objects.order_by("valid")
    return [(each.amount, each.valid.lower, each.valid.upper) for each in prices]


D = date.fromisoformat


def load_schemes(text: str) -> Outcome:
    return schemes.load(data=text.encode(), at=AT, by="经办人")


# -- schemes ----------------------------------------------------------------------------------------------------------


def test_a_scheme_is_known_by_its_code() -> None:
    assert load_schemes(SCHEME).created == 1
    assert load_schemes(SCHEME).unchanged == 1
    assert load_schemes(SCHEME.replace("第九批", "第九批续约")).updated == 1
    scheme = Scheme.objects.get()
    assert (scheme.name, scheme.area.code, scheme.valid.upper) == ("第九批续约", "420000", D("2028-01-01"))
    assert AuditEvent.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("420000", "430000"), "region_unknown"),
        (("420000", ""), "missing"),
        (("2026-01-01", ""), "missing"),
        (("2027-12-31", "2025-12-31"), "range"),
        (("VBP-9", ""), "missing"),
        (("国家", ""), "missing"),
        (("国家", "国际"), "unknown_word"),
        (("国家", "national round"), "unknown_word"),
        (("VBP-9", "1.0E+09"), "spreadsheet_number"),
    ],
)
def test_one_flaw_refuses_the_schemes(change: tuple[str, str], reason: str) -> None:
    outcome = load_schemes(SCHEME.replace(*change))
    assert [problem.reason for problem in outcome.problems] == [reason]
    assert not Scheme.objects.exists()


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        *((word, "national") for word in ("national", "National", "国家", "国家级")),
        *((word, "provincial") for word in ("provincial", "province", "省", "省级")),
        *((word, "alliance") for word in ("alliance", "联盟", "省际联盟", "省级联盟")),
        *((word, "city") for word in ("city", "municipal", "市", "市级", "ｃｉｔｙ")),
    ],
)
def test_the_words_for_a_level_are_stored_as_one(said: str, stored: str) -> None:
    assert load_schemes(SCHEME.replace("国家", said)).created == 1
    assert Scheme.objects.get().level == stored


def test_the_round_is_kept_where_a_file_does_not_speak_of_it() -> None:
    head, line = SCHEME.splitlines()
    assert load_schemes(f"{head},round\n{line},第九批\n").created == 1
    assert load_schemes(SCHEME).unchanged == 1
    assert Scheme.objects.get().round == "第九批"
    assert load_schemes(f"{head},round\n{line},\n").updated == 1


def test_one_bad_scheme_keeps_the_good_ones_out() -> None:
    _head, line = SCHEME.splitlines()
    outcome = load_schemes(SCHEME + line.replace("VBP-9", "VBP-8").replace("2027-12-31", "2025-12-31") + "\n")
    assert [(problem.line, problem.reason) for problem in outcome.problems] == [(3, "range")]
    assert not Scheme.objects.exists()


# -- prices -----------------------------------------------------------------------------------------------------------


def test_every_column_is_stored() -> None:
    load_schemes(SCHEME)
    assert imported(row(kind="vbp", amount="0.0571", unit="smallest", last="2026-12-31", scheme="VBP-9")).created == 1
    price: Any = ReferencePrice.objects.get()
    assert (price.drug.code, price.area.code, price.kind, price.unit) == (CODE, "420000", "vbp", "smallest")
    assert (price.amount, price.document, price.scheme.code) == (Decimal("0.0571"), "鄂药采〔2025〕3号", "VBP-9")
    assert timeline() == [(Decimal("0.0571"), D("2026-01-01"), D("2027-01-01"))]


@pytest.mark.parametrize(
    ("kind", "said", "stored"),
    [
        ("vbp", "", "main"),
        ("vbp", "main", "main"),
        ("vbp", "主供", "main"),
        ("vbp", "reserve", "reserve"),
        ("vbp", "备供", "reserve"),
        ("vbp", "备选", "reserve"),
        ("listed", "", ""),
    ],
)
def test_only_a_tender_price_has_a_supplier_and_it_is_the_main_one_by_default(
    kind: str, said: str, stored: str
) -> None:
    assert imported(row(kind=kind, supplier=said)).created == 1
    assert ReferencePrice.objects.get().supplier == stored


def test_two_suppliers_of_an_area_are_two_products() -> None:
    other = f.drug().code
    outcome = imported(row(kind="vbp", amount="9.00"), row(kind="vbp", amount="9.90", code=other, supplier="备供"))
    assert outcome.created == 2
    assert set(ReferencePrice.objects.values_list("drug__code", "supplier")) == {(CODE, "main"), (other, "reserve")}


def test_columns_that_a_file_does_not_have_leave_what_is_stored() -> None:
    load_schemes(SCHEME)
    imported(row(kind="vbp", scheme="VBP-9", supplier="reserve"))
    short = ",".join(HEAD.split(",")[:-2]) + "\n"
    cells = row(kind="vbp", amount="11.00").split(",")[:-2]
    assert imported(",".join(cells), head=short).updated == 1
    price: Any = ReferencePrice.objects.get()
    assert (price.amount, price.scheme.code, price.supplier) == (Decimal("11.00"), "VBP-9", "reserve")
    assert imported(row(kind="vbp", amount="11.00")).updated == 1, "an empty cell is its value"
    assert ReferencePrice.objects.filter(scheme=None, supplier="main").count() == 1


def test_importing_twice_changes_nothing() -> None:
    imported(row(), row(kind="vbp"))
    assert imported(row(kind="vbp"), row()).unchanged == 2
    assert AuditEvent.objects.count() == 1


def test_a_corrected_amount_is_an_update() -> None:
    imported(row())
    assert imported(row(amount="￥11.90")).updated == 1
    assert timeline() == [(Decimal("11.90"), D("2026-01-01"), None)]


def test_an_open_price_holds_until_the_next_one_begins() -> None:
    first, second = row(), row(amount="11.00", first="2026-07-01")
    imported(first)
    assert imported(second).created == 1
    expected = [(Decimal("12.60"), D("2026-01-01"), D("2026-07-01")), (Decimal("11.00"), D("2026-07-01"), None)]
    assert timeline() == expected
    assert imported(first).unchanged == 1
    assert imported(second, first).unchanged == 2
    assert timeline() == expected


def test_an_earlier_price_may_come_later() -> None:
    imported(row(first="2026-07-01"))
    imported(row(first="2026-01-01", amount="13.00"))
    assert timeline() == [
        (Decimal("13.00"), D("2026-01-01"), D("2026-07-01")),
        (Decimal("12.60"), D("2026-07-01"), None),
    ]


def test_a_price_stated_to_go_on_is_not_cut_silently() -> None:
    imported(row(last="2026-12-31"))
    outcome = imported(row(first="2026-07-01"))
    assert [(problem.line, problem.reason) for problem in outcome.problems] == [(2, "range_overlap")]
    assert "2026-01-01" in outcome.problems[0].advice
    assert len(timeline()) == 1


FLAWS = {
    "unknown drug": ({"code": "XC08CAB037A001010180518"}, "drug_unknown"),
    "mangled code": ({"code": "8.69E+13"}, "spreadsheet_number"),
    "unknown area": ({"area": "430000"}, "region_unknown"),
    "unknown kind": ({"kind": "cheap"}, "unknown_word"),
    "unknown unit": ({"unit": "box"}, "unknown_word"),
    "no amount": ({"amount": ""}, "missing"),
    "zero": ({"amount": "0"}, "price_not_positive"),
    "negative": ({"amount": "-1"}, "price_not_positive"),
    "letters": ({"amount": "abc"}, "price_unreadable"),
    "three decimals of a pack": ({"amount": "12.601"}, "price_decimals"),
    "five decimals of a tablet": ({"amount": "0.05711", "unit": "smallest"}, "price_decimals"),
    "absurd": ({"amount": "99999999999"}, "price_too_large"),
    "no first day": ({"first": ""}, "missing"),
    "ends before it begins": ({"last": "2025-12-31"}, "range"),
    "no document": ({"document": ""}, "missing"),
    "unknown scheme": ({"scheme": "VBP-1"}, "scheme_unknown"),
    "unknown supplier": ({"kind": "vbp", "supplier": "second", "first": "2027-01-01"}, "unknown_word"),
    "supplier of a listed price": ({"supplier": "main"}, "supplier_not_vbp"),
}


@pytest.mark.parametrize(("change", "reason"), FLAWS.values(), ids=FLAWS.keys())
def test_one_flaw_refuses_the_prices(change: dict[str, str], reason: str) -> None:
    outcome = imported(row(kind="vbp"), row(**change))
    assert [(problem.line, problem.reason) for problem in outcome.problems] == [(3, reason)]
    assert not ReferencePrice.objects.exists()


def test_the_commands_import_as_documented(tmp_path: Path) -> None:
    out: Any = io.StringIO()
    (tmp_path / "schemes.csv").write_text(SCHEME)
    (tmp_path / "prices.csv").write_text(HEAD + row(kind="vbp", scheme="VBP-9"))
    call_command("import_schemes", str(tmp_path / "schemes.csv"), "--json", stdout=out)
    call_command("import_reference_prices", str(tmp_path / "prices.csv"), "--json", stdout=out)
    assert out.getvalue().count('"created": 1') == 2
    (tmp_path / "prices.csv").write_text(HEAD + row(amount="x"))
    with pytest.raises(CommandError, match="价格“x”无法识别"):
        call_command("import_reference_prices", str(tmp_path / "prices.csv"))
