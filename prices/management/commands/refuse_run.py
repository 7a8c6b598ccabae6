import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from prices.ingest import outcome, runs
from prices.management.commands.release_run import add_decision_arguments


class Command(BaseCommand):
    help = _("退回一个“整批待确认”的批次：其中的价格都不发布")

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_decision_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run = runs.refuse(options["run"], by=options["by"], reason=options["reason"], at=timezone.now())
        except (runs.NotHeld, ValueError) as problem:
            raise CommandError(str(problem)) from problem
        if options["json"]:
            self.stdout.write(json.dumps(outcome.counts(run)))
        else:
            self.stdout.write(_("批次 %(run)d 已退回") % {"run": run.pk})
