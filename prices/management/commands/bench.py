import json
import os
import platform
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from prices.bench import Measured, catalogue, text


class Command(BaseCommand):
    help = "Measure on generated data, in a database of its own: run bin/bench."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("subject", choices=["text"])
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if os.environ.get("YAOBI_BENCH") != "1":
            raise CommandError("This replaces the catalogue of the database. Run bin/bench: it has one of its own.")
        catalogue.ready(text.PRODUCTS, self.stderr.write)
        self.stderr.write("measuring …")
        rows, missed = text.run()
        if options["json"]:
            shown = [{name: value for name, value in asdict(row).items() if value is not None} for row in rows]
            self.stdout.write(json.dumps({"machine": machine(), "rows": shown, "missed": missed}, ensure_ascii=False))
        else:
            self.stdout.write("\n".join([*table(rows), *missed]))


def machine() -> dict[str, object]:
    """What the numbers were measured on, and how busy it was."""
    load = os.getloadavg()[0]
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (version,) = cursor.fetchone()
    return {"cpus": os.cpu_count(), "load": round(load, 2), "postgresql": version, "python": platform.python_version()}


def table(rows: list[Measured]) -> list[str]:
    """The report as lines of text."""
    facts = ", ".join(f"{name} {value}" for name, value in machine().items())
    lines = [facts, f"{'case':<26}{'system':<11}{'runs':>6}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'max ms':>9}  right"]
    for row in rows:
        right = f"  {row.right} of {row.asked}" if row.asked else ""
        times = "".join(f"{value:9.1f}" for value in (row.p50_ms, row.p95_ms, row.p99_ms, row.max_ms))
        lines.append(f"{row.case:<26}{row.system:<11}{row.runs:6}{times}{right}")
    return lines
