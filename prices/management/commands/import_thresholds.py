from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from pharmacies.importers import command
from prices.monitoring import thresholds


class Command(BaseCommand):
    help = _("导入阈值方案 (CSV)：高于参考价多少倍，依哪份文件标什么标识")

    def add_arguments(self, parser: ArgumentParser) -> None:
        command.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        command.run(self, options, thresholds.load)
