import json
import time
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.matching.candidates import find
from catalog.matching.rows import edition_of
from pharmacies.importers import command


class Command(BaseCommand):
    help = _("为药品找医保目录条目：写入待核的候选，由人审核；已审核的不变")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--year", type=int, help=_("目录年版（默认现行）"))
        parser.add_argument("--json", action="store_true", help=_("在标准输出打印一行 JSON"))
        parser.add_argument("--by", metavar="NAME", default=command.operator(), help=_("操作人（默认为登录名）"))

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        try:
            edition = edition_of(options["year"], timezone.localdate())
        except LookupError as problem:
            raise CommandError(str(problem)) from problem
        found = find(edition=edition, at=timezone.now(), by=options["by"], progress=command.progress())
        if options["json"]:
            seconds = round(time.monotonic() - started, 2)
            self.stdout.write(json.dumps({"year": edition.year, **asdict(found), "seconds": seconds}))
            return
        said = _(
            "%(edition)s：%(drugs)d 个药品，已核 %(settled)d，对上一条 %(single)d，对上多条 %(ambiguous)d，"
            "有疑点 %(weak)d，没有 %(none)d；候选新增 %(created)d，更新 %(updated)d，移除 %(removed)d，"
            "沿用上年审核 %(carried)d"
        )
        self.stdout.write(said % {"edition": edition, **asdict(found)})
