from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from catalog.importers import daily_doses
from pharmacies.importers import command


class Command(BaseCommand):
    help = _("导入限定日剂量 DDD (CSV)，须经药师审核")

    def add_arguments(self, parser: ArgumentParser) -> None:
        command.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        command.run(self, options, daily_doses.load)
