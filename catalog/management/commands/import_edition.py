from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from catalog.nrdl import load
from catalog.nrdl.totals import example
from pharmacies.files import FileProblem, read_bytes
from pharmacies.importers import command

from .import_list import a_day


class Command(BaseCommand):
    help = _("导入一个年版的医保药品目录 (官方 PDF，或核对过的 CSV)")

    def add_arguments(self, parser: ArgumentParser) -> None:
        command.add_arguments(parser)
        parser.add_argument("--year", required=True, type=int, help=_("年版，如 2024"))
        parser.add_argument(
            "--effective-from", required=True, type=a_day, metavar="DATE", help=_("施行日，如 2025-01-01")
        )
        parser.add_argument(
            "--effective-to", type=a_day, metavar="DATE", help=_("最后一日（含）；不写为到下一年版施行")
        )
        parser.add_argument("--herbs", type=Path, metavar="FILE", help=_("中药饮片 (CSV)：no,name,mark"))
        parser.add_argument("--categories", type=Path, metavar="FILE", help=_("药品分类 (CSV)：code,name"))
        parser.add_argument("--document", default="", help=_("文件名称和文号"))
        parser.add_argument("--totals", default="", help=_("文件所载的数目，年版不在已知之列时用：") + example())

    def handle(self, *args: Any, **options: Any) -> None:
        order = load.Order(
            year=options["year"],
            first=options["effective_from"],
            last=options["effective_to"],
            document=options["document"],
            source=options["file"].name[:200],
            herbs=_bytes(options["herbs"]),
            categories=_bytes(options["categories"]),
            totals=options["totals"],
        )
        command.run(self, options, load.load, order=order)


def _bytes(path: Path | None) -> bytes | None:
    try:
        return None if path is None else read_bytes(path)
    except FileProblem as problem:
        raise CommandError(str(problem)) from problem
