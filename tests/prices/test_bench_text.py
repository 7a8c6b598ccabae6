"""What people type finds what they mean, on a generated catalogue; and the arithmetic of the reports."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from catalog import generated, search
from prices.bench import measured, percentile
from prices.bench.queries import CODES, Query, queries
from prices.bench.text import beginnings, by_icontains, missed, took

PRODUCTS = 6_000
RIGHT = 0.95
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db
def test_of_two_hundred_queries_95_in_100_have_the_expected_product_first() -> None:
    generated.load(generated.products(PRODUCTS))
    asked = queries()
    wrong = [sentence for query in asked if (sentence := missed(query, lambda q: search.drugs(q, limit=20)))]
    assert len(asked) >= 200
    assert len(wrong) <= len(asked) * (1 - RIGHT), "\n".join(wrong)


def test_the_table_covers_every_way_to_ask() -> None:
    text = (ROOT / "prices/bench/queries.csv").read_text(encoding="utf-8")
    assert all(code in text for code in CODES)
    kinds = {line.rsplit(",", 1)[1] for line in text.strip().splitlines()[1:]}
    assert kinds >= {"pinyin", "initials", "one character off", "codes", "trade names", "strengths and packs"}


def test_a_wrong_first_hit_is_told_in_words() -> None:
    query = Query("阿莫西林", "阿莫西林胶囊", "", "", "whole names")
    assert missed(query, lambda q: []) == "whole names: 阿莫西林 -> nothing, not 阿莫西林胶囊"


@pytest.mark.django_db
def test_the_alternative_is_asked_the_same() -> None:
    generated.load(generated.products(50))
    (first, *_rest) = by_icontains("氨氯地平", 20)
    assert "氨氯地平" in first.preparation.generic_name
    assert by_icontains("  ", 20) == []
    assert took(lambda q: by_icontains(q, 20), "氨氯地平") > 0
    assert took(lambda q: [], "氨氯地平") == 0


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(number) for number in range(1, 101)]
    assert [percentile(values, part) for part in (0.5, 0.95, 0.99, 1.0)] == [50.0, 95.0, 99.0, 100.0]
    assert percentile([7.0], 0.5) == 7.0
    assert measured("case", "system", [1.0, 2.0, 3.0]).p50_ms == 2.0


def test_a_field_holds_every_beginning_while_somebody_types() -> None:
    assert beginnings("aml") == ["a", "am", "aml"]


def test_a_database_that_is_not_for_measuring_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YAOBI_BENCH", raising=False)
    with pytest.raises(CommandError, match="bin/bench"):
        call_command("bench", "text", stdout=StringIO())


@pytest.mark.parametrize(
    "arguments", [[], ["nonsense"], ["text", "--quick"], ["text", "--full"], ["http", "--restart"], ["http", "--tenth"]]
)
def test_wrong_usage_is_told_with_status_2(arguments: list[str], tmp_path: Path) -> None:
    env = {**os.environ, "YAOBI_VAR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, ROOT / "bin/bench", *arguments], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "usage: bin/bench" in done.stderr
    assert json.dumps(os.listdir(tmp_path)) == "[]"
