"""bin/bench: measurements on generated data, on services of their own below var/bench that end with the command."""

import argparse
from dataclasses import replace

import console
import install
import place as places
from application import Application, environment
from keeper import Services
from place import Place

SUBJECTS = {"text": "finding a drug among 170,000: suggestions, search, and whether what was meant stands first"}


def bench(arguments: list[str]) -> int:
    """The measurement's exit status. The report goes to stdout, steps and progress to stderr."""
    options = _parser().parse_args(arguments)
    place = _place()
    if places.try_lock(place.var / "bench.lock") is None:
        raise console.Failed("bin/bench is already running in this checkout", advice="wait for it, or stop it")
    programs = install.install(place, services=True)
    with Services(place, programs) as services:
        # Generated data are written over whatever is there: the command does so only where it is told that it may.
        env = environment(place, programs, services) | {"YAOBI_BENCH": "1", "DEBUG": "0"}
        application = Application(place, env, private=True)
        application.migrate()
        status = application.run("bench", options.subject, *(["--json"] if options.json else []))
    return status if status >= 0 else 128 - status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bin/bench", description="Generates data, measures, prints a table. Nothing of bin/serve is touched."
    )
    parser.add_argument(
        "subject", choices=SUBJECTS, help="; ".join(f"{name}: {what}" for name, what in SUBJECTS.items())
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return parser


def _place() -> Place:
    usual = places.find()
    place = replace(usual, var=usual.var / "bench")
    place.logs.mkdir(parents=True, exist_ok=True)
    return place
