from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from pharmacies.geo import DATUMS
from pharmacies.importers import command, regions


class Command(BaseCommand):
    help = _("导入地区边界 (GeoJSON)")

    def add_arguments(self, parser: ArgumentParser) -> None:
        command.add_arguments(parser)
        parser.add_argument("--datum", required=True, choices=list(DATUMS), help=_("文件坐标所用的坐标系"))

    def handle(self, *args: Any, **options: Any) -> None:
        command.run(self, options, regions.load, datum=options["datum"])
