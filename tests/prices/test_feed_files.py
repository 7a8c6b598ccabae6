"""Feed files with one flaw each: what is refused, with which reason on which line, and that nothing is half done."""

import io
from contextlib import redirect_stderr
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from pharmacies.files import FileProblem
from prices.ingest import outcome, read, store
from prices.ingest.receive import Refused, receive
from prices.ingest.runs import process
from prices.models import Feed, FeedRun, Offer, PriceChange, Rejection, RunPharmacy
from tests import factories as f
from tests.factories import AT
from tests.prices.deliveries import reasons

pytestmark = pytest.mark.django_db
FEEDS = Path(__file__).parent.parent / "feeds"
S, D, E = "P42010600001", "XC08CAB037A001010180517", "XJ01CAA040E001020104251"
HEAD = "pharmacy_code,drug_code,price"
GOOD = f"{S},{E},9.80"


@pytest.fixture
def feed() -> Feed:
    """One shop (S) and two drugs (D, E) that the files of this module speak of."""
    f.pharmacy("一号店", code=S)
    f.drug(code=D, pack_count=14)
    f.drug(f.preparation("阿莫西林胶囊", "胶囊剂", "0.25g"), code=E, pack_count=24)
    return f.feed("till", mapping={"药店编码": "pharmacy_code", "药品编码": "drug_code", "零售价": "price"})


def send(feed: Feed, data: str | bytes, **options: Any) -> FeedRun:
    data = data.encode() if isinstance(data, str) else data
    return process(receive(feed=feed, data=data, at=AT, channel="push", **options).pk)


def prices() -> dict[str, str]:
    """Live prices by drug: D or E."""
    drugs = {drug.pk: {D: "D", E: "E"}[drug.code] for drug in f.Drug.objects.all()}
    return {drugs[offer.drug_id]: f"{offer.price_fen / 100:.2f}" for offer in Offer.objects.filter(state=1)}


# -- whole files ------------------------------------------------------------------------------------------------------

BROKEN: dict[str, tuple[str | bytes | Path, str]] = {
    "UTF-16": (FEEDS / "utf16.csv", "UTF-16"),
    "an Excel workbook": (FEEDS / "workbook.xlsx", "XLSX"),
    "two encodings": (FEEDS / "mixed_encodings.csv", "第 1 行是 UTF-8，第 3 行不是"),
    "cut inside a character": (FEEDS / "cut_inside_a_character.csv", "中途断了"),
    "a NUL byte": (f"{HEAD}\n{GOOD}\n{S},{D},1\0\n", "第 3 行含有空字节"),
    "header only": (f"{HEAD}\n", "没有数据行"),
    "header and blank records": (f"{HEAD}\n,,\n\n", "没有数据行"),
    "no header": (f"{GOOD}\n{S},{D},12.60\n", "缺少列 drug_code、pharmacy_code、price"),
    "no price column": (f"pharmacy_code,drug_code\n{S},{D}\n", "缺少列 price"),
    "no pharmacy column": (f"drug_code,price\n{D},12.60\n", "缺少列 pharmacy_code"),
    "a column twice": (f"{HEAD},price\n{GOOD},9.90\n", "重复的列：price"),
    "a column twice in other writing": (f"{HEAD},Ｐrice \n{GOOD},9.90\n", "两列都是 price"),
    "a column twice through the mapping": (f"{HEAD},零售价\n{GOOD},9.90\n", "两列都是 price"),
    "separated by bars": (f"{HEAD}\n{GOOD}\n".replace(",", "|"), "缺少列"),
    "a record without end": (f'{HEAD}\n{S},{D},"12.60\n{"x" * 140_000}\n', "第 2 行无法读取"),
    "thousands of columns": (f"{HEAD}{',' * 5000}\n" + "x\n" * 100, "最多 200 列"),
    "HTML": ("<!DOCTYPE html>\n<title>登录</title>\n", "缺少列"),
}


@pytest.mark.parametrize(("file", "says"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_fails_whole_with_one_sentence(feed: Feed, file: str | bytes | Path, says: str) -> None:
    run = send(feed, file.read_bytes() if isinstance(file, Path) else file)
    assert run.state == FeedRun.State.FAILED
    assert says in run.error
    assert "\n" not in run.error
    assert (Offer.objects.count(), Rejection.objects.count(), RunPharmacy.objects.count()) == (0, 0, 0)


BROKEN_JSON = {
    "no JSON at all": (f"{HEAD}\n{GOOD}\n", "没有可读的记录"),
    "one array": (f'[{{"pharmacy_code": "{S}", "drug_code": "{D}", "price": 12.60}}]\n', "没有可读的记录"),
    "brackets without end": ("[" * 100_000 + "\n", "没有可读的记录"),
    "a field is missing everywhere": (f'{{"pharmacy_code": "{S}", "drug_code": "{D}"}}\n', "缺少列 price"),
    "another field on every line": ("".join(f'{{"field{n}": 1}}\n' for n in range(300)), "最多 200 列"),
}


@pytest.mark.parametrize(("text", "says"), BROKEN_JSON.values(), ids=BROKEN_JSON.keys())
def test_a_broken_json_file_fails_whole_with_one_sentence(feed: Feed, text: str, says: str) -> None:
    run = send(feed, text, format="jsonl")
    assert run.state == FeedRun.State.FAILED
    assert says in run.error
    assert "\n" not in run.error
    assert Offer.objects.count() == 0


@pytest.mark.parametrize("data", [b"", b" \r\n\n", b"\t"])
def test_an_empty_file_never_becomes_a_run(feed: Feed, data: bytes) -> None:
    with pytest.raises(Refused, match="空的") as refused:
        receive(feed=feed, data=data, at=AT, channel="push")
    assert refused.value.code == "empty"
    assert FeedRun.objects.count() == 0


def test_a_file_with_nothing_but_a_byte_order_mark_fails(feed: Feed) -> None:
    assert "空的" in send(feed, b"\xef\xbb\xbf\n").error


def test_a_file_over_the_limit_never_becomes_a_run(feed: Feed, settings: Any) -> None:
    settings.FEED_MAX_BYTES = 60
    with pytest.raises(Refused, match="超过 60 字节") as refused:
        receive(feed=feed, data=f"{HEAD}\n{GOOD}\n".encode(), at=AT, channel="push")
    assert refused.value.code == "too_large"
    assert FeedRun.objects.count() == 0


def test_the_command_says_in_one_line_what_is_wrong_and_exits_1(feed: Feed) -> None:
    stderr = io.StringIO()
    with redirect_stderr(stderr), pytest.raises(SystemExit) as exited:
        call_command("ingest_feed", "till", str(FEEDS / "utf16.csv"), stderr=stderr, stdout=io.StringIO())
    assert exited.value.code == 1
    assert stderr.getvalue().strip().count("\n") == 0
    assert "UTF-16" in stderr.getvalue()
    with pytest.raises(CommandError, match="找不到文件"):
        call_command("ingest_feed", "till", str(FEEDS / "none.csv"))


# -- files that read well in spite of their looks ---------------------------------------------------------------------

READ_WELL: dict[str, str | bytes | Path] = {
    "GB18030, columns by mapping": FEEDS / "gb18030.csv",
    "UTF-8 with mark, CRLF": FEEDS / "utf8_bom_crlf.csv",
    "CR only": f"{HEAD}\r{S},{D},12.60\r{GOOD}\r",
    "tabs": f"{HEAD}\n{S},{D},12.60\n{GOOD}\n".replace(",", "\t"),
    "semicolons, no newline at the end": f"{HEAD}\n{S},{D},12.60\n{GOOD}".replace(",", ";"),
    "any order and case, surplus blanks": f" PRICE ,Drug_Code,pharmacy_code\n 12.60 , {D} ,{S}\n9.80,{E.lower()},{S}\n",
    "blank lines and records": f"\n\n{HEAD}\n\n{S},{D},12.60\n , ,\n{GOOD}\n,,\n\n",
    "full-width digits and the yuan sign": f"{HEAD}\n{S},{D},￥１２．６０\n{S},{E},9.8元\n",
    "quoted commas and newlines": f'{HEAD},name\n{S},{D},12.60,"片,\n5mg"\n{GOOD},"say ""hi"""\n',
    "spreadsheet's own decimals": f"{HEAD}\n{S},{D},12.6000\n{S},{E},9.8\n",
    "a column without a name": f"{HEAD},\n{S},{D},12.60,\n{GOOD},\n",
    "line separators inside cells": f"{HEAD},name\n{S},{D},12.60,a\u2028b\n{GOOD},a\x0bb\x85c\n",
}


@pytest.mark.parametrize("file", READ_WELL.values(), ids=READ_WELL.keys())
def test_what_can_be_read_for_certain_is_read(feed: Feed, file: str | bytes | Path) -> None:
    run = send(feed, file.read_bytes() if isinstance(file, Path) else file)
    assert (run.state, reasons(run)) == ("published", {})
    assert prices() == {"D": "12.60", "E": "9.80"}


def test_unknown_columns_are_ignored_with_a_note(feed: Feed) -> None:
    run = send(feed, f"{HEAD},品名,memo\n{GOOD},阿莫西林胶囊,x\n")
    assert run.notes == ["已忽略不认识的列：品名、memo"]


@pytest.mark.parametrize(
    "line",
    [
        f'{{"pharmacy_code": "{S}", "drug_code": "{D}", "price": 12.60, "stock": null}}',
        f'{{"price": "12.6", "drug_code": "{D}", "pharmacy_code": "{S}", "effective_at": "{AT.isoformat()}"}}',
        f'{{"pharmacy_code": "{S}", "drug_code": "{D}", "price": 12.60, "name": "a\u2028b\x85\\u0000\\ud800"}}',
        f'\ufeff{{"pharmacy_code": "{S}", "drug_code": "{D}", "price": 12.60, "\\u0000": 1}}',
    ],
)
def test_json_lines_are_read_with_the_digits_they_were_sent_with(feed: Feed, line: str) -> None:
    run = send(feed, line + "\r\n\r\n", format="jsonl")
    assert (run.state, reasons(run)) == ("published", {})
    assert prices() == {"D": "12.60"}


# -- rows -------------------------------------------------------------------------------------------------------------

ROWS = {
    "code turned into a number": (f"{S},8.69E+13,12.60", ["drug_mangled"]),
    "code nobody knows": (f"{S},XC08CAB037A001010199999,12.60", ["drug_unknown"]),
    "no drug code": (f"{S},,12.60", ["drug_missing"]),
    "no pharmacy code": (f",{D},12.60", ["pharmacy_missing"]),
    "pharmacy nobody knows": (f"P42010699999,{D},12.60", ["pharmacy_unknown"]),
    "nothing is right": ("x,y,z", ["pharmacy_unknown", "drug_unknown", "price_unreadable"]),
    "negative": (f"{S},{D},-12.60", ["price_not_positive"]),
    "zero": (f"{S},{D},0.00", ["price_not_positive"]),
    "no price": (f"{S},{D}, ", ["price_missing"]),
    "absurd": (f"{S},{D},99999999", ["price_too_large"]),
    "absurdly long": (f"{S},{D},{'9' * 400}", ["price_too_large"]),
    "three decimals": (f"{S},{D},12.605", ["price_decimals"]),
    "a number in powers of ten": (f"{S},{D},1.26E1", ["price_unreadable"]),
    "a word": (f"{S},{D},面议", ["price_unreadable"]),
    "not a number": (f"{S},{D},NaN", ["price_unreadable"]),
    "a decimal comma": (f'{S},{D},"12,60"', ["price_unreadable"]),
    "a superscript digit": (f"{S},{D},12²", ["price_unreadable"]),
    "SQL": (f"{S},{D},1); DROP TABLE prices_offer; --", ["price_unreadable"]),
    "a cell too many": (f"{S},{D},12.60,surplus", ["ragged"]),
    "a cell too few": (f"{S},{D}", ["ragged"]),
    "a comma within a price": (f"{S},{D},1,234.50", ["ragged"]),
}


@pytest.mark.parametrize(("row", "why"), ROWS.values(), ids=ROWS.keys())
def test_a_bad_row_is_quarantined_with_its_line_and_the_others_go_on(feed: Feed, row: str, why: list[str]) -> None:
    run = send(feed, f"{HEAD}\n{GOOD}\n{row}\n")
    assert reasons(run) == {3: why}
    assert (run.rows, run.accepted, run.refused) == (2, 1, 1)
    assert prices() == {"E": "9.80"}


def test_a_price_with_thousands_is_read_in_quotes(feed: Feed) -> None:
    send(feed, f'{HEAD}\n{S},{D},"1,234.50"\n')
    assert prices() == {"D": "1234.50"}


DATED = f"{HEAD},effective_at,stock,kind,quantity"
CELLS = {
    "a time without zone": ("2026-11-21T08:00:00,in,,", ["time_invalid"]),
    "a day": ("2026-11-21,in,,", ["time_invalid"]),
    "no time": ("yesterday,in,,", ["time_invalid"]),
    "31 days ahead": (f"{(AT + timedelta(days=31)).isoformat()},in,,", ["time_too_far"]),
    "the last second of time": ("9999-12-31T23:59:59-23:59,in,,", ["time_too_far"]),
    "the first second of time": ("0001-01-01T00:00:00+23:59,in,,", ["time_too_old"]),
    "last century": ("1999-12-31T23:59:59+08:00,in,,", ["time_too_old"]),
    "a stock nobody knows": (",plenty,,", ["stock_unknown"]),
    "a negative stock": (",-1,,", ["stock_unknown"]),
    "a kind nobody knows": (",,wholesale,", ["kind_unknown"]),
    "what citizens see is not a feed's to say": (",,observed,", ["kind_unknown"]),
    "a settled price of next week": (f"{(AT + timedelta(days=7)).isoformat()},,settled,1", ["kind_not_scheduled"]),
    "no quantity": (",,settled,0", ["quantity_invalid"]),
    "half a quantity": (",,settled,1.5", ["quantity_invalid"]),
}


@pytest.mark.parametrize(("cells", "why"), CELLS.values(), ids=CELLS.keys())
def test_a_bad_cell_is_named(feed: Feed, cells: str, why: list[str]) -> None:
    run = send(feed, f"{DATED}\n{S},{D},12.60,{cells}\n")
    assert reasons(run) == {2: why}
    assert prices() == {}


REPEATS = {
    "the same row twice": ((f"{D},12.60,", f"{D},12.60,"), {3: ["repeated"]}, "12.60"),
    "two prices": ((f"{D},12.60,", f"{D},13.00,"), {2: ["duplicate"], 3: ["duplicate"]}, None),
    "the same code in other letters": (
        (f"{D},12.60,", f"{D.lower()},13.00,"),
        {2: ["duplicate"], 3: ["duplicate"]},
        None,
    ),
    "a newer price first": (
        (f"{D},13.00,2026-11-21T09:00:00+08:00", f"{D},12.60,2026-11-21T00:00:00+00:00"),
        {3: ["superseded_in_file"]},
        "13.00",
    ),
    "a price of now and one of tomorrow": ((f"{D},12.60,", f"{D},13.00,2026-11-22T08:00:00+08:00"), {}, "12.60"),
}


@pytest.mark.parametrize(("rows", "why", "shown"), REPEATS.values(), ids=REPEATS.keys())
def test_several_rows_for_one_price(feed: Feed, rows: tuple[str, str], why: dict[int, Any], shown: str | None) -> None:
    text = "\n".join([f"{HEAD},effective_at", *(f"{S},{row}" for row in rows), ""])
    assert reasons(send(feed, text)) == why
    assert prices().get("D") == shown


def test_lines_are_those_of_the_file_also_after_newlines_inside_cells(feed: Feed) -> None:
    run = send(feed, f'\n{HEAD},name\n{GOOD},"one\ntwo\n\nthree"\n\n{S},{D},abc,"x\ny"\n{S},{D},-1,z\n')
    assert reasons(run) == {8: ["price_unreadable"], 10: ["price_not_positive"]}


def test_a_file_that_stops_in_the_middle_of_a_record_withdraws_nothing(feed: Feed) -> None:
    send(feed, f"{HEAD}\n{S},{D},12.60\n{GOOD}\n", mode="snapshot")
    run = send(feed, f"{HEAD}\n{GOOD}\n{S},XC08CAB0", mode="snapshot")
    assert (run.state, reasons(run), run.withdrawn) == ("published", {3: ["cut"]}, 0)
    assert prices() == {"D": "12.60", "E": "9.80"}


JSON_ROWS = {
    "a broken line": (f'{{"pharmacy_code": "{S}", "drug_code": ', ["ragged"]),
    "a list": ("[1, 2]", ["ragged"]),
    "a field twice": (f'{{"pharmacy_code": "{S}", "drug_code": "{D}", "price": 1, "price": 2}}', ["ragged"]),
    "a nested price": (f'{{"pharmacy_code": "{S}", "drug_code": "{D}", "price": {{"yuan": 12}}}}', ["price_unreadable"]),
    "true": (f'{{"pharmacy_code": "{S}", "drug_code": "{D}", "price": true}}', ["price_unreadable"]),
    "a float's digits": (f'{{"pharmacy_code": "{S}", "drug_code": "{D}", "price": 12.600000000000001}}', ["price_decimals"]),
    "infinity": (f'{{"pharmacy_code": "{S}", "drug_code": "{D}", "price": Infinity}}', ["price_unreadable"]),
    "a NUL in a code": (f'{{"pharmacy_code": "{S}\\u0000", "drug_code": "{D}\\u0000", "price": 1}}', ["pharmacy_unknown", "drug_unknown"]),
    "half a character": (f'{{"pharmacy_code": "{S}", "drug_code": "\\ud83d", "price": 1}}', ["drug_unknown"]),
}  # fmt: skip


@pytest.mark.parametrize(("line", "why"), JSON_ROWS.values(), ids=JSON_ROWS.keys())
def test_a_bad_json_row_is_quarantined_and_the_others_go_on(feed: Feed, line: str, why: list[str]) -> None:
    good = f'{{"pharmacy_code": "{S}", "drug_code": "{E}", "price": 9.80}}'
    run = send(feed, f"{good}\n{line}\n", format="jsonl")
    assert reasons(run) == {2: why}
    assert prices() == {"E": "9.80"}


# -- what a till does in real life ------------------------------------------------------------------------------------


def test_a_till_export_is_sorted_out_row_by_row(feed: Feed) -> None:
    run = send(feed, (FEEDS / "till_export.csv").read_bytes(), mode="snapshot")
    assert reasons(run) == {3: ["drug_mangled"], 4: ["price_not_positive"]}
    assert (run.rows, run.accepted) == (3, 1)


def test_corrected_rejections_may_be_sent_as_they_are(feed: Feed) -> None:
    run = send(feed, (FEEDS / "rejections_sent_again.csv").read_bytes())
    assert reasons(run) == {3: ["drug_unknown"]}
    assert prices() == {"D": "12.60"}
    header, row = "".join(outcome.rejections_csv(run)).splitlines()
    assert header == "pharmacy_code,drug_code,price,line,reason,advice"
    assert row.startswith(f"{S},NOBODY,9.80,3,药品代码不在产品库里,")


def test_blank_records_of_a_spreadsheet_name_nobody_and_block_nothing(feed: Feed) -> None:
    send(feed, f"{HEAD}\n{S},{D},12.60\n{GOOD}\n", mode="snapshot")
    extra = "".join(f"{S},{f.drug().code},10.00\n" for _ in range(2))
    run = send(feed, f"{HEAD}\n{GOOD}\n{extra},,\n,,\n", mode="snapshot")
    assert (run.rows, run.withdrawn) == (3, 1)


@pytest.mark.parametrize("sign", [",", "x", "x\t", '"'])
def test_a_first_line_without_end_is_refused_before_it_is_taken_apart(sign: str) -> None:
    with pytest.raises(FileProblem, match="太长"):
        read.read((sign * 5_000_000).encode(), format="csv", mapping={}, one_shop=False)


@pytest.mark.parametrize("depth", [*range(100, 1100, 40), 100_000])
def test_a_record_within_records_without_end_is_a_row_that_is_sent_back(depth: int) -> None:
    nested = '{"drug_code": ' + "[" * depth + "]" * depth + "}"
    good = f'{{"pharmacy_code": "{S}", "drug_code": "D", "price": "1"}}'
    sheet = read.read(f"{good}\n{nested}\n{good}\n".encode(), format="jsonl", mapping={}, one_shop=False)
    assert sheet.rows.height == 3


def test_reading_gives_every_line_its_number_however_even_the_file() -> None:
    text = f"{HEAD}\n" + "".join(f"{S},{n},1.00\n" for n in range(1000))
    even = read.read(text.encode(), format="csv", mapping={}, one_shop=False)
    uneven = read.read((text + f"{S},x\n").encode(), format="csv", mapping={}, one_shop=False)
    assert even.rows["#line"].to_list() == list(range(2, 1002))
    assert uneven.rows.head(1000).select(even.rows.columns).equals(even.rows)


def test_a_stored_file_that_a_killed_writer_left_half_is_written_again(feed: Feed) -> None:
    data = f"{HEAD}\n{GOOD}\n".encode()
    sha256 = store.digest(data)
    default_storage.save(f"feeds/{sha256[:2]}/{sha256}.gz", ContentFile(b"\x1f\x8b\x08\x00half"))
    assert send(feed, data).state == "published"
    assert PriceChange.objects.count() == 1
