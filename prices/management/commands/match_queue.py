from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.matching import queue
from catalog.matching.rows import edition_of
from catalog.models import Edition
from prices.models import Offer


class Command(BaseCommand):
    """Here and not in the catalogue: what is sold most is reviewed first, and only this package knows the offers."""

    help = _("待核的目录匹配：在售药店多的在前；--csv 写成审核表，填好后用 decide_match 导入")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--year", type=int, help=_("目录年版（默认现行）"))
        parser.add_argument("--limit", type=int, metavar="N", help=_("最多多少个药品（默认：屏幕 50，文件不限）"))
        parser.add_argument("--csv", metavar="FILE", type=Path, help=_("写到此文件"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            edition = edition_of(options["year"], timezone.localdate())
        except LookupError as problem:
            raise CommandError(str(problem)) from problem
        limit = options["limit"]
        if limit is not None and limit < 1:
            raise CommandError(_("--limit 应为 1 或更大的整数"))
        file: Path | None = options["csv"]
        waiting = queue.queue(edition, offers=live_offers(edition), limit=limit if file or limit else 50)
        if file is None:
            for each in waiting:
                self.stdout.write(queue.summary(each))
            return
        try:
            with file.open("w", encoding="utf-8-sig", newline="") as target:
                rows = queue.write_csv(waiting, edition, target)
        except OSError as error:
            raise CommandError(_("无法写 %(file)s（%(error)s）") % {"file": file, "error": error.strerror}) from error
        self.stdout.write(_("%(rows)d 行写到 %(file)s") % {"rows": rows, "file": file})


def live_offers(edition: Edition) -> dict[int, int]:
    """Drug id -> pharmacies that sell it, for the drugs that wait; one index-only pass over the live offers."""
    waiting = queue.pending(edition).values("drug_id")
    live = Offer.objects.filter(state=Offer.State.LIVE, drug_id__in=waiting)
    return dict(live.values("drug_id").annotate(shops=Count("pharmacy_id")).values_list("drug_id", "shops"))
