import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.matching import report
from catalog.matching.rows import catalogue_of, edition_of
from pharmacies.files import FileProblem, read_bytes


class Command(BaseCommand):
    help = _("在一个药品文件上检验匹配规则：多少对上一条、多条、没有，并抽样供人看；不写入任何内容")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", metavar="FILE", type=Path, help=_("药品文件 (CSV)：DRUG_CHEM_NAME 或 generic_name 等列")
        )
        parser.add_argument("--year", type=int, help=_("目录年版（默认现行）"))
        parser.add_argument("--sample", type=int, default=50, metavar="N", help=_("抽样个数（默认 50）"))
        parser.add_argument("--seed", type=int, default=1, help=_("抽样种子（默认 1）"))
        parser.add_argument("--of", choices=report.KINDS, default="single", help=_("抽哪一类（默认 single）"))
        parser.add_argument("--json", action="store_true", help=_("在标准输出打印一行 JSON，不抽样"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            edition = edition_of(options["year"], timezone.localdate())
            found = report.measure(read_bytes(options["file"]), catalogue_of(edition))
        except (LookupError, FileProblem) as problem:
            raise CommandError(str(problem)) from problem
        counts = report.counts(found)
        if options["json"]:
            self.stdout.write(json.dumps({"year": edition.year, **counts}))
            return
        said = _("%(products)d 个产品：对上一条 %(single)d，对上多条 %(ambiguous)d，有疑点 %(weak)d，没有 %(none)d")
        self.stdout.write(said % counts)
        for each in report.sample(found, kind=options["of"], size=max(options["sample"], 0), seed=options["seed"]):
            self.stdout.write(str(each))
