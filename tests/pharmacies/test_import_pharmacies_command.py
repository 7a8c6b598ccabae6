"""`import_pharmacies` as an operator calls it: counts, error files, one clear line."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from .import_world import BASE, FULL, file_of, two_counties  # noqa: F401  the fixture is autouse

pytestmark = pytest.mark.django_db


def run(tmp_path: Path, *args: str, data: bytes) -> str:
    file = tmp_path / "in.csv"
    file.write_bytes(data)
    out = io.StringIO()
    call_command("import_pharmacies", str(file), *args, stdout=out)
    return out.getvalue()


def test_json_is_one_line_with_exactly_the_counts(tmp_path: Path) -> None:
    line = run(tmp_path, "--json", data=file_of(FULL))
    counts = json.loads(line)
    assert line.count("\n") == 1
    assert {**counts, "seconds": 0} == {
        "rows": 1,
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "refused": 0,
        "seconds": 0,
    }


def test_the_summary_counts_and_notes_unknown_columns(tmp_path: Path) -> None:
    told = run(tmp_path, "--dry-run", data=file_of(FULL | {"备注": "x"}))
    assert "忽略了不认识的列：备注" in told
    assert "新增 1" in told
    assert "试运行" in told


def test_refused_rows_go_to_a_file_with_their_own_columns(tmp_path: Path) -> None:
    bad = {"备注": "甲", **BASE, "uscc": "x"}
    with pytest.raises(CommandError, match="1 行有误，没有导入任何内容；第 3 行") as refused:
        run(tmp_path, data=file_of({**bad, "uscc": "", "code": "P42010600002"}, bad))
    assert refused.value.returncode == 1
    assert "\n" not in str(refused.value)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "in.errors.csv").read_text(encoding="utf-8-sig"))))
    assert [row["reason"] for row in rows] == ["uscc_form"]
    assert list(rows[0]) == [*bad, "line", "reason", "advice"]
    assert {name: rows[0][name] for name in bad} == bad
    assert rows[0]["line"] == "3"


def test_errors_go_where_they_are_wanted_and_to_var_when_the_place_is_read_only(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = file_of(BASE | {"kind": "x"})
    with pytest.raises(CommandError, match=r"wanted\.csv"):
        run(tmp_path, "--errors", str(tmp_path / "wanted.csv"), data=data)
    assert (tmp_path / "wanted.csv").exists()
    settings.VAR = tmp_path / "var"
    (tmp_path / "in.errors.csv").mkdir()  # a place that cannot be written
    with pytest.raises(CommandError, match=r"var/errors/in\.errors\.csv"):
        run(tmp_path, data=data)
    assert (tmp_path / "var" / "errors" / "in.errors.csv").exists()


def test_a_corrected_error_file_can_be_imported(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        run(tmp_path, data=file_of(FULL | {"uscc": "x"}))
    text = (tmp_path / "in.errors.csv").read_text(encoding="utf-8-sig").replace(",x,", f",{FULL['uscc']},")
    assert '"created": 1' in run(tmp_path, "--json", data=text.encode())


def test_refused_json_says_so_on_stdout(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_bytes(file_of(BASE | {"kind": "x"}))
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("import_pharmacies", str(file), "--json", stdout=out)
    assert json.loads(out.getvalue())["refused"] == 1


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "找不到文件"),
        (lambda path: path.mkdir(), "文件夹"),
        (lambda path: path.write_bytes(b""), "空的"),
        (lambda path: path.write_text("code,name\n1,2\n"), "缺少列：kind、address"),
        (lambda path: path.write_bytes(file_of(BASE) + "头孢".encode("gb18030")), "混用"),
    ],
    ids=["missing", "folder", "empty", "columns", "mixed"],
)
def test_a_file_that_cannot_be_read_is_one_clear_line(tmp_path: Path, make: Any, says: str) -> None:
    make(tmp_path / "in.csv")
    with pytest.raises(CommandError, match=says) as refused:
        call_command("import_pharmacies", str(tmp_path / "in.csv"))
    assert (refused.value.returncode, "\n" in str(refused.value)) == (1, False)
