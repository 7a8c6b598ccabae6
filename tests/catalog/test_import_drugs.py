"""Products from CSV: preparations made on the way, search columns written, one flaw refuses the file."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalog.importers import drugs
from catalog.models import Drug, Preparation
from catalog.search import drugs as search
from pharmacies.importers.outcome import Outcome
from pharmacies.models import AuditEvent

from ..factories import AT

pytestmark = pytest.mark.django_db

REAL = Path(__file__).parents[3] / "shared" / "data" / "drugs" / "nhsa_drug_codes.csv"
BASE = {
    "code": "XC08CAB037A001010180517",
    "generic_name": "苯磺酸氨氯地平片",
    "dosage_form": "片剂",
    "strength": "5mg",
    "pack_count": "14",
    "unit": "片",
    "pack_unit": "盒",
    "manufacturer": "测试制药有限公司",
}
FULL = BASE | {
    "trade_name": "测平",
    "approval_no": "国药准字H20184010",
    "barcode": "6901234567892",
    "trace_prefix": "8123456",
    "quality": "passed",
    "rx_class": "rx",
}


def file_of(*rows: dict[str, Any], encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def load(*rows: dict[str, Any], **kwargs: Any) -> Outcome:
    return drugs.load(data=file_of(*rows), at=AT, by="药师", **kwargs)


def coded(number: int) -> str:
    return f"XC08CAB037A001{number:09d}"


def test_every_column_is_stored() -> None:
    assert load(FULL).created == 1
    drug = Drug.objects.get()
    of = drug.preparation
    assert (of.generic_name, of.dosage_form, of.strength) == ("苯磺酸氨氯地平片", "片剂", "5mg")
    stored = {name: str(getattr(drug, name)) for name in FULL if hasattr(drug, name)}
    assert stored == {name: FULL[name] for name in stored}
    assert len(stored) == 11


def test_an_imported_drug_is_found_by_name_initials_maker_and_code() -> None:
    load(FULL)
    for words in ("氨氯地平", "bhsaldpp", "测平", "测试制药", "6901234567892", "xc08cab037a001010180517"):
        assert [drug.code for drug in search(words)] == [FULL["code"]], words


def test_the_columns_that_were_searched_change_with_the_names() -> None:
    load(FULL)
    load(FULL | {"trade_name": "新平"})
    assert [drug.code for drug in search("新平")] == [FULL["code"]]
    assert search("测平") == []


def test_packs_of_one_strength_share_a_preparation_however_it_is_written() -> None:
    spellings = ["0.25g", "250mg", "0.25ｇ", "250 毫克"]
    rows = [BASE | {"code": coded(n), "strength": strength} for n, strength in enumerate(spellings)]
    load(*rows)
    assert Preparation.objects.get().strength == "0.25g"
    load(*(row | {"code": coded(10 + n)} for n, row in enumerate(rows)))
    assert Preparation.objects.count() == 1


@pytest.mark.parametrize("change", [{"strength": "10mg"}, {"dosage_form": "胶囊剂"}, {"generic_name": "氨氯地平片"}])
def test_another_name_form_or_strength_is_another_preparation(change: dict[str, str]) -> None:
    load(BASE, BASE | change | {"code": coded(1)})
    assert Preparation.objects.count() == 2


def test_importing_twice_changes_nothing_in_any_order() -> None:
    rows = [FULL | {"code": coded(n), "strength": f"{n}mg"} for n in range(1, 5)]
    load(*rows)
    assert load(*reversed(rows)).unchanged == 4
    assert AuditEvent.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"manufacturer": "另一厂"},
        {"pack_count": "28"},
        {"strength": "10mg"},
        {"rx_class": ""},
        {"quality": "originator"},
    ],
)
def test_any_difference_is_one_update(change: dict[str, str]) -> None:
    load(FULL)
    outcome = load(FULL | change)
    assert (outcome.created, outcome.updated, outcome.unchanged) == (0, 1, 0)
    assert load(FULL | change).unchanged == 1


def test_a_column_that_the_file_does_not_have_says_nothing() -> None:
    load(FULL)
    assert load(BASE).unchanged == 1
    assert Drug.objects.get().barcode == FULL["barcode"]


def test_gb18030_and_full_width_forms_are_read() -> None:
    data = file_of(BASE | {"code": "ｘc08cab037a001010180517", "pack_count": "１４"}, encoding="gb18030")
    drugs.load(data=data, at=AT, by="x")
    assert (Drug.objects.get().code, Drug.objects.get().pack_count) == (BASE["code"], 14)


def test_a_dry_run_counts_and_writes_nothing() -> None:
    assert load(FULL, dry_run=True).created == 1
    assert not Preparation.objects.exists()


FLAWS = {
    "code mangled by a spreadsheet": ({"code": "8.69E+13"}, "spreadsheet_number"),
    "code of 21 characters": ({"code": "XA10BA02A001010100001"}, "drug_code"),
    "no code": ({"code": ""}, "missing"),
    "no generic name": ({"generic_name": ""}, "missing"),
    "no strength": ({"strength": ""}, "missing"),
    "no maker": ({"manufacturer": ""}, "missing"),
    "empty pack": ({"pack_count": "0"}, "number"),
    "half a tablet": ({"pack_count": "0.5"}, "number"),
    "negative pack": ({"pack_count": "-14"}, "number"),
    "pack as a number": ({"pack_count": "1.4E+01"}, "number"),
    "long unit": ({"unit": "片" * 11}, "too_long"),
    "approval number": ({"approval_no": "H20160685"}, "approval_no"),
    "barcode check digit": ({"barcode": "6901234567890"}, "barcode_check"),
    "barcode mangled": ({"barcode": "6.90E+12"}, "spreadsheet_number"),
    "trace code": ({"trace_prefix": "81234"}, "trace_code"),
    "quality": ({"quality": "good"}, "unknown_word"),
    "class": ({"rx_class": "otc"}, "unknown_word"),
}


@pytest.mark.parametrize(("change", "reason"), FLAWS.values(), ids=FLAWS.keys())
def test_one_flaw_refuses_the_file(change: dict[str, str], reason: str) -> None:
    outcome = load(FULL | {"code": coded(1)}, FULL | change)
    assert [(problem.line, problem.reason) for problem in outcome.problems] == [(3, reason)]
    assert outcome.problems[0].advice
    assert not Drug.objects.exists()


def test_a_repeated_code_names_the_first_line() -> None:
    problem = load(FULL, FULL).problems[0]
    assert (problem.line, problem.reason, "第 2 行" in problem.advice) == (3, "repeated", True)


def test_names_with_sql_and_html_are_only_text() -> None:
    nasty = "'; DROP TABLE catalog_drug; --<script>\t\\N"
    load(BASE | {"generic_name": nasty, "manufacturer": '"\\.\\n'})
    assert Preparation.objects.get().generic_name == " ".join(nasty.split())
    assert Drug.objects.get().manufacturer == '"\\.\\n'


def test_the_command_prints_one_json_line_and_refuses_with_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "drugs.csv"
    file.write_bytes(file_of(FULL))
    out = io.StringIO()
    call_command("import_drugs", str(file), "--json", stdout=out)
    assert json.loads(out.getvalue())["created"] == 1
    file.write_bytes(file_of(FULL | {"pack_count": "x"}))
    with pytest.raises(CommandError, match="第 2 行：“x”不对"):
        call_command("import_drugs", str(file))
    assert (tmp_path / "drugs.errors.csv").exists()


def test_queries_do_not_grow_with_the_rows(django_assert_max_num_queries: Any) -> None:
    rows = [FULL | {"code": coded(n), "strength": f"{n}mg"} for n in range(1, 301)]
    with django_assert_max_num_queries(15):
        load(*rows)
    with django_assert_max_num_queries(15):
        assert load(*(row | {"trade_name": "新"} for row in rows)).updated == 300


@pytest.mark.skipif(not REAL.exists(), reason="the shared file of national drug codes is not here")
def test_all_real_codes_and_names_import() -> None:
    with REAL.open(encoding="utf-8") as source:
        names = {row["code"]: row["generic_name"] for row in csv.DictReader(source)}
    rows = [BASE | {"code": code, "generic_name": name} for code, name in names.items()]
    outcome = load(*rows)
    assert outcome.problems == ()
    assert outcome.created == len(names) > 13_000
