"""bin/bench: measurements on generated data, on services of their own below var/bench that end with the command."""

import argparse
import shutil
from dataclasses import replace
from pathlib import Path

import console
import install
import place as places
from application import Application, environment
from apt import PrivateApt
from keeper import Services
from place import Place
from programs import libraries

SUBJECTS = {
    "text": "finding a drug among 170,000: suggestions, search, and whether what was meant stands first",
    "search": "nearest, cheapest, value, frontier and baskets on a generated province, beside what could be used instead",
    "desk": "staff pages, an edit until citizens see it, a spreadsheet of 100,000 rows, with real workers",
    "monitoring": "detectors over a day's changes, the night, a back-test, console pages; then real price lists",
    "http": "GET offers complete, with 8 connections, beside an empty view and a bare one",
}
OF_PROVINCE = ("search", "http", "desk", "monitoring")


def bench(arguments: list[str]) -> int:
    """The measurement's exit status. The report goes to stdout, steps and progress to stderr."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.full and options.subject not in OF_PROVINCE:
        parser.error("--full is for search, http, desk and monitoring")
    if (options.restart or options.quick) and options.subject != "search":
        parser.error("--restart and --quick are for search")
    if options.tenth and options.subject not in ("search", "monitoring"):
        parser.error("--tenth is for search and monitoring")
    if options.full and options.tenth:
        parser.error("--full or --tenth: a province has one size")
    place = _place()
    if places.try_lock(place.var / "bench.lock") is None:
        raise console.Failed("bin/bench is already running in this checkout", advice="wait for it, or stop it")
    programs = install.install(place, services=True)
    more = _wrk(place) if options.subject == "http" else {}
    with Services(place, programs) as services:
        # Generated data are written over whatever is there: the command does so only where it is told that it may.
        env = environment(place, programs, services) | {"YAOBI_BENCH": "1", "DEBUG": "0"} | more
        application = Application(place, env, private=True)
        application.migrate()
        if options.subject in ("desk", "monitoring"):
            application.collect_static()
        flags = [f"--{name}" for name in ("full", "tenth", "restart", "quick", "json") if getattr(options, name)]
        status = application.run("bench", options.subject, *flags)
    return status if status >= 0 else 128 - status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bin/bench", description="Generates data, measures, prints a table. Nothing of bin/serve is touched."
    )
    parser.add_argument(
        "subject", choices=SUBJECTS, help="; ".join(f"{name}: {what}" for name, what in SUBJECTS.items())
    )
    parser.add_argument(
        "--full", action="store_true", help="60 million offers instead of 6 (search, http, desk, monitoring)"
    )
    parser.add_argument(
        "--tenth",
        action="store_true",
        help="a tenth of the pharmacies with 2,000 offers each, 6 million in all (search, monitoring)",
    )
    parser.add_argument(
        "--restart", action="store_true", help="measure once more after a restart of PostgreSQL (search)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="three places instead of twenty: a look, not a measurement"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return parser


def _place() -> Place:
    usual = places.find()
    place = replace(usual, var=usual.var / "bench")
    place.logs.mkdir(parents=True, exist_ok=True)
    return place


def _wrk(place: Place) -> dict[str, str]:
    """Where the load generator is: the machine's own, or a private copy; without one the measurement uses its own."""
    private = place.sys / "usr/bin/wrk"
    found = shutil.which("wrk")
    if not found and not private.exists():
        try:
            PrivateApt(place).fetch("wrk", what="wrk", forget="wrk")
        except console.Failed as error:
            console.say(f"  --  no wrk: {error.what}; requests are made in Python")
            return {}
    # The copy may have brought libraries into a folder that was not there before.
    return {"WRK": str(Path(found) if found else private)} | libraries(place)
