from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from pharmacies.importers import command, pharmacies


class Command(BaseCommand):
    help = _("导入药店和医疗机构 (CSV)")

    def add_arguments(self, parser: ArgumentParser) -> None:
        command.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        command.run(self, options, pharmacies.load)
