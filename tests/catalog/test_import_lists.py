"""A published list of drugs: the file is the whole list of its document."""

import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalog.importers.lists import Document, load
from catalog.models import Drug, DrugList, DrugListEntry
from pharmacies.files import FileProblem
from pharmacies.importers.outcome import Outcome
from pharmacies.models import AuditEvent

from .. import factories as f
from ..factories import AT

pytestmark = pytest.mark.django_db

NEW_YEAR = date(2026, 1, 1)
DOCUMENT = Document(kind="dual_channel", area="420000", name="鄂医保发〔2025〕9号", first=NEW_YEAR)


@pytest.fixture(autouse=True)
def drug() -> Drug:
    f.region()
    return f.drug(code="XC08CAB037A001010180517")


def imported(text: str, document: Document = DOCUMENT, **kwargs: Any) -> Outcome:
    return load(data=text.encode(), document=document, at=AT, by="经办人", **kwargs)


def entries() -> set[tuple[str, str, str, date, date | None]]:
    rows = DrugListEntry.objects.select_related("drug")
    return {
        (row.drug.code if row.drug else "", row.generic_name, row.dosage_form, row.valid.lower, row.valid.upper)
        for row in rows
    }


CODE = "XC08CAB037A001010180517"


def test_entries_are_drugs_or_names_with_a_form_and_take_the_days_of_the_list() -> None:
    outcome = imported(
        "drug_code,generic_name,dosage_form,valid_from,valid_to,note\n"
        f"{CODE},,,,,甲\n,阿达木单抗,注射剂,2026-03-01,2026-12-31,\n,利妥昔单抗,,,,\n"
    )
    assert (outcome.created, outcome.problems) == (3, ())
    assert entries() == {
        (CODE, "", "", NEW_YEAR, None),
        ("", "阿达木单抗", "注射剂", date(2026, 3, 1), date(2027, 1, 1)),
        ("", "利妥昔单抗", "", NEW_YEAR, None),
    }
    row = DrugList.objects.get()
    assert (row.kind, row.area.code, row.document, row.valid.lower) == (
        "dual_channel",
        "420000",
        DOCUMENT.name,
        NEW_YEAR,
    )
    assert AuditEvent.objects.get().reason == DOCUMENT.name
    assert "2 个通用名在药品表中没有同名药品" in outcome.notes[0]


def test_importing_twice_changes_nothing() -> None:
    text = f"drug_code,note\n{CODE},x\n"
    imported(text)
    assert imported(text).unchanged == 1
    assert AuditEvent.objects.count() == 1


def test_the_file_is_the_whole_list() -> None:
    imported("generic_name,note\n甲,\n乙,旧\n丙,\n")
    outcome = imported("generic_name,note\n甲,\n乙,新\n丁,\n")
    assert (outcome.created, outcome.updated, outcome.unchanged, outcome.removed) == (1, 1, 1, 1)
    assert set(DrugListEntry.objects.values_list("generic_name", "note")) == {("甲", ""), ("乙", "新"), ("丁", "")}


SEPARATE = Document("separate_payment", "420000", "鄂医保发〔2026〕7号", date(2026, 3, 1), date(2026, 12, 31))


def listed(kind: str, on: date) -> set[str]:
    """What lists of that kind name on that day."""
    rows = DrugListEntry.objects.valid(on).filter(drug_list__kind=kind, drug_list__valid__contains=on)
    return {row.drug.code if row.drug else row.generic_name for row in rows.select_related("drug")}


def test_dual_channel_and_separate_payment_are_two_lists_with_documents_and_days_of_their_own() -> None:
    imported(f"drug_code,generic_name\n{CODE},\n,甲\n")
    imported(f"drug_code,generic_name\n{CODE},\n,乙\n", SEPARATE)
    assert listed("dual_channel", date(2026, 2, 1)) == {CODE, "甲"}
    assert listed("separate_payment", date(2026, 2, 28)) == set()
    assert listed("separate_payment", date(2026, 12, 31)) == {CODE, "乙"}
    assert listed("separate_payment", date(2027, 1, 1)) == set()
    imported("generic_name\n乙\n", SEPARATE)
    assert listed("separate_payment", date(2026, 6, 1)) == {"乙"}, "the drug left this list"
    assert listed("dual_channel", date(2026, 6, 1)) == {CODE, "甲"}, "and stays on the other"
    assert listed("dual_channel", date(2027, 6, 1)) == {CODE, "甲"}


@pytest.mark.parametrize("kind", DrugList.Kind.values)
def test_every_kind_of_list_is_imported_with_its_document_and_days(kind: str) -> None:
    document = Document(kind, "420000", f"文件〔2026〕{kind}", NEW_YEAR, date(2026, 12, 31))
    assert imported(f"drug_code,generic_name,dosage_form\n{CODE},,\n,甲,片剂\n", document).created == 2
    row = DrugList.objects.get()
    assert (row.kind, row.area.code, row.document) == (kind, "420000", f"文件〔2026〕{kind}")
    assert (row.valid.lower, row.valid.upper) == (NEW_YEAR, date(2027, 1, 1))
    assert listed(kind, date(2026, 12, 31)) == {CODE, "甲"}
    assert listed(kind, date(2027, 1, 1)) == listed(kind, date(2025, 12, 31)) == set()
    others = [other for other in DrugList.Kind.values if other != kind]
    assert not DrugListEntry.objects.filter(drug_list__kind__in=others).exists()


def test_lists_of_two_areas_do_not_touch_each_other() -> None:
    f.region("420100", "武汉市", f.region())
    imported("generic_name\n甲\n")
    imported("generic_name\n乙\n", Document("dual_channel", "420100", "武医保〔2026〕2号", NEW_YEAR))
    imported("generic_name\n甲\n丙\n")
    assert listed("dual_channel", NEW_YEAR) == {"甲", "乙", "丙"}
    assert DrugList.objects.count() == 2


def test_an_open_list_ends_where_its_successor_begins() -> None:
    imported("generic_name\n甲\n")
    imported("generic_name\n乙\n", Document("dual_channel", "420000", "新文件", date(2027, 1, 1)))
    lists = DrugList.objects.order_by("valid")
    assert [(each.valid.lower, each.valid.upper) for each in lists] == [
        (NEW_YEAR, date(2027, 1, 1)),
        (date(2027, 1, 1), None),
    ]
    assert imported("generic_name\n乙\n", Document("dual_channel", "420000", "新文件", date(2027, 1, 1))).unchanged == 1


def test_a_list_that_was_to_go_on_is_not_cut_silently() -> None:
    imported("generic_name\n甲\n", Document("dual_channel", "420000", "旧文件", NEW_YEAR, date(2026, 12, 31)))
    with pytest.raises(FileProblem, match="旧文件"):
        imported("generic_name\n乙\n", Document("dual_channel", "420000", "新文件", date(2026, 7, 1)))
    with pytest.raises(FileProblem, match="旧文件"):
        imported("generic_name\n乙\n", Document("dual_channel", "420000", "新文件", date(2025, 7, 1)))
    assert DrugListEntry.objects.get().generic_name == "甲"


def test_a_corrected_end_of_the_list_moves_its_entries() -> None:
    imported("generic_name\n甲\n")
    outcome = imported(
        "generic_name\n甲\n", Document("dual_channel", "420000", DOCUMENT.name, NEW_YEAR, date(2026, 12, 31))
    )
    assert outcome.updated == 1
    assert {row[4] for row in entries()} == {date(2027, 1, 1)}


FLAWS = {
    "no target": ("drug_code,generic_name\n,\nx,\n", {3: "drug_code"}),
    "neither filled": ("drug_code,generic_name,note\n,,x\n", {2: "target_missing"}),
    "unknown drug": ("drug_code\nXC08CAB037A001010180518\n", {2: "drug_unknown"}),
    "mangled code": ("drug_code\n8.69E+13\n", {2: "spreadsheet_number"}),
    "code of another name": (f"drug_code,generic_name\n{CODE},阿司匹林\n", {2: "target_conflict"}),
    "repeated": ("generic_name\n甲\n乙\n甲\n", {4: "repeated"}),
    "overlapping": (
        "generic_name,valid_from,valid_to\n甲,2026-01-01,2026-06-30\n甲,2026-06-30,\n",
        {3: "range_overlap"},
    ),
    "ends before it begins": ("generic_name,valid_from,valid_to\n甲,2026-02-01,2026-01-01\n", {2: "range"}),
    "ended before the list": ("generic_name,valid_to\n甲,2025-12-31\n", {2: "range"}),
    "no day": ("generic_name,valid_from\n甲,1月1日\n", {2: "date"}),
    "long note": ("generic_name,note\n甲," + "字" * 201 + "\n", {2: "too_long"}),
}


@pytest.mark.parametrize(("text", "reasons"), FLAWS.values(), ids=FLAWS.keys())
def test_one_flaw_refuses_the_file(text: str, reasons: dict[int, str]) -> None:
    outcome = imported(text)
    assert {problem.line: problem.reason for problem in outcome.problems} == reasons
    assert not DrugList.objects.exists()


def test_a_code_beside_its_own_name_is_the_drug() -> None:
    assert imported(f"drug_code,generic_name\n{CODE},苯磺酸氨氯地平片\n").created == 1
    assert DrugListEntry.objects.get().generic_name == ""


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (Document("dual_channel", "430000", "x", NEW_YEAR), "430000"),
        (Document("dual_channel", "420000", "x", NEW_YEAR, date(2025, 1, 1)), "--valid-to"),
        (Document("dual_channel", "420000", "文" * 121, NEW_YEAR), "--document"),
    ],
)
def test_a_list_that_cannot_be_is_refused_in_one_sentence(document: Document, says: str) -> None:
    with pytest.raises(FileProblem, match=says):
        imported("generic_name\n甲\n", document)


def test_a_refused_list_leaves_the_stored_one_as_it_was() -> None:
    imported("generic_name\n甲\n")
    before, held = entries(), list(DrugList.objects.values())
    assert imported("generic_name,drug_code\n乙,\n,XC08CAB037A001010180518\n").refused == 1
    newer = Document("dual_channel", "420000", "新文件", date(2027, 1, 1))
    assert imported("generic_name,valid_to\n乙,2026-12-31\n", newer).refused == 1
    assert entries() == before
    assert list(DrugList.objects.values()) == held, "the open list has not been ended by a refused successor"
    assert AuditEvent.objects.count() == 1


def test_a_dry_run_counts_and_changes_nothing() -> None:
    imported("generic_name\n甲\n")
    outcome = imported("generic_name\n乙\n", dry_run=True)
    assert (outcome.created, outcome.removed) == (1, 1)
    assert {row[1] for row in entries()} == {"甲"}


def test_a_file_without_targets_is_refused() -> None:
    with pytest.raises(FileProblem, match="drug_code"):
        imported("note\nx\n")


ARGUMENTS = ["--kind", "dual_channel", "--area", "420000", "--document", "鄂医保发〔2025〕9号"]


def test_the_command_imports_as_documented(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"drug_code\n{CODE}\n")
    call_command(
        "import_list", str(file), *ARGUMENTS, "--valid-from", "2026-01-01", "--json", stdout=(out := io.StringIO())
    )
    assert '"created": 1' in out.getvalue()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"--area": "430000"}, "430000"),
        ({"--valid-to": "2025-12-31"}, "--valid-to"),
        ({"--valid-from": "2025-06-01"}, "重叠"),
    ],
)
def test_the_command_says_in_one_line_why_a_list_cannot_be(change: dict[str, str], says: str, tmp_path: Path) -> None:
    imported("generic_name\n甲\n", Document("dual_channel", "420000", "旧文件", NEW_YEAR, date(2026, 12, 31)))
    file = tmp_path / "list.csv"
    file.write_text(f"drug_code\n{CODE}\n")
    said = dict(zip(ARGUMENTS[::2], ARGUMENTS[1::2], strict=True)) | {"--valid-from": "2026-01-01"} | change
    with pytest.raises(CommandError) as refused:
        call_command("import_list", str(file), *(word for pair in said.items() for word in pair))
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.returncode == 1
    assert {row[1] for row in entries()} == {"甲"}


@pytest.mark.parametrize("wrong", [["--valid-from", "1.1.2026"], ["--kind", "best", "--valid-from", "2026-01-01"]])
def test_wrong_usage_is_told_before_anything_is_read(wrong: list[str]) -> None:
    with pytest.raises(CommandError, match="Error: argument"):
        call_command("import_list", "missing.csv", *ARGUMENTS, *wrong)


def test_an_area_that_is_no_code_is_told_how_to_write_one() -> None:
    with pytest.raises(CommandError, match=r"argument --area: .*武汉"):
        call_command("import_list", "missing.csv", *ARGUMENTS, "--valid-from=2026-01-01", "--area=武汉")
