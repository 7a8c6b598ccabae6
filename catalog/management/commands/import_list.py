from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from catalog.importers import lists
from catalog.models import DrugList
from pharmacies.importers import command
from pharmacies.importers.reading import CellError, day, region_code


def a_day(text: str) -> date:
    try:
        return day(text)
    except CellError as error:
        raise ArgumentTypeError(str(error)) from error


def an_area(text: str) -> str:
    try:
        return region_code(text)
    except CellError as error:
        raise ArgumentTypeError(str(error)) from error


class Command(BaseCommand):
    help = _("导入药品名单 (CSV)：双通道、单独支付等")

    def add_arguments(self, parser: ArgumentParser) -> None:
        command.add_arguments(parser)
        parser.add_argument("--kind", required=True, choices=DrugList.Kind.values, help=_("名单类别"))
        parser.add_argument("--area", required=True, type=an_area, help=_("适用地区代码，如 420000"))
        parser.add_argument("--document", required=True, help=_("文件名称和文号"))
        parser.add_argument("--valid-from", required=True, type=a_day, metavar="DATE", help=_("起始日，如 2026-01-01"))
        parser.add_argument("--valid-to", type=a_day, metavar="DATE", help=_("最后一日（含）；不写为长期"))

    def handle(self, *args: Any, **options: Any) -> None:
        document = lists.Document(
            kind=options["kind"],
            area=options["area"],
            name=options["document"],
            first=options["valid_from"],
            last=options["valid_to"],
        )
        command.run(self, options, lists.load, document=document)
