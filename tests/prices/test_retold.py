"""What workers wrote in Chinese is read in English, and nothing else is touched."""

import ast
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from django.utils.translation import gettext, override

from pharmacies.files import FileProblem
from prices.ingest.read import read
from prices.ingest.retold import PARTS, SENTENCES, retold
from prices.ingest.stage import Staged, hold_reasons

ROOT = Path(__file__).resolve().parents[2]


def held() -> list[str]:
    """All reasons for which a delivery is held, as a worker writes them."""
    refused = pl.DataFrame({"line": list(range(50))})
    staged = Staged(refused, [(1, 50)], rows=100, compared=100, moved=60, withdrawals=[(100, 50)])
    with override("zh-hans"):
        return hold_reasons(staged)


def test_why_a_delivery_waits_is_said_in_the_readers_language() -> None:
    written = held()
    assert len(written) == 4
    with override("zh-hans"):
        assert [retold(text) for text in written] == written
    with override("en"):
        told = [retold(text) for text in written]
    assert all(text.isascii() for text in told), told
    assert all(each in told[0] for each in ("50", "100", "10%"))


def test_names_and_line_numbers_go_with_the_sentence() -> None:
    with override("zh-hans"):
        notes = read("drug_code,price,柜台\nX,1.00,3\n".encode(), format="csv", mapping={}, one_shop=True).notes
        with pytest.raises(FileProblem) as problem:
            read("drug_code,柜台\nX,3\n".encode(), format="csv", mapping={}, one_shop=True)
    with override("en"):
        assert retold(notes[0]).endswith("柜台")
        assert retold(notes[0]) != notes[0]
        assert "price" in retold(str(problem.value))
        assert "请" not in retold(str(problem.value))


def test_every_sentence_comes_back_as_it_was_written() -> None:
    said: dict[str, int | str] = {
        "line": 12,
        "columns": 300,
        "limit": 200,
        "utf8": 3,
        "other": 4,
        "refused": 5,
        "rows": 50,
        "n": 9000,
    }
    said |= {"moved": 5, "compared": 50, "move": 50, "gone": 7, "live": 70, "shops": 3}
    said |= {"times": "10.0 倍", "unit": "袋", "place": "全县", "share": 97, "amount": "12.60", "format": "PDF 文件"}
    said |= {"names": "柜台、100%", "missing": "price", "our": "price", "a": "甲", "b": "乙", "error": "x"}
    for sentence in SENTENCES:
        written = sentence % said
        with override("zh-hans"):
            assert retold(written) == written
        with override("en"):
            words = {
                "times": "10.0 times",
                "unit": gettext("袋"),
                "place": gettext("全县"),
                "format": gettext("PDF 文件"),
            }
            assert retold(written) == gettext(sentence) % (said | words)


def test_what_somebody_else_wrote_stays() -> None:
    with override("en"):
        assert retold("店长说：先等等") == "店长说：先等等"
        assert retold("") == ""


def test_words_within_a_sentence_are_retold_with_it_and_names_are_not() -> None:
    with override("en"):
        assert "10.0 times" in retold("是您上次价格的 10.0 倍")
        assert "1.0%" in retold("是您上次价格的 1.0%")
        assert "片" not in retold("像是一片的价格")
        assert "神农架林区" in retold("高于神农架林区 97% 的药店")  # no word of ours
        assert retold("已忽略不认识的列：片").endswith("片")  # a column's name is the sender's
        assert retold("10.0 倍") == "10.0 倍"  # a part of a sentence is none


WRITTEN = (
    *("pharmacies/files.py", "prices/ingest/read.py", "prices/ingest/stage.py", "prices/desk/unusual.py"),
    *("prices/desk/sheets/reading.py", "prices/desk/sheets/workbook.py", "prices/desk/sheets/work.py"),
)
"""Where workers write sentences that a page shows."""
ELSEWHERE = {"read_bytes", "read_table", "_records", "_header", "_ragged"}
"""Functions of `files` for imports, whose sentences go to who ran them; and below, what is part of a sentence."""
NAMES = {"%(name)s（%(column)s 列）"}


def test_every_sentence_with_something_filled_in_can_be_retold() -> None:
    found = set()
    for path in WRITTEN:
        for part in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
            if not (path == "pharmacies/files.py" and getattr(part, "name", "") in ELSEWHERE):
                found |= set(_sentences(part))
    assert len(found) > 20
    assert found - {*SENTENCES, *PARTS} == NAMES


def _sentences(part: ast.AST) -> Iterator[str]:
    for node in ast.walk(part):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"_", "gettext"}:
            said = node.args[0]
            if isinstance(said, ast.Constant) and "%(" in str(said.value):
                yield str(said.value)
