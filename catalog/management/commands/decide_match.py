from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.matching.decisions import Refused, decide
from catalog.matching.review import load, place
from catalog.matching.rows import edition_of
from catalog.models import Drug, Listing, ListingMatch
from pharmacies.importers import command
from pharmacies.importers.reading import CellError


class Command(BaseCommand):
    help = _("审核目录匹配：一个文件（match_queue 的表，填好 decision 列），或一个药品与一个条目")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, nargs="?", help=_("填好 decision 列的审核表"))
        parser.add_argument("--dry-run", action="store_true", help=_("只检查并统计，不写入"))
        parser.add_argument("--errors", metavar="FILE", type=Path, help=_("错误清单写到此文件（默认在输入文件旁）"))
        parser.add_argument("--json", action="store_true", help=_("在标准输出打印一行 JSON"))
        parser.add_argument("--by", metavar="USER", required=True, help=_("审核人"))
        parser.add_argument("--drug", metavar="CODE", help=_("医保药品代码"))
        parser.add_argument("--listing", metavar="LABEL", help=_("目录条目，如 西药/123/1"))
        parser.add_argument("--year", type=int, help=_("目录年版（默认现行）"))
        parser.add_argument("--reason", default="", help=_("理由"))
        said = parser.add_mutually_exclusive_group()
        said.add_argument("--accept", action="store_true", help=_("接受"))
        said.add_argument("--reject", action="store_true", help=_("不符"))

    def handle(self, *args: Any, **options: Any) -> None:
        single = options["drug"] and options["listing"] and (options["accept"] or options["reject"])
        if bool(options["file"]) == bool(single):
            raise CommandError(_("请给出审核表文件，或 --drug、--listing 与 --accept 或 --reject"))
        if options["file"]:
            command.run(self, options, load)
            return
        if not options["reason"]:
            raise CommandError(_("请用 --reason 写明理由"))
        try:
            changed = self._decide(options)
        except (CellError, LookupError, Refused) as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(_("已记录") if changed else _("此前已这样审核，未变"))

    def _decide(self, options: dict[str, Any]) -> bool:
        edition = edition_of(options["year"], timezone.localdate())
        section, number, row = place(options["listing"])
        drug = Drug.objects.filter(code=options["drug"].strip().upper()).first()
        listing = Listing.objects.filter(edition=edition, section=section, number=number, row=row).first()
        if drug is None:
            raise LookupError(_("没有药品 %(code)s：请核对医保药品代码") % {"code": options["drug"]})
        if listing is None:
            raise LookupError(
                _("%(edition)s没有条目 %(label)s：请核对") % {"edition": edition, "label": options["listing"]}
            )
        return decide(
            match=ListingMatch(drug=drug, listing=listing),
            state=ListingMatch.State.ACCEPTED if options["accept"] else ListingMatch.State.REJECTED,
            by=options["by"],
            at=timezone.now(),
            note=options["reason"],
        )
