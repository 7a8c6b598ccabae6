from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from catalog.importers import references
from pharmacies.importers import command
from prices.money import yuan_of


class Command(BaseCommand):
    help = _("导入参考价 (CSV)：挂网价、集采中选价、支付标准、全国最低价")

    def add_arguments(self, parser: ArgumentParser) -> None:
        command.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        command.run(self, options, references.load, read_amount=lambda text, decimals: yuan_of(text, decimals=decimals))
