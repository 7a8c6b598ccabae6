import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from pharmacies.audit.check import check


class Command(BaseCommand):
    help = _("核对操作日志：有无改动、缺失、被截去的尾部")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--heads", type=Path, metavar="DIR", help=_("日终摘要所在的文件夹，例如另存的副本"))
        parser.add_argument("--json", action="store_true", help=_("在标准输出打印一行 JSON"))

    def handle(self, *args: Any, **options: Any) -> None:
        if options["heads"] and not options["heads"].is_dir():
            raise CommandError(_("没有这个文件夹：%(folder)s") % {"folder": options["heads"]})
        report = check(at=timezone.now(), heads=options["heads"])
        if options["json"]:
            self.stdout.write(json.dumps(asdict(report), ensure_ascii=False))
        elif not report.problems:
            text = _("一致：核对了 %(seals)d 个封存、%(events)d 条日志；%(waiting)d 条等待封存")
            self.stdout.write(text % {"seals": report.seals, "events": report.events, "waiting": report.waiting})
        if report.problems:
            raise CommandError("\n".join(str(problem) for problem in report.problems))
