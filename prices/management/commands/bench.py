import json
import os
import platform
from argparse import ArgumentParser
from dataclasses import asdict
from importlib import import_module
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from prices.bench import Measured, Report


class Command(BaseCommand):
    help = "Measure on generated data, in a database of its own: run bin/bench."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("subject", choices=["text", "search", "http", "desk", "monitoring"])
        parser.add_argument("--full", action="store_true")
        parser.add_argument("--tenth", action="store_true")
        parser.add_argument("--restart", action="store_true")
        parser.add_argument("--quick", action="store_true")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if os.environ.get("YAOBI_BENCH") != "1":
            raise CommandError("This replaces the data of the database. Run bin/bench: it has one of its own.")
        # Only what is measured is imported: a measurement may define models and open connections.
        before = machine()
        report: Report = import_module(f"prices.bench.{options['subject']}").run(options, self.stderr.write)
        if options["json"]:
            found = {"machine": before, "rows": [filled(row) for row in report.rows], **report.more}
            self.stdout.write(json.dumps(found, ensure_ascii=False))
        else:
            self.stdout.write(
                "\n".join([", ".join(f"{name} {value}" for name, value in before.items()), *report.lines])
            )


def filled(row: Measured) -> dict[str, object]:
    return {name: value for name, value in asdict(row).items() if value is not None}


def machine() -> dict[str, object]:
    """What the numbers are measured on, and how busy it was before."""
    load = os.getloadavg()[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_setting('shared_buffers')")
        version, buffers = cursor.fetchone()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1 << 30)
    return {
        "cpus": os.cpu_count(), "memory_gb": memory, "load": round(load, 2), "postgresql": version,
        "shared_buffers": buffers, "python": platform.python_version(),
    }  # fmt: skip
