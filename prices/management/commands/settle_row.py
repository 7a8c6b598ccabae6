import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import Drug
from prices.ingest import outcome, quarantine, reasons, runs
from prices.models import Rejection


class Command(BaseCommand):
    help = _("处理退回或待核实的一行：指明药品，或确认价格属实；不带参数时列出待核实的行")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("rejection", metavar="ID", type=int, nargs="?", help=_("退回记录编号"))
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--drug", metavar="CODE", help=_("对方的药品代码就是这个医保药品代码"))
        what.add_argument("--accept", action="store_true", help=_("价格属实"))
        parser.add_argument("--by", metavar="USER", default="", help=_("处理人"))
        parser.add_argument("--reason", default="", help=_("理由"))

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rejection"] is None:
            return self._list()
        if not (options["by"] and options["reason"] and (options["drug"] or options["accept"])):
            raise CommandError(_("请写 --drug 代码 或 --accept，并写明 --by 与 --reason"))
        try:
            settled = self._settle(options)
        except (quarantine.NotOpen, ValueError) as problem:
            raise CommandError(str(problem)) from problem
        for run in settled:
            self.stdout.write(json.dumps(outcome.counts(runs.process_now(run.pk))))

    def _settle(self, options: dict[str, Any]) -> list[Any]:
        said = {"by": options["by"], "reason": options["reason"], "at": timezone.now()}
        if options["accept"]:
            return [quarantine.accept_price(options["rejection"], **said)]
        drug = Drug.objects.filter(code=options["drug"].upper()).first()
        if drug is None:
            raise CommandError(_("没有药品 %(code)s：请核对医保药品代码") % {"code": options["drug"]})
        return quarantine.settle_code(options["rejection"], drug=drug, **said)

    def _list(self) -> None:
        for row in Rejection.objects.filter(state=Rejection.State.REVIEW).order_by("pk")[:200]:
            self.stdout.write(f"{row.pk}  {reasons.says(row.reasons)}  {json.dumps(row.raw, ensure_ascii=False)}")
