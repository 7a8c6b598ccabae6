"""Finds PostgreSQL with PostGIS, Redis, GDAL and a browser on this machine, or fetches private copies of them."""

import ctypes.util
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import console
from apt import PrivateApt
from place import Place, Stamp

OLDEST_POSTGRES = 15
CHINESE_FONT = "fonts-wqy-microhei"
BY_HAND = """install PostgreSQL 15 or newer with PostGIS, Redis and GDAL with your system's package manager;
    where they are not on PATH, run them yourself and say where they are, then start again:
      export DATABASE_URL='postgresql://yaobi_app:PASSWORD@HOST/yaobi'
      export DATABASE_OWNER_URL='postgresql://yaobi_owner:PASSWORD@HOST/yaobi'
      export DATABASE_SEARCH_URL='postgresql://yaobi_search:PASSWORD@HOST/yaobi'
      export REDIS_URL='redis://HOST:6379/0'
    docs/operations.md says how to make the three roles"""


@dataclass(frozen=True)
class Programs:
    """Where the programs are. `libraries` is the environment that programs linked against private libraries need."""

    pg_bin: Path | None = None
    redis: Path | None = None
    libraries: dict[str, str] = field(default_factory=dict)
    browser: dict[str, str] = field(default_factory=dict)


def find(place: Place, apt: PrivateApt, *, services: bool) -> Programs:
    """What is needed to run: PostgreSQL and Redis (unless they are elsewhere) and GDAL; fetched when missing."""
    if services:
        pair = _services(place)
        if pair is None:
            _fetch_services(place, apt)
            pair = _services(place)
        if pair is None:
            raise console.Failed("found no usable PostgreSQL with PostGIS and Redis", advice=BY_HAND, log=apt.log)
        return Programs(pg_bin=pair[0], redis=pair[1], libraries=libraries(place))
    if not _library(place, "libgdal.so.*") and not ctypes.util.find_library("gdal"):
        _fetch(place, apt, "geo", r"^libgdal[0-9]+(t64)?$", [], what="GDAL", forget="(?!)")
    return Programs(libraries=libraries(place))


def _services(place: Place) -> tuple[Path, Path] | None:
    """(directory of the PostgreSQL programs, redis-server): the machine's own pair first, then the private pair."""
    made_by = place.pg / "PG_VERSION"
    wanted = int(made_by.read_text()) if made_by.exists() else None
    system_redis = shutil.which("redis-server")
    private_redis = place.sys / "usr/bin/redis-server"
    private_ready = Stamp(place.sys / ".services").holds(_release("services"))
    pairs = [(path, Path(system_redis)) for path in _system_postgres()] if system_redis else []
    if private_ready and private_redis.exists():
        pairs += [(path, private_redis) for path in _debian_postgres(place.sys)]
    usable = [pair for pair in pairs if _version(pair[0]) == wanted] if wanted else pairs
    if wanted and pairs and not usable and private_ready:
        raise console.Failed(
            f"{place.pg} was made by PostgreSQL {wanted}, which is no longer here",
            advice=f"install postgresql-{wanted} with PostGIS, or move {place.pg} away to start with an empty database",
        )
    return usable[0] if usable else None


def _debian_postgres(prefix: Path) -> Iterator[Path]:
    """Directories of PostgreSQL servers that have PostGIS, newest first, in Debian's layout."""
    servers = [path for path in (prefix / "usr/lib/postgresql").glob("*/bin/postgres") if path.parts[-3].isdecimal()]
    for server in sorted(servers, key=lambda path: int(path.parts[-3]), reverse=True):
        version = server.parts[-3]
        extension = prefix / "usr/share/postgresql" / version / "extension" / "postgis.control"
        if extension.exists() and int(version) >= OLDEST_POSTGRES:
            yield server.parent


def _system_postgres() -> Iterator[Path]:
    yield from _debian_postgres(Path("/"))
    config = shutil.which("pg_config")
    if config and not Path("/etc/debian_version").exists():
        ask = [config, "--bindir", "--sharedir"]
        answer = subprocess.run(ask, capture_output=True, text=True, check=False).stdout.splitlines()
        if len(answer) == 2:
            bindir, share = Path(answer[0]), Path(answer[1])
            if (bindir / "postgres").exists() and (share / "extension/postgis.control").exists():
                yield bindir


def _version(pg_bin: Path) -> int:
    """The major version; 0 when the program does not even start."""
    out = subprocess.run([pg_bin / "pg_config", "--version"], capture_output=True, text=True, check=False).stdout
    numbers = re.search(r"(\d+)", out) or re.search(r"/postgresql/(\d+)/", str(pg_bin))
    return int(numbers[1]) if numbers else 0


def _release(kind: str) -> str:
    """A fetched tree fits one release on one kind of machine."""
    try:
        system = platform.freedesktop_os_release()
    except OSError:
        system = {}
    return f"{kind} {system.get('ID')} {system.get('VERSION_ID')} {platform.machine()} 1"


def _fetch_services(place: Place, apt: PrivateApt) -> None:
    if not apt.available():
        raise console.Failed("no PostgreSQL with PostGIS and no Redis on this machine, and no apt", advice=BY_HAND)
    _fetch(
        place,
        apt,
        "services",
        r"^postgresql-[0-9]+-postgis-3$",
        ["redis-server", "redis-tools"],
        what="PostgreSQL, PostGIS and Redis",
        forget="postgresql|redis",
    )
    # On an installed system update-alternatives makes these links.
    for control in place.sys.glob("usr/share/postgresql/*/extension/*-3.control"):
        link = control.with_name(control.name.replace("-3.control", ".control"))
        if not link.exists():
            link.symlink_to(control.name)


def _fetch(place: Place, apt: PrivateApt, kind: str, pattern: str, more: list[str], *, what: str, forget: str) -> None:
    stamp = Stamp(place.sys / f".{kind}")
    if stamp.holds(_release(kind)):
        return
    first = apt.newest(pattern)
    if first is None:
        raise console.Failed(f"apt knows no package like {pattern}", advice=BY_HAND, log=apt.log)
    apt.fetch(first, *more, what=what, forget=forget)
    stamp.set(_release(kind))


# --- libraries -----------------------------------------------------------------------------------
def _library_folders(place: Place) -> list[Path]:
    """Library directories of the private tree; some packages keep theirs in a folder that only a real install knows."""
    folders = []
    for multiarch in place.sys.glob("usr/lib/*-linux-gnu*"):
        folders += [multiarch, *(multiarch / name for name in ("blas", "lapack", "pulseaudio"))]
    folders += [place.sys / "usr/lib", *place.sys.glob("lib/*-linux-gnu*")]
    return [folder for folder in folders if folder.is_dir()]


def _library(place: Place, pattern: str) -> Path | None:
    for folder in [*_library_folders(place), *Path("/usr/lib").glob("*-linux-gnu*")]:
        found = sorted(folder.glob(pattern), key=lambda path: len(path.name))
        if found:
            return found[0]
    return None


def libraries(place: Place) -> dict[str, str]:
    """Environment for everything that loads GDAL, GEOS or PROJ: the servers and Django. Not for other programs."""
    env: dict[str, str] = {}
    folders = _library_folders(place)
    if folders:
        before = [os.environ["LD_LIBRARY_PATH"]] if os.environ.get("LD_LIBRARY_PATH") else []
        env["LD_LIBRARY_PATH"] = ":".join([*map(str, folders), *before])
    for name, folder in (("PROJ_DATA", "usr/share/proj"), ("GDAL_DATA", "usr/share/gdal")):
        if (place.sys / folder).is_dir():
            env[name] = str(place.sys / folder)
    gdal, geos = _library(place, "libgdal.so.*"), _library(place, "libgeos_c.so.*")
    if gdal and geos:
        env |= {"GDAL_LIBRARY_PATH": str(gdal), "GEOS_LIBRARY_PATH": str(geos)}
    return env


# --- the browser of the tests --------------------------------------------------------------------
def find_browser(place: Place, apt: PrivateApt) -> dict[str, str]:
    """CHROMIUM (and fonts that draw Chinese) for the browser tests; empty, with a line that says so, when there is none."""
    program = _system_browser()
    fonts = _draws_chinese()
    wanted = [] if program else ["chromium-headless-shell"]
    wanted += [] if fonts else [CHINESE_FONT]
    stamp = Stamp(place.sys / ".browser")
    if wanted and not stamp.holds(_release(" ".join(wanted))):
        try:
            apt.fetch(*wanted, what="browser and Chinese font", forget="chromium|fonts-wqy")
        except console.Failed as error:
            console.say(f"  --  no browser for the browser tests: {error.what}; install chromium to run them")
            return {}
        stamp.set(_release(" ".join(wanted)))
    env = {"CHROMIUM": str(program or place.sys / "usr/lib/chromium/chromium-headless-shell")}
    if not fonts:
        env["FONTCONFIG_FILE"] = str(_font_settings(place))
    return env


def _system_browser() -> Path | None:
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
    for found in filter(None, map(shutil.which, names)):
        # A snap sees neither the checkout nor /tmp; Ubuntu's chromium-browser is a stub for one.
        if "/snap/" not in os.path.realpath(found) and b"snap" not in Path(found).read_bytes()[:2000]:
            return Path(found)
    return None


def _draws_chinese() -> bool:
    if not shutil.which("fc-list"):
        return False
    listed = subprocess.run(["fc-list", ":lang=zh-cn", "family"], capture_output=True, text=True, check=False)
    return bool(listed.stdout.strip())


def _font_settings(place: Place) -> Path:
    path = place.tools / "fonts.conf"
    path.write_text(
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig>\n'
        f"<dir>{place.sys}/usr/share/fonts</dir><dir>/usr/share/fonts</dir>\n"
        f"<cachedir>{place.tools}/cache/fontconfig</cachedir>\n</fontconfig>\n"
    )
    return path
