from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.importers import aliases
from catalog.models import Alias
from pharmacies.importers import command
from prices.ingest import quarantine, runs
from prices.models import Feed


class Command(BaseCommand):
    help = _("导入对照编码 (CSV)，并重放因编码不明而退回的行")

    def add_arguments(self, parser: ArgumentParser) -> None:
        command.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        command.run(self, options, aliases.load, feeds=set(Feed.objects.values_list("slug", flat=True)), at=at)
        if options["dry_run"]:
            return
        for feed in Feed.objects.filter(slug__in=Alias.objects.values("source")):
            for run in quarantine.replay_settled(feed, by=options["by"], at=at):
                done = runs.process_now(run.pk)
                if not options["json"]:
                    told = {"feed": feed.slug, "run": done.pk, "state": done.get_state_display(), "n": done.rows}
                    self.stdout.write(_("%(feed)s：重放 %(n)d 行，批次 %(run)d %(state)s") % told)
