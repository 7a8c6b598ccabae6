import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from prices.ingest import outcome, runs


class Command(BaseCommand):
    help = _("放行一个“整批待确认”的批次：重新核对后发布")

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_decision_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            runs.release(options["run"], by=options["by"], reason=options["reason"], at=timezone.now())
        except (runs.NotHeld, ValueError) as problem:
            raise CommandError(str(problem)) from problem
        run = runs.process_now(options["run"])
        outcome.tell(self, run, as_json=options["json"], errors=None, beside=None)
        sys.exit(outcome.exit_status(run))


def add_decision_arguments(parser: ArgumentParser) -> None:
    """What a person says when deciding about a held run."""
    parser.add_argument("run", metavar="ID", type=int, help=_("批次编号"))
    parser.add_argument("--by", metavar="USER", required=True, help=_("决定人"))
    parser.add_argument("--reason", required=True, help=_("理由"))
    parser.add_argument("--json", action="store_true", help=_("在标准输出打印一行 JSON"))
