"""An edition from a reviewed CSV: counted before it is seen, read again without loss, refused with nothing changed."""

import csv
import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Category, DrugList, DrugListEntry, Edition, Herb, Listing, ListingMatch, PaymentStandard
from catalog.nrdl.load import load
from pharmacies.files import FileProblem
from pharmacies.importers.outcome import Outcome
from pharmacies.importers.reading import half_open
from pharmacies.models import AuditEvent

from .. import factories as f
from ..factories import AT
from . import small_edition as small

pytestmark = pytest.mark.django_db


def imported(text: str = "", **order: Any) -> Outcome:
    return load(data=(text or small.text()).encode(), order=small.order(**order), at=AT, by="经办人")


def listing(section: str, number: str, row: int = 1) -> Listing:
    found: Listing = Listing.objects.get(section=section, number=number, row=row)
    return found


def test_every_row_is_stored_and_the_edition_is_ready() -> None:
    outcome = imported(herbs=small.HERBS)
    assert (outcome.rows, outcome.created, outcome.problems) == (13, 13, ())
    edition = Edition.objects.get()
    assert (edition.year, edition.state, edition.document) == (2030, "ready", "示例医保发〔2030〕1号")
    assert (edition.valid.lower, edition.valid.upper) == (small.FIRST, None)
    assert (edition.source, len(edition.sha256), edition.declared["total"]) == ("small.csv", 64, 8)
    assert AuditEvent.objects.get().action == "import_edition"


def test_stars_count_through_the_forms_of_their_number() -> None:
    imported()
    forms = Listing.objects.filter(section="西药", number="1").order_by("row")
    assert [(row.row, row.dosage_form, row.ins_class) for row in forms] == [
        (1, "口服常释剂型", "甲"),
        (2, "注射剂", "乙"),
        (3, "缓释控释剂型", "乙"),
    ]


def test_a_row_says_what_the_document_says() -> None:
    imported()
    row = listing("谈判西药", "1")
    assert (row.kind, row.page, row.category_code, row.restriction) == ("谈判", 4, "XC03", "限二线用药。")
    assert (row.agreement.lower, row.agreement.upper) == (date(2031, 1, 1), date(2033, 1, 1))
    assert [(each.amount, each.confidential) for each in row.standards.all()] == [(None, True)]
    assert list(listing("谈判西药", "2").standards.order_by("amount").values_list("spec", "amount")) == [
        ("10mg/片", Decimal("1.50")),
        ("20mg/片", Decimal("2.55")),
    ]
    assert listing("竞价", "1").kind == "竞价"
    assert listing("西药", "2").names == ["例子沙坦", "样子沙坦"]
    assert listing("中成药", "1").names == ["样品颗粒", "样品片", "样品胶囊"]


def test_the_mark_of_a_collective_name_is_no_restriction() -> None:
    row = small.ROWS[1] + "◇"
    imported(small.text({1: row.replace(",,◇", ",◇,")}))
    assert listing("西药", "2").restriction == ""


def test_herbs_and_categories_come_along() -> None:
    imported(herbs=small.HERBS, categories="code,name\nXA,示例大类\n".encode())
    assert list(Herb.objects.order_by("number").values_list("name", "not_alone", "restriction")) == [
        ("示例根", False, ""),
        ("示例叶", True, ""),
        ("示例花", True, "限示例患者"),
    ]
    names = dict(Category.objects.values_list("code", "name"))
    assert names == {
        "XA": "示例大类",
        "XA01": "示例口腔药",
        "XA02": "示例胃药",
        "ZA01": "示例解表剂",
        "XC03": "示例利尿剂",
    }


def test_the_same_file_again_changes_nothing_and_leaves_no_trace() -> None:
    imported(herbs=small.HERBS)
    before = (
        set(Listing.objects.values_list("pk", flat=True)),
        set(PaymentStandard.objects.values_list("pk", flat=True)),
    )
    again = imported(herbs=small.HERBS)
    assert (again.created, again.updated, again.unchanged, again.removed) == (0, 0, 13, 0)
    after = set(Listing.objects.values_list("pk", flat=True)), set(PaymentStandard.objects.values_list("pk", flat=True))
    assert before == after
    assert AuditEvent.objects.count() == 1


def test_the_order_of_rows_with_different_numbers_is_irrelevant() -> None:
    imported()
    assert imported(small.text(rows=small.ROWS[5:] + small.ROWS[:5])).unchanged == 10


def test_a_standard_whose_footnote_nobody_has_is_left_out_and_said() -> None:
    outcome = imported(small.text({6: small.ROWS[6].replace("*", "见备注1(每粒)")}))
    assert not listing("谈判西药", "1").standards.exists()
    assert "1 行的支付标准在脚注中（如 谈判西药 1）" in outcome.notes[-1]


def test_agreements_that_are_over_on_the_first_day_are_said() -> None:
    outcome = imported(first=date(2033, 1, 1))
    assert "4 行的协议有效期在施行日 2033-01-01 之前已结束" in outcome.notes[-1]


def test_without_herbs_those_stored_stay() -> None:
    imported(herbs=small.HERBS)
    outcome = imported()
    assert (outcome.unchanged, Herb.objects.count()) == (10, 3)


def test_a_corrected_file_updates_rows_in_place_and_keeps_their_matches() -> None:
    imported()
    match = ListingMatch.objects.create(
        drug=f.drug(), listing=listing("谈判西药", "2"), state="accepted", reviewed_by="药师"
    )
    text = small.text({7: small.ROWS[7].replace("2.55", "2.50").replace("片),,", "片),限成人。,")})
    outcome = imported(text)
    assert (outcome.updated, outcome.unchanged) == (1, 9)
    match.refresh_from_db()
    assert (match.state, match.listing.restriction) == ("accepted", "限成人。")
    assert [each.amount for each in match.listing.standards.order_by("amount")] == [Decimal("1.50"), Decimal("2.50")]


def test_a_row_that_is_now_another_drug_takes_its_matches_back_to_review() -> None:
    imported()
    match = ListingMatch.objects.create(
        drug=f.drug(), listing=listing("谈判西药", "2"), state="accepted", reviewed_by="药师"
    )
    outcome = imported(small.text({7: small.ROWS[7].replace("试验替尼片", "别的替尼片")}))
    match.refresh_from_db()
    assert (match.state, match.reviewed_by) == ("candidate", "药师")
    assert "退回待核" in outcome.notes[-1]


def test_a_row_that_is_no_longer_printed_goes() -> None:
    imported()
    outcome = imported(small.text({3: ""}))
    assert (outcome.removed, outcome.unchanged) == (1, 9)
    assert not Listing.objects.filter(number="1", row=3).exists()


def test_what_was_decided_about_a_row_that_goes_is_told() -> None:
    imported()
    row = listing("西药", "1", 3)
    ListingMatch.objects.create(drug=f.drug(), listing=row, state="accepted", reviewed_by="药师")
    ListingMatch.objects.create(drug=f.drug(), listing=row)
    outcome = imported(small.text({3: ""}))
    assert outcome.notes[-1].startswith("1 个已审核的匹配随文件不再列出的条目移除")


@pytest.mark.parametrize("year", [-5, 0, 1999, 2200, 40000])
def test_a_number_that_is_no_year_is_refused(year: int) -> None:
    with pytest.raises(FileProblem, match="不是年版"):
        imported(year=year)
    assert not Edition.objects.exists()


def test_names_that_the_catalogue_cannot_hold_are_refused_and_not_cut() -> None:
    long = "".join(map(chr, range(0x4E00, 0x4E00 + 121)))  # no part of it comes twice: one name
    outcome = imported(small.text({0: small.ROWS[0].replace("示例洛尔", long)}))
    assert [(problem.line, problem.reason) for problem in outcome.problems] == [(2, "too_long")]
    with pytest.raises(FileProblem, match="分类 XA01 的名称有 121 个字，最多 120 个"):
        imported(small.text({0: small.ROWS[0].replace("示例口腔药", long)}))
    assert not Edition.objects.exists()


def test_a_document_that_is_not_named_stays_or_is_the_title() -> None:
    imported(document="")
    assert Edition.objects.get().document == "国家基本医疗保险、工伤保险和生育保险药品目录（2030年）"
    imported(document="示例〔2030〕2号")
    imported(document="")
    assert Edition.objects.get().document == "示例〔2030〕2号"


def test_a_row_that_a_list_points_to_is_not_taken_away() -> None:
    imported()
    drug_list = DrugList.objects.create(
        kind="dual_channel", area=f.region(), document="示例名单", valid=half_open(small.FIRST, None)
    )
    DrugListEntry.objects.create(
        drug_list=drug_list, listing=listing("西药", "1", 3), valid=half_open(small.FIRST, None)
    )
    with pytest.raises(FileProblem, match=r"示例洛尔 缓释控释剂型.*名单“示例名单”指向它"):
        imported(small.text({3: ""}))
    assert Listing.objects.count() == 10


# -- other editions ---------------------------------------------------------------------------------------------------


def test_an_open_edition_ends_where_its_successor_begins() -> None:
    imported()
    outcome = imported(year=2031, first=date(2032, 1, 1))
    old, new = Edition.objects.order_by("year")
    assert outcome.notes[-1] == "2030年版到 2031-12-31 止"
    assert "2030年版到 2031-12-31 止" in AuditEvent.objects.latest("pk").reason
    assert (old.valid.upper, new.valid.lower, new.valid.upper) == (date(2032, 1, 1), date(2032, 1, 1), None)


def test_reading_the_older_edition_again_does_not_open_it_again() -> None:
    imported()
    imported(year=2031, first=date(2032, 1, 1))
    assert imported().unchanged == 10
    assert Edition.objects.get(year=2030).valid.upper == date(2032, 1, 1)


def test_an_edition_with_an_end_is_not_cut_silently() -> None:
    imported(last=date(2031, 12, 31))
    with pytest.raises(FileProblem, match=r"2030 年版（2031-01-01 至 2031-12-31）的有效期重叠.*--effective-to"):
        imported(year=2031, first=date(2031, 7, 1))
    assert Edition.objects.count() == 1


def test_an_earlier_edition_must_not_reach_into_the_next() -> None:
    imported()
    with pytest.raises(FileProblem, match="重叠"):
        imported(year=2029, first=date(2030, 1, 1))
    imported(year=2029, first=date(2030, 1, 1), last=date(2030, 12, 31))
    assert Edition.objects.count() == 2


# -- refused ----------------------------------------------------------------------------------------------------------

NOTHING = (0, 0, 0, 0)


def stored() -> tuple[int, int, int, int]:
    return Edition.objects.count(), Listing.objects.count(), Herb.objects.count(), AuditEvent.objects.count()


BAD_FILES: dict[str, tuple[Callable[[], str], dict[str, Any], str]] = {
    "one number fewer": (lambda: small.text({5: ""}), {}, "中成药的数目不符：文件所载 2，读出 1"),
    "one in the middle fewer": (
        lambda: small.text({6: ""}),
        {},
        r"协议期内谈判药品（含竞价）的数目不符：文件所载 4，读出 3（缺编号 谈判西药 1）",
    ),
    "one number more": (
        lambda: small.text() + "中成药,3,ZA01,示例解表剂,乙,3,0,多出的丸,,,,\n",
        {},
        "中成药的数目不符：文件所载 2，读出 3",
    ),
    "one class A fewer": (
        lambda: small.text({0: small.ROWS[0].replace("甲", "乙")}),
        {},
        "西药甲类的数目不符：文件所载 1，读出 0",
    ),
    "herbs that do not add up": (
        small.text,
        {"herbs": small.HERBS, "totals": small.TOTALS + ",herbs=4"},
        "中药饮片的数目不符：文件所载 4，读出 3",
    ),
    "totals of an unknown year": (small.text, {"totals": ""}, "不知道 2030 年版文件所载的数目.*--totals western="),
    "a part of the totals": (small.text, {"totals": "western=2,patent=2"}, "缺 negotiated、class_a_western"),
    "totals that are none": (small.text, {"totals": "western=two"}, "--totals 中的“western=two”不对"),
    "totals of another year": (small.text, {"year": 2024}, "2024 年版文件所载西药为 1398，与 --totals 的 2 不符"),
    "the year of another document": (small.text, {"year": 2024, "totals": ""}, "西药的数目不符：文件所载 1398，读出 2"),
    "an end before the beginning": (small.text, {"last": date(2030, 1, 1)}, "--effective-to 早于"),
    "a missing column": (lambda: small.text().replace(",star,", ",stern,"), {}, "表头缺少列：star"),
    "no rows": (lambda: small.HEADER + "\n", {}, "没有数据行"),
    "a document without end": (small.text, {"document": "文" * 121}, "--document 最多 120 个字"),
    "another file as herbs": (small.text, {"herbs": small.text()}, "表头缺少列：mark"),
    "a bad category": (small.text, {"categories": "code,name\nYY,错\n".encode()}, "分类代码“YY”不对"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_refused_and_nothing_changes(name: str) -> None:
    text, order, message = BAD_FILES[name]
    with pytest.raises(FileProblem, match=message):
        imported(text(), **order)
    assert stored() == NOTHING


BAD_ROWS: dict[str, tuple[int, str, str]] = {
    "an unknown part": (9, small.ROWS[9].replace("竞价", "抢购"), "“抢购”不认识：可用 西药、中成药、谈判西药"),
    "class A in the negotiated part": (6, small.ROWS[6].replace("乙", "甲"), "谈判和竞价药品一律为乙类"),
    "a class that is none": (0, small.ROWS[0].replace("甲", "丙"), "“丙”不认识：可用 甲、乙"),
    "a bad agreement": (6, small.ROWS[6].replace("12月31日", "13月31日"), "协议有效期"),
    "no agreement": (6, small.ROWS[6].replace(small.DAYS, ""), "agreement_valid 不能为空"),
    "no standard": (6, small.ROWS[6].replace("*", ""), "pay_standard 不能为空"),
    "a standard nobody can read": (6, small.ROWS[6].replace("*", "面议"), "支付标准“面议”读不通"),
    "an agreement in the ordinary part": (5, small.ROWS[5] + small.DAYS, "只有谈判和竞价药品"),
    "a number twice": (5, small.ROWS[5].replace(",2,0,", ",1,0,"), "编号 1 在 中成药 部分出现两次"),
    "a star without its number": (2, small.ROWS[2].replace(",1,1,", ",9,1,"), r"★\(9\) 所指的编号不在 西药"),
    "no name": (5, small.ROWS[5].replace("样品丸", ""), "name 不能为空"),
    "a name without end": (5, small.ROWS[5].replace("样品丸", "样" * 3000), "name 有 3000 个字，最多 200 个"),
    "a number in words": (5, small.ROWS[5].replace(",2,0,", ",二,0,"), "“二”不对"),
    "a bad category": (5, small.ROWS[5].replace("ZA01", "ZZ-1"), "药品分类代码“ZZ-1”不对"),
    "a cell too many": (5, small.ROWS[5] + ",多", "这一行有 13 格"),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_a_bad_row_is_named_and_nothing_changes(name: str) -> None:
    place, line, message = BAD_ROWS[name]
    outcome = imported(small.text({place: line}))
    assert len(outcome.problems) == 1
    assert re.search(message, outcome.problems[0].advice)
    assert outcome.problems[0].line == place + 2
    assert stored() == NOTHING


def test_a_herb_twice_is_refused_as_a_row_of_its_own_file() -> None:
    outcome = imported(herbs=small.HERBS.replace("\n3,", "\n2,"))
    assert [problem.advice for problem in outcome.problems] == ["中药饮片表：与第 3 行重复：请只保留一行"]
    assert stored() == NOTHING


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (small.text().encode("utf-16"), "UTF-16"),
        (small.text().encode() + "西药".encode("gb18030"), "编码"),
        (b"", "文件是空的"),
        (b"PK\x03\x04[Content_Types].xml", "XLSX"),
    ],
)
def test_a_file_that_is_no_csv_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(FileProblem, match=message):
        load(data=data, order=small.order(), at=AT, by="经办人")
    assert stored() == NOTHING


def test_gb18030_is_read_like_utf8() -> None:
    imported()
    assert load(data=small.text().encode("gb18030"), order=small.order(), at=AT, by="经办人").unchanged == 10


# -- the command ------------------------------------------------------------------------------------------------------


def run(file: Path, *options: str) -> None:
    call_command(
        "import_edition", str(file), "--year=2030", "--effective-from=2031-01-01", f"--totals={small.TOTALS}", *options
    )


def test_the_command_prints_counts_as_one_line_of_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, herbs = tmp_path / "edition.csv", tmp_path / "herbs.csv"
    file.write_text(small.text())
    herbs.write_text(small.HERBS)
    run(file, f"--herbs={herbs}", "--json", "--effective-to=2031-12-31", "--document=示例〔2030〕1号")
    found = json.loads(capsys.readouterr().out)
    assert found.pop("seconds") >= 0
    assert found == {"rows": 13, "created": 13, "updated": 0, "unchanged": 0, "refused": 0}
    assert Edition.objects.get().valid.upper == date(2032, 1, 1)


def test_a_dry_run_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "edition.csv"
    file.write_text(small.text())
    run(file, "--dry-run")
    assert "新增 10" in capsys.readouterr().out
    assert stored() == NOTHING


def test_bad_rows_go_to_the_error_file_with_their_columns(tmp_path: Path) -> None:
    file, errors = tmp_path / "edition.csv", tmp_path / "wrong.csv"
    file.write_text(small.text({6: small.ROWS[6].replace("乙", "甲")}))
    with pytest.raises(CommandError, match="第 8 行：谈判和竞价药品一律为乙类"):
        run(file, f"--errors={errors}")
    with errors.open(encoding="utf-8-sig") as source:
        row = next(csv.DictReader(source))
    assert (row["name"], row["line"], row["reason"]) == ("试验单抗注射液", "8", "class")


def test_a_file_of_herbs_that_is_not_there_is_said(tmp_path: Path) -> None:
    file = tmp_path / "edition.csv"
    file.write_text(small.text())
    with pytest.raises(CommandError, match="找不到文件"):
        run(file, f"--herbs={tmp_path / 'none.csv'}")
