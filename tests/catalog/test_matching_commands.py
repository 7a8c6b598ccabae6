"""The commands around matching: find, list, decide by file or one by one, measure."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Drug, Listing, ListingMatch
from pharmacies.models import AuditEvent

from .. import factories as f

pytestmark = pytest.mark.django_db
CODE = "XC08CAB037A001010180517"


@pytest.fixture(autouse=True)
def listing(settings: Any) -> Listing:
    settings.LANGUAGE_CODE = "zh-hans"
    fields = {"number": "412", "dosage_form": "口服常释剂型", "category_code": "XC08C"}
    return f.listing("氨氯地平", **fields)


@pytest.fixture
def drug() -> Drug:
    return f.drug(code=CODE)


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    """The review table of the queue, with the columns given written over it."""

    def write(**cells: str) -> Path:
        call_command("match_drugs", year=2026, by="经办人")
        file = tmp_path / "review.csv"
        call_command("match_queue", year=2026, csv=file)
        with file.open(encoding="utf-8-sig", newline="") as source:
            rows = [row | cells for row in csv.DictReader(source)]
        with file.open("w", encoding="utf-8", newline="") as target:
            writer = csv.DictWriter(target, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        return file

    return write


def decided() -> list[tuple[str, str, str]]:
    return sorted(ListingMatch.objects.values_list("drug__code", "state", "reviewed_by"))


def test_match_drugs_prints_one_json_line(drug: Drug, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("match_drugs", year=2026, json=True)
    said = json.loads(capsys.readouterr().out)
    assert (said["year"], said["drugs"], said["single"], said["created"]) == (2026, 1, 1, 1)
    call_command("match_drugs", year=2026)
    assert "候选新增 0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("match_drugs", {}),
        ("match_queue", {}),
        ("match_report", {"file": Path(__file__)}),
        ("decide_match", {"drug": CODE, "listing": "西药/412/1", "accept": True, "by": "药师", "reason": "核对"}),
    ],
)
def test_an_edition_that_is_not_there_is_named(command: str, arguments: dict[str, Any]) -> None:
    file = [arguments.pop("file")] if "file" in arguments else []
    with pytest.raises(CommandError, match="没有 1999 年版的目录：请先用 import_edition 导入"):
        call_command(command, *file, year=1999, **arguments)


def test_a_filled_table_is_applied_and_applying_it_again_changes_nothing(
    drug: Drug, table: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    file = table(decision="接受", note="核对说明书")
    call_command("decide_match", file, by="药师甲", json=True)
    assert decided() == [(CODE, "accepted", "药师甲")]
    call_command("decide_match", file, by="药师乙", json=True)
    assert [json.loads(line)["updated"] for line in capsys.readouterr().out.splitlines() if line[0] == "{"] == [1, 0]
    assert decided() == [(CODE, "accepted", "药师甲")]


@pytest.mark.parametrize(("word", "state"), [("不符", "rejected"), ("Accepted", "accepted"), ("", "candidate")])
def test_words_of_the_decision_column(drug: Drug, table: Callable[..., Path], word: str, state: str) -> None:
    call_command("decide_match", table(decision=word), by="药师甲")
    assert [found[1] for found in decided()] == [state]


def test_a_dry_run_checks_and_writes_nothing(drug: Drug, table: Callable[..., Path]) -> None:
    call_command("decide_match", table(decision="接受"), by="药师甲", dry_run=True)
    assert decided() == [(CODE, "candidate", "")]
    assert not AuditEvent.objects.filter(action="decide_match").exists()


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"decision": "也许"}, "decision"),
        ({"listing": "西药412"}, "listing"),
        ({"listing": "西药/999/1"}, "listing_unknown"),
        ({"listing_name": "硝苯地平"}, "listing_changed"),
        ({"drug_code": "XC08CAB037A001010199999"}, "drug_unknown"),
        ({"drug_code": "12345"}, "drug_code"),
        ({"edition": "二〇二六"}, "number"),
        ({"edition": "2031"}, "listing_unknown"),
        ({"note": "长" * 301}, "too_long"),
    ],
)
def test_one_bad_row_refuses_the_file(
    drug: Drug, table: Callable[..., Path], tmp_path: Path, cells: dict[str, str], reason: str
) -> None:
    f.drug()
    file = table(decision="接受")
    with file.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    rows[0].update(cells)
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    errors = tmp_path / "errors.csv"
    with pytest.raises(CommandError, match="没有导入任何内容"):
        call_command("decide_match", file, by="药师甲", errors=errors)
    with errors.open(encoding="utf-8-sig", newline="") as source:
        assert [row["reason"] for row in csv.DictReader(source)] == [reason]
    assert {state for _code, state, _by in decided()} == {"candidate"}


def test_a_file_may_take_back_one_row_and_accept_another(drug: Drug, listing: Listing, tmp_path: Path) -> None:
    f.match(drug, listing)
    f.listing("氨氯地平", number="500", ins_class="乙")
    file = tmp_path / "review.csv"
    lines = [f"2026,{CODE},西药/500/1,接受", f"2026,{CODE},西药/412/1,不符"]
    file.write_text("\n".join(["edition,drug_code,listing,decision", *lines]), encoding="utf-8")
    call_command("decide_match", file, by="药师甲")
    assert [state for _code, state, _by in decided()] == ["accepted", "rejected"]
    assert ListingMatch.objects.get(state="accepted").listing.ins_class == "乙"


def test_contrary_decisions_in_one_file_refuse_it_whole(drug: Drug, tmp_path: Path) -> None:
    f.listing("氨氯地平", number="500", ins_class="乙")
    file = tmp_path / "review.csv"
    lines = [f"2026,{CODE},西药/{number}/1,接受" for number in ("412", "500")]
    file.write_text("\n".join(["edition,drug_code,listing,decision", *lines]), encoding="utf-8")
    with pytest.raises(CommandError, match="请先把那一条判为不符"):
        call_command("decide_match", file, by="药师甲")
    assert decided() == []
    assert not AuditEvent.objects.filter(action="decide_match").exists()


def test_one_decision_at_the_command_line(drug: Drug, capsys: pytest.CaptureFixture[str]) -> None:
    said = {"drug": CODE.lower(), "listing": "西药/412/1", "by": "药师甲", "reason": "核对说明书", "year": 2026}
    call_command("decide_match", accept=True, **said)
    assert decided() == [(CODE, "accepted", "药师甲")]
    call_command("decide_match", accept=True, **said)
    call_command("decide_match", reject=True, **said)
    assert capsys.readouterr().out.splitlines() == ["已记录", "此前已这样审核，未变", "已记录"]


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ({"drug": CODE, "listing": "西药/412/1"}, "请给出审核表文件"),
        ({"drug": CODE, "listing": "西药/412/1", "accept": True}, "请用 --reason 写明理由"),
        ({"drug": "XC1", "listing": "西药/412/1", "accept": True, "reason": "核对"}, "没有药品 XC1"),
        ({"drug": CODE, "listing": "西药/9/1", "accept": True, "reason": "核对"}, "没有条目 西药/9/1"),
        ({"drug": CODE, "listing": "412", "accept": True, "reason": "核对"}, "请写成 西药/123/1"),
    ],
)
def test_a_single_decision_that_is_not_complete_says_what_is_missing(
    drug: Drug, said: dict[str, Any], advice: str
) -> None:
    with pytest.raises(CommandError, match=advice):
        call_command("decide_match", by="药师甲", year=2026, **said)


def test_the_queue_counts_the_pharmacies_that_sell(drug: Drug, capsys: pytest.CaptureFixture[str]) -> None:
    more = f.drug()
    for each in (drug, more):
        f.offer(each, f.pharmacy(), "12.60")
    f.offer(more, f.pharmacy(), "12.60")
    call_command("match_drugs", year=2026)
    capsys.readouterr()
    call_command("match_queue", year=2026, limit=1)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"{more.code} 苯磺酸氨氯地平片")
    with pytest.raises(CommandError, match="--limit"):
        call_command("match_queue", year=2026, limit=0)


def test_the_report_measures_a_file_of_either_shape_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "products.csv"
    file.write_text(
        "DRUG_CHEM_NAME,DRUG_DOSE,DRUG_SPEC,DRUG_MANUFATURER,DRUG_LICENSE_NO\n"
        "马来酸氨氯地平片,片剂,5mg*7片,甲厂,国药准字H20050001\n左氨氯地平片,片剂,5mg*7片,乙厂,国药准字H20050002\n",
        encoding="gb18030",
    )
    call_command("match_report", file, year=2026, json=True)
    said = json.loads(capsys.readouterr().out)
    assert said == {"year": 2026, "products": 2, "single": 1, "ambiguous": 0, "weak": 0, "none": 1}
    file.write_text("generic_name,dosage_form\n氨氯地平片,片剂\n", encoding="utf-8")
    call_command("match_report", file, year=2026, sample=1)
    assert "氨氯地平片 片剂" in capsys.readouterr().out.splitlines()[1]
    file.write_text("name\n氨氯地平片\n", encoding="utf-8")
    with pytest.raises(CommandError, match="DRUG_CHEM_NAME"):
        call_command("match_report", file, year=2026)
    assert ListingMatch.objects.count() == 0
