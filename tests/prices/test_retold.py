"""What workers wrote in Chinese is read in English, and nothing else is touched."""

import polars as pl
import pytest
from django.utils.translation import gettext, override

from pharmacies.files import FileProblem
from prices.ingest.read import read
from prices.ingest.retold import SENTENCES, retold
from prices.ingest.stage import Staged, hold_reasons


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
    }
    said |= {"moved": 5, "compared": 50, "move": 50, "gone": 7, "live": 70, "shops": 3}
    said |= {"names": "柜台、100%", "missing": "price", "our": "price", "a": "甲", "b": "乙", "error": "x"}
    for sentence in SENTENCES:
        written = sentence % said
        with override("zh-hans"):
            assert retold(written) == written
        with override("en"):
            assert retold(written) == gettext(sentence) % said


def test_what_somebody_else_wrote_stays() -> None:
    with override("en"):
        assert retold("店长说：先等等") == "店长说：先等等"
        assert retold("") == ""
